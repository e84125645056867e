package diagnose

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
				} else if x.Severity == book.Error || !markup && !strings.HasPrefix(x.Code, readersOwn) {
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
	// In the build's root the book lies in a folder.
	reader := func() []book.Diagnostic {
		faults := slices.Clone(tree.Faults)
		for i := range faults {
			faults[i].File = "articles/" + faults[i].File
		}
		return faults
	}
	l := NewLog(LogOptions{Book: faultyBook(), Target: f.Target, Work: "/work", Reader: reader})
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

// told reads a log of a book whose reader says something.
func told(t *testing.T, status int, log string, said ...book.Diagnostic) []book.Diagnostic {
	t.Helper()
	l := NewLog(LogOptions{Book: faultyBook(), Work: "/work", Reader: func() []book.Diagnostic { return said }})
	if _, err := l.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	return l.Diagnostics(status, nil, func(name string) ([]byte, error) {
		if name != "articles/ch01.re" {
			return nil, fs.ErrNotExist
		}
		return []byte("= 章\n\n@<table>{t}\n"), nil
	})
}

func TestWhatIsSwallowedIsToldInsteadOfTheReferenceToIt(t *testing.T) {
	swallowed := book.Diagnostic{Severity: book.Lax, Code: "markup-swallowed", File: "articles/ch01.re", Line: 8, Message: "//list of line 5 is probably never closed", Hint: "put"}
	const log = "ERROR review-pdfmaker: ch01.re:3: unknown table: t\n"
	found := told(t, 1, log, swallowed)
	if len(found) != 1 || found[0].Code != "markup-swallowed" || found[0].Severity != book.Error {
		t.Errorf("found %v", found)
	}
	if found = told(t, 0, "", swallowed); len(found) != 1 || found[0].Severity != book.Lax {
		t.Errorf("of a book that was made: %v", found)
	}
	// A reference that the reader finds wrong, too, is wrong of itself.
	wrong := book.Diagnostic{Severity: book.Error, Code: "review-unknown-reference", File: "articles/ch01.re", Line: 3, Message: "there is no table with the id t", Hint: "write @<table>{u}"}
	found = told(t, 1, log, swallowed, wrong)
	if len(found) != 2 || found[0].Hint != wrong.Hint || found[1].Severity != book.Lax {
		t.Errorf("found %v", found)
	}
}

func TestAnErrorOfTeXWithoutAPlaceIsThatOfTheReader(t *testing.T) {
	unclosed := book.Diagnostic{Severity: book.Error, Code: "review-unclosed-block", File: "articles/ch01.re", Line: 3, Message: "this block is never closed", Hint: "write //}"}
	const log = "This is e-upTeX, Version 3.14\n! LaTeX Error: \\begin{reviewnote} on input line 5 ended by \\end{document}.\n\nl.9 \\end{document}\n\n"
	found := told(t, 1, log, unclosed)
	if len(found) != 1 || found[0].Code != "review-unclosed-block" {
		t.Errorf("found %v", found)
	}
	if found = told(t, 1, log); len(found) != 1 || found[0].Code != "tex-environment" {
		t.Errorf("without a reader: %v", found)
	}
}
