package layout

import (
	"path"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
)

// titlePage sets the book's title, its authors and its publisher on a page.
func (s *setting) titlePage() []*body {
	c := s.extra("")
	g := c.galley
	set := s.book.Settings
	line := func(text string, size float64) {
		if text == "" {
			return
		}
		t := c.fresh()
		t.add(text, c.hand.heading(c.scaled(size)))
		c.set(t, paragraph{lead: c.scaled(size) * 1.45, size: c.scaled(size), how: centered})
	}
	g.pad(5*c.em(), true)
	line(set.Text("booktitle", ""), 24.88)
	if sub := set.Text("subtitle", ""); sub != "" {
		g.pad(c.em(), true)
		line(sub, 14.4)
	}
	g.pad(15*c.em(), true)
	splitter := s.words.locale.Word("names_splitter")
	for _, role := range []struct{ key, words string }{{"aut", "author_with_label"}, {"csl", "supervisor_with_label"}, {"trl", "translator_with_label"}} {
		if names := set.List(role.key); len(names) > 0 {
			line(s.words.locale.Word(role.words, strings.Join(names, splitter)), 20.74)
		}
	}
	used := 0.0
	for i := range g.items {
		used += g.items[i].height
	}
	g.pad(max(s.geometry.TextHeight-used-9*c.em(), c.lead()), true)
	last := s.date + " " + s.words.locale.Word("edition")
	if names := set.List("pbl"); len(names) > 0 {
		last += "　　" + s.words.locale.Word("published_by", strings.Join(names, splitter))
	}
	line(strings.TrimSpace(last), 12)
	return s.paginate(g.items)[:1]
}

// cover is a page that the cover's image fills, nil for a book that shows none.
func (s *setting) cover(dir string) *body {
	set := s.book.Settings
	name := set.Text("pdfmaker.coverimage", set.Text("coverimage", ""))
	if name == "" || !s.geometry.Cover {
		return nil
	}
	pic := s.pictures.size(path.Join(dir, set.Text("imagedir", "images"), name))
	if pic.err != nil {
		return nil
	}
	w, h := s.geometry.Paper.Width, s.geometry.Paper.Height
	if classOptions(set).text("cover_fit_page", "false") != "true" {
		scale := min(w/pic.width, h/pic.height)
		w, h = pic.width*scale, pic.height*scale
	}
	b := &body{}
	b.sheet.Pictures = []sheet.Picture{{
		X: float32((s.geometry.Paper.Width - w) / 2), Y: float32((s.geometry.Paper.Height - h) / 2),
		Width: float32(w), Height: float32(h), File: pic.file, Orientation: pic.orientation,
	}}
	return b
}

// colophon sets who made the book, when, and whose it is.
func (s *setting) colophon() []*body {
	set := s.book.Settings
	if !set.Bool("colophon", false) {
		return nil
	}
	c := s.extra("")
	g := c.galley
	line := func(text string, st style) {
		t := c.fresh()
		t.add(text, st)
		c.set(t, paragraph{lead: max(st.size*1.4, c.lead()), size: st.size, how: flushLeft})
	}
	rule := func() {
		g.pad(c.lead()*0.4, true)
		it := g.item()
		it.height, it.keep = 1, true
		it.fills = append(it.fills, sheet.Fill{Width: float32(s.geometry.TextWidth), Height: 1})
		g.pad(c.lead()*0.4, true)
	}
	line(set.Text("booktitle", ""), c.hand.heading(c.scaled(14.4)))
	if sub := set.Text("subtitle", ""); sub != "" {
		line(sub, c.hand.heading(c.scaled(12)))
	}
	rule()
	for _, edition := range s.words.history(set, s.date) {
		line(edition, c.hand.body(c.em()))
	}
	g.pad(c.lead()*0.5, true)
	splitter := s.words.locale.Word("names_splitter")
	order := set.List("colophon_order")
	if len(order) == 0 {
		order = strings.Fields("aut csl trl dsr ill cov edt pbl contact prt pht")
	}
	for _, role := range order {
		names := set.List(role)
		if len(names) == 0 {
			continue
		}
		label := s.words.locale.Word(role)
		t := c.fresh()
		t.add(label, c.hand.body(c.em()))
		indent := max(t.natural(0, len(t.glyphs))+1.5*c.em(), 5*c.em())
		if n := len(t.glyphs); n > 0 {
			t.glyphs[n-1].width += float32(indent - t.natural(0, n))
		}
		t.addFlagged(strings.Join(names, splitter), c.hand.body(c.em()), 0)
		c.set(t, paragraph{lead: c.lead(), size: c.em(), others: indent, how: flushLeft})
	}
	rule()
	for _, r := range set.List("rights") {
		line(r, c.hand.body(c.em()))
	}
	used := 0.0
	for i := range g.items {
		used += g.items[i].height
	}
	if rest := s.geometry.TextHeight - used - c.lead(); rest > 0 {
		g.items = append([]item{{height: rest, keep: true}}, g.items...)
	}
	return s.paginate(g.items)
}
