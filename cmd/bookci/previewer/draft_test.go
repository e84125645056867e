package previewer

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/preview"
)

// draftedSheets sets the book in dir.
func draftedSheets(t *testing.T, d *drafter, dir string) *preview.Sheets {
	t.Helper()
	b, err := book.Read(dir, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := manuscript.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	sheets, err := d.sheets(t.Context(), b, tree, func() time.Time { return time.Unix(1500000000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return sheets
}

func TestASheetOfTheBrowserIsThatOfThePDF(t *testing.T) {
	sheets := draftedSheets(t, &drafter{}, "../../../sample-book")
	if len(sheets.Pages) < 60 || len(sheets.Outline) < 10 {
		t.Fatalf("%d pages, %d bookmarks", len(sheets.Pages), len(sheets.Outline))
	}
	words := ""
	for _, page := range sheets.Pages {
		s := page.(*draftSheet)
		drawing := s.Draw()
		n := 0
		for i := range s.sheet.Runs {
			r := &s.sheet.Runs[i]
			end := float64(r.X)
			for letters := 0; letters < len(r.Glyphs); n++ {
				ink := drawing.Inks[n]
				letters += len([]rune(ink.Text))
				if drawing.Typefaces[ink.Typeface] != r.Face.Name || ink.Size != r.Size || ink.Y != r.Y {
					t.Fatalf("%+v is not of the run %+v", ink, r)
				}
				end = float64(ink.X)
				for _, letter := range ink.Text {
					end += float64(r.Face.Advance(r.Face.Glyph(letter)))*float64(r.Size)/1000 + float64(ink.Track)
				}
			}
			if want := float64(r.X + r.Width() + r.Track); len(r.Glyphs) > 0 && math.Abs(end-want) > 0.1 {
				t.Fatalf("%q ends at %.2f, in the PDF at %.2f", string(r.Runes), end, want)
			}
		}
		if n != len(drawing.Inks) || len(drawing.Fills) != len(s.sheet.Fills) || len(drawing.Pictures) != len(s.sheet.Pictures) {
			t.Fatalf("%d of %d inks are of runs", n, len(drawing.Inks))
		}
		for _, name := range drawing.Typefaces {
			if len(typeface(name)) < 1000 {
				t.Fatalf("there is no typeface %s", name)
			}
		}
		for _, l := range s.Lines() {
			words += l.Text
		}
	}
	for _, want := range []string{"第1章", "技術書らしさを作るのは、図と表とコードです。"} {
		if !strings.Contains(words, want) {
			t.Errorf("no line says %q", want)
		}
	}
	if typeface("none") != nil {
		t.Error("there is a typeface called none")
	}
}

func TestThePagesThatAnEditLeavesAloneKeepTheirHash(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../sample-book")); err != nil {
		t.Fatal(err)
	}
	var d drafter
	hashes := func() (list []string) {
		for _, p := range draftedSheets(t, &d, dir).Pages {
			list = append(list, p.Hash())
		}
		return list
	}
	changed := func(a, b []string) (n int) {
		if len(a) != len(b) {
			t.Fatalf("%d pages, then %d", len(a), len(b))
		}
		for i := range a {
			if a[i] != b[i] {
				n++
			}
		}
		return n
	}
	before := hashes()
	if n := changed(before, hashes()); n != 0 {
		t.Errorf("%d pages change by themselves", n)
	}
	name := filepath.Join(dir, "figures.re")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), "技術書らしさを作る", "技術書らしさを造る", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	after := hashes()
	if n := changed(before, after); n != 1 {
		t.Errorf("a letter changes %d pages", n)
	}
	// Another picture of the same size moves nothing, and is to be seen.
	shown := ""
	for _, p := range draftedSheets(t, &d, dir).Pages {
		for _, pic := range p.(*draftSheet).sheet.Pictures {
			shown = pic.File
		}
	}
	picture := filepath.Join(dir, filepath.FromSlash(shown))
	data, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(picture, append(data, 0), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := changed(after, hashes()); n == 0 {
		t.Error("a new picture changes no page")
	}
}
