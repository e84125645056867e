package text_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft/text"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
)

// read reads a book for the text target.
func read(t *testing.T, dir, config string) *review.Book {
	t.Helper()
	root, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := book.Read(root, ".", config)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := manuscript.Read(b, book.Text)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// testdata/book holds the whole language, with its odd corners; testdata/printed
// is what review-textmaker -n of Re:VIEW 5.9 makes of it.
func TestTextIsWhatReVIEWPrints(t *testing.T) {
	tree := read(t, filepath.Join("testdata", "book"), "config.yml")
	for _, f := range tree.Faults {
		if f.Severity == book.Error {
			t.Error(f)
		}
	}
	files := text.Files(tree)
	printed, err := filepath.Glob(filepath.Join("testdata", "printed", "*.txt"))
	if err != nil || len(printed) != len(files) || len(files) < 12 {
		t.Errorf("%d files for %d that Re:VIEW prints: %v", len(files), len(printed), err)
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join("testdata", "printed", f.Name))
		if err != nil {
			t.Error(err)
			continue
		}
		if equal, total := compare(t, f.Name, f.Text, string(want)); equal != total {
			t.Errorf("%s: %d of %d lines are equal", f.Name, equal, total)
		}
	}
}

// compare counts the lines that are equal, and shows the first that are not.
func compare(t *testing.T, name, got, want string) (equal, total int) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	shown := 0
	for i := range max(len(g), len(w)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(no line)"
		}
		if line(g) == line(w) {
			equal++
		} else if shown++; shown <= 3 {
			t.Logf("%s:%d: %q\nwant %q", name, i+1, line(g), line(w))
		}
	}
	return equal, max(len(g), len(w))
}
