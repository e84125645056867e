package diagnose

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/diagnose/planted"
	reading "github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
)

// What Re:VIEW says about markup, the reader says too: at the same line, and
// nothing else that would be an error.
func TestReaderFindsThePlantedFaultsOfMarkup(t *testing.T) {
	found := 0
	records := readRecorded(t)
	for _, f := range planted.Faults {
		t.Run(f.Name, func(t *testing.T) {
			folder := t.TempDir()
			if err := f.Plant(folder); err != nil {
				t.Fatal(err)
			}
			file, line, err := f.Place(folder)
			if err != nil {
				t.Fatal(err)
			}
			b, err := book.Read(folder, ".", "config.yml")
			if err != nil {
				if f.Code != "config-yaml" {
					t.Error(err)
				}
				return
			}
			tree, err := reading.Read(b, f.Target)
			if err != nil {
				t.Fatal(err)
			}
			markup := strings.HasSuffix(file, ".re") && (strings.HasPrefix(f.Code, "review-") && f.Code != "review-graph" || f.Name == "pageref-undefined" || f.Name == "label-twice")
			hit := false
			for _, x := range tree.Faults {
				if x.File == file && x.Line == line && x.Code == f.Code && x.Severity == f.Severity {
					hit = true
				} else if x.Severity == book.Error || !markup {
					t.Errorf("%s:%d: %s %s: %s", x.File, x.Line, x.Severity, x.Code, x.Message)
				}
			}
			if markup && !hit {
				t.Errorf("nothing is said about %s:%d; %v", file, line, tree.Faults)
			}
			if hit {
				found++
				sameWords(t, f, folder, records[f.Name], tree)
			}
		})
	}
	if found < 32 {
		t.Errorf("%d of %d planted faults found without an engine", found, len(planted.Faults))
	}
}

// sameWords compares what the reader says with what is said about Re:VIEW's own
// message: an author hears one voice.
func sameWords(t *testing.T, f planted.Fault, folder string, r *recorded, tree *review.Book) {
	t.Helper()
	notes, err := ReadNotes(bytes.NewReader(r.record))
	if err != nil {
		t.Fatal(err)
	}
	l := NewLog(LogOptions{Book: faultyBook(), Target: f.Target, Work: "/work"})
	if _, err := l.Write(bytes.ReplaceAll(r.log, []byte("/work/"), []byte("/work/articles/"))); err != nil {
		t.Fatal(err)
	}
	said := l.Diagnostics(r.status, notes, func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(folder, filepath.FromSlash(strings.TrimPrefix(name, "articles/"))))
	})
	for _, d := range said {
		if d.Code != f.Code {
			continue
		}
		for _, x := range tree.Faults {
			if x.Code == d.Code && (x.Message != d.Message || x.Hint != d.Hint) {
				t.Errorf("the reader says %q (%q), Re:VIEW's message becomes %q (%q)", x.Message, x.Hint, d.Message, d.Hint)
			}
		}
		return
	}
	t.Errorf("the record says nothing with the code %s", f.Code)
}
