package preview

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// fakeSheet is a draft's page with one line.
type fakeSheet string

func (f fakeSheet) Hash() string             { return fmt.Sprintf("%x", string(f)) }
func (f fakeSheet) Size() (float64, float64) { return 400, 600 }
func (f fakeSheet) Draw() Drawing {
	return Drawing{Width: 400, Height: 600, Typefaces: []string{"Face"},
		Fills:    []Fill{{X: 0, Y: 0, Width: 400, Height: 100, Color: "#ff0000"}},
		Pictures: []Picture{{X: 0, Y: 300, Width: 10, Height: 10, File: "images/a.png", Stamp: "1"}},
		Inks:     []Ink{{Size: 10, X: 40, Y: 66, Text: string(f)}}}
}
func (f fakeSheet) Lines() []Line {
	return []Line{{Text: string(f), Left: 0.1, Top: 0.1, Right: 0.9, Foot: 0.12}}
}

func draftOf(lines ...string) *Sheets {
	s := &Sheets{Outline: []Entry{{Title: "章", Page: 1, Level: 1}}}
	for _, l := range lines {
		s.Pages = append(s.Pages, fakeSheet(l))
	}
	return s
}

func TestADraftIsShownUntilThereAreTheMakersPages(t *testing.T) {
	s := show(t, "")
	s.Draft("other", draftOf("これは本文のあ段落です"))
	s.Draft("book", draftOf("これは本文のあ段落です", "次のページです"))
	var pages pagesAnswer
	eventually(t, "the draft", func() bool { code, _, _ := s.get("/api/pages?book=0"); return code == http.StatusOK })
	s.into("/api/pages?book=0", &pages)
	if !pages.Draft || len(pages.Pages) != 2 || pages.Pages[0].Width != 400 || len(pages.Outline) != 1 {
		t.Fatalf("the pages are %+v", pages)
	}
	if st := s.state().Books[0]; !st.Draft || !st.Text || !s.Drafts("book") {
		t.Errorf("the state is %+v", st)
	}
	var drawing Drawing
	s.into("/api/drawing/"+pages.Pages[1].Hash+"?book=0&page=2", &drawing)
	if len(drawing.Inks) != 1 || drawing.Inks[0].Text != "次のページです" {
		t.Errorf("the drawing is %+v", drawing)
	}
	if code, header, body := s.get("/api/typeface/Face"); code != http.StatusOK || header.Get("Content-Type") != "font/ttf" || len(body) < 1000 {
		t.Errorf("the typeface: %d %v, %d bytes", code, header, len(body))
	}
	for _, path := range []string{"/api/drawing/00?book=0&page=1", "/api/picture/" + pages.Pages[0].Hash + "?book=0&page=1&width=100", "/api/typeface/none"} {
		if code, _, _ := s.get(path); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	// Places are found without a room.
	var at place
	s.into("/api/place?book=0&page=1&x=0.5&y=0.11", &at)
	if at.File != "ch01.re" || at.Line != 3 {
		t.Errorf("the place of a click is %+v", at)
	}
	var found spot
	s.into("/api/spot?book=0&file=ch01.re&line=3", &found)
	if found.Page != 1 || found.Top != 0.1 {
		t.Errorf("the line is at %+v", found)
	}
	if n := len(s.rooms()); n != 0 {
		t.Errorf("%d rooms were opened for a draft", n)
	}

	// An edit changes one page.
	s.Draft("book", draftOf("これは本文のあ段落です", "書き直したページです"))
	eventually(t, "the edit", func() bool { return s.state().Books[0].Version == 2 })
	s.into("/api/pages?book=0", &pages)
	if !slices.Equal(pages.Changed, []int{2}) {
		t.Errorf("changed: %v", pages.Changed)
	}

	// The maker's pages come, and no draft after them.
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "a.pdf", "one")}})
	eventually(t, "the PDF", func() bool { return !s.state().Books[0].Draft })
	s.Draft("book", draftOf("これは本文のあ段落です"))
	s.Building("a later task") // after the draft in the queue of tasks
	s.Built(nil)
	eventually(t, "the task after it", func() bool { return !s.state().Building })
	pages = pagesAnswer{}
	if s.into("/api/pages?book=0", &pages); pages.Draft || len(pages.Pages) != 1 || s.Drafts("book") {
		t.Errorf("a draft took the place of the book: %+v", pages)
	}

	// The maker is gone.
	s.Built([]Outcome{{Book: "book", Draft: true}})
	eventually(t, "the end of texts", func() bool { return !s.state().Books[0].Text && s.Drafts("book") })
	s.Draft("book", draftOf("これは本文のあ段落です"))
	eventually(t, "the draft again", func() bool { return s.state().Books[0].Draft })
}

func TestADraftIsDrawnInABrowser(t *testing.T) {
	s := show(t, "")
	b := browse(t, s.url)
	b.Becomes("it waits", "!document.getElementById('empty').hidden")
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("ページ%d", i+1))
	}
	s.Draft("book", draftOf(lines...))
	b.Becomes("the draft is drawn", "figures.length === 30 && figures[0].img && figures[0].img.tagName === 'CANVAS'")
	b.Becomes("it says what it is", "!document.getElementById('draft').hidden")
	// The upper edge is red, the letters are black, the rest is white.
	const pixels = `(() => { const k = figures[0].img, c = k.getContext('2d'), at = (x, y) => [...c.getImageData(x * k.width, y * k.height, 1, 1).data.slice(0, 3)].join();
		const row = c.getImageData(.1 * k.width, .095 * k.height, .2 * k.width, .02 * k.height).data; let dark = 0;
		for (let i = 0; i < row.length; i += 4) if (row[i + 1] < 100 && row[i] < 100) dark++;
		return [at(.5, .05), at(.5, .5), dark > 10].join(' ') })()`
	if got := b.Is(pixels); got != "255,0,0 255,255,255 true" {
		t.Errorf("the page is painted as %s", got)
	}
	if n := b.Is("figures.filter(f => f.img).length"); n == "30" {
		t.Error("pages out of sight were drawn")
	}
	b.Becomes("the second page is drawn", "figures[1].img")
	b.Is("figures[0].img.old = figures[1].img.old = 1, 0")
	s.Draft("book", draftOf(append([]string{lines[0], "書き直した"}, lines[2:]...)...))
	b.Becomes("the edited page is marked", "edition.version === 2 && figures[1].classList.contains('changed') && figures[1].img && !figures[1].img.old")
	if b.Is("figures[0].img.old") != "1" {
		t.Error("a page that has not changed was drawn again")
	}
	s.Built([]Outcome{{Book: "book", Draft: true}})
	b.Becomes("there is no text to see", "document.getElementById('views').hidden")
	s.Built([]Outcome{{Book: "book", PDF: makePDF(t, "a.pdf", manyPages()...)}})
	b.Becomes("the book takes the draft's place", "document.getElementById('draft').hidden && figures[0].img && figures[0].img.tagName === 'IMG'")
	if strings.Contains(b.Is("document.getElementById('views').hidden"), "true") {
		t.Error("the text is not offered")
	}
}
