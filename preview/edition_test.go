package preview

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAnEditionKnowsItsPagesAndContents(t *testing.T) {
	e, err := openEdition(t.Context(), makePDF(t, "a.pdf", "one", "two"), "a-1.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer e.file.Close()
	if len(e.pages) != 2 || e.pages[0].Width != 400 || e.pages[0].Height != 600 {
		t.Fatalf("pages %+v", e.pages)
	}
	if trim := e.pages[0].Trim; trim == nil || trim.X != 0.05 || trim.Y != 0.05 || trim.W != 0.9 || trim.H != 0.9 {
		t.Errorf("cut to %+v", trim)
	}
	if len(e.outline) != 1 || e.outline[0] != (Entry{Title: "One", Page: 1, Level: 1}) {
		t.Errorf("contents %+v", e.outline)
	}
	if e.pages[0].Hash == e.pages[1].Hash {
		t.Error("two pages that differ have one hash")
	}
	if e.number(e.pages[1].Hash, 1) != 2 || e.number("gone", 1) != 0 {
		t.Error("pages are not found by their hash")
	}
}

func TestTheMakersNamesDoNotChangeAPage(t *testing.T) {
	// The name of the file decides on the names of fonts in it.
	a, err := openEdition(t.Context(), makePDF(t, "a.pdf", "one"), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer a.file.Close()
	b, err := openEdition(t.Context(), makePDF(t, "another.pdf", "one"), "b")
	if err != nil {
		t.Fatal(err)
	}
	defer b.file.Close()
	if changed := b.changed(a); len(changed) != 0 {
		t.Errorf("pages %v changed with the names of fonts", changed)
	}
}

func FuzzEdition(f *testing.F) {
	data, err := os.ReadFile(makePDF(f, "a.pdf", "one", "two"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("%PDF-1.5\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.pdf")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		e, err := openEdition(t.Context(), path, "x")
		if err != nil {
			return
		}
		defer e.file.Close()
		for _, p := range e.pages {
			if p.Hash == "" || p.Width <= 0 || p.Height <= 0 {
				t.Fatalf("page %+v", p)
			}
		}
	})
}
