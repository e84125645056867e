package diagnose

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
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

// Ruby stops with an error of its own, which says nothing to an author.
func TestWhatRubySaysOfAnEmptyCommandIsSaidInTheReadersWords(t *testing.T) {
	empty := book.Diagnostic{Severity: book.Error, Code: "review-empty-inline", File: "articles/ch01.re", Line: 3, Message: "@<kw> has nothing between its braces, and Re:VIEW stops at it", Hint: "write @<kw>{...}, or take it out"}
	for _, log := range []string{
		"ERROR review-pdfmaker: ch01.re:3: undefined method `gsub' for nil:NilClass\n\n      str.gsub(@metachars_re)\n",
		"ERROR review-epubmaker: ch01.re:3: no implicit conversion of nil into String\n",
	} {
		found := told(t, 1, log, empty)
		if len(found) != 1 || found[0].Code != empty.Code || found[0].Message != empty.Message || found[0].Hint != empty.Hint {
			t.Errorf("%s: %v", log, found)
		}
	}
	const elsewhere = "ERROR review-pdfmaker: ch01.re:1: undefined method `gsub' for nil:NilClass\n"
	if found := told(t, 1, elsewhere, empty); len(found) != 1 || found[0].Code != "ruby-error" {
		t.Errorf("found %v", found)
	}
}

// saysOf reads a log and TeX's own log of a book of one chapter.
func saysOf(t *testing.T, status int, log, tex, positions string, files map[string]string) []book.Diagnostic {
	t.Helper()
	return saysWithLabels(t, status, log, tex, "", positions, files)
}

func saysWithLabels(t *testing.T, status int, log, tex, labels, positions string, files map[string]string) []book.Diagnostic {
	t.Helper()
	l := NewLog(LogOptions{Book: faultyBook(), Work: "/work"})
	if _, err := l.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPositions(strings.NewReader(positions))
	if err != nil {
		t.Fatal(err)
	}
	return l.Diagnostics(status, &Notes{TeX: []byte(tex), Labels: []byte(labels), Positions: p}, func(name string) ([]byte, error) {
		if text, ok := files[strings.TrimPrefix(name, "articles/")]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	})
}

func picture(t *testing.T, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const texBegins = "This is e-upTeX, Version 3.14\n"

func TestAnImageAtWhichTheConverterStopsIsNamed(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//image[good][題]{\n//}\n\n//image[plan][題]{\n//}\n", "images/ch01-plan.png": picture(t, 30, 30)[:50], "images/ch01-good.png": picture(t, 9, 9)}
	log := "INFO review-pdfmaker: dvipdfmx -d 5 -z 9 __REVIEW_BOOK__.dvi\n[1][2][10libpng error: Read Error\nAborted\n"
	found := saysOf(t, 1, log, "", "", files)
	if len(found) != 1 || found[0].Line != 6 || found[0].Message != "the image articles/images/ch01-plan.png is damaged: its file ends too early" {
		t.Errorf("found %v", found)
	}
}

func TestEveryLineThatSticksOutIsToldOnceInMillimetres(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\nlong-long-word\n\n//table[t][題]{\na\tb\n------------\nc\td\n//}\n"}
	tex := texBegins + "(./ch01.tex\nOverfull \\hbox (314.0pt too wide) in paragraph at lines 3--4\n[]\n\nOverfull \\hbox (20.0pt too wide) in alignment at lines 5--6\n[]\n\nOverfull \\hbox (30.0pt too wide) in alignment at lines 6--7\n[]\n\nOverfull \\hbox (4.2pt too wide) in paragraph at lines 3--4\n[]\n\n)\n"
	positions := "C ch01.tex\tch01.re\nM 0\t1\nM 12\t3\nM 30\t9\nT \\chapter{章}\nT \nT long-long-word\nT \nT a&b\nT c&d\n"
	var said []string
	for _, d := range saysOf(t, 0, "", tex, positions, files) {
		said = append(said, fmt.Sprintf("%d %s %d; %s", d.Line, d.Message, d.Count, d.Hint))
	}
	want := []string{
		"3 a line sticks out 110.4 mm into the margin 0; long words, URLs and code may need a line break by hand",
		"5 a line sticks out 10.5 mm into the margin 0; say how wide the columns are: //tsize[|latex||p{30mm}|p{60mm}|] on the line above //table, a p{} for each column",
	}
	if !slices.Equal(said, want) {
		t.Errorf("said\n%s", strings.Join(said, "\n"))
	}
}

func TestAPackageIsSoughtInStylesThatTeXHasReadAlready(t *testing.T) {
	files := map[string]string{"sty/review-custom.sty": "% nosuchpackage\n%\n\\usepackage{nosuchpackage}\n", "sty/reviewmacro.sty": strings.Repeat("%\n", 13) + "\\RequirePackage{review-custom}\n"}
	log := texBegins + "(./reviewmacro.sty (./review-style.sty)\n(./review-custom.sty)\n\n! LaTeX Error: File `nosuchpackage.sty' not found.\n\nType X to quit or <RETURN> to proceed,\nor enter new name. (Default extension: sty)\n\nEnter file name: \n./reviewmacro.sty:14: Emergency stop.\n<read *> \n         \nl.14 ^^M\n        \nNo pages of output.\n"
	found := saysOf(t, 1, log, "", "", files)
	if len(found) == 0 || found[0].File != "articles/sty/review-custom.sty" || found[0].Line != 3 {
		t.Errorf("found %v", found)
	}
}

func TestWhatTeXStumblesOverBehindAPercentageIsThePercentage(t *testing.T) {
	metric := book.Diagnostic{Severity: book.Lax, Code: "markup-metric", File: "articles/ch01.re", Line: 3, Message: "a % in scale=50%", Hint: "write [scale=0.5]"}
	found := told(t, 1, texBegins+"! File ended while scanning use of \\reviewincludegraphics.\n\n", metric)
	if len(found) != 1 || found[0].Code != "markup-metric" || found[0].Severity != book.Error {
		t.Errorf("found %v", found)
	}
}

func TestAnIDWithASpaceIsNamedWhereItIsGiven(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//image[my plan][題]{\n説明\n//}\n"}
	found := saysOf(t, 0, "WARN review-pdfmaker: ch01.re:5: deprecated ID: ` ` in `my plan`\n", "", "", files)
	if len(found) != 1 || found[0].Line != 3 || found[0].Message != "the id my plan has a character that makes trouble" {
		t.Errorf("found %v", found)
	}
}

func TestASecondTitleIsNamedAtItsLine(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n本文\n\n= 章二\n"}
	found := saysOf(t, 0, "", texBegins+"LaTeX Warning: Label `chap:ch01' multiply defined.\n", "", files)
	if len(found) != 1 || found[0].Line != 5 || !strings.HasPrefix(found[0].Hint, "write == for a section") {
		t.Errorf("found %v", found)
	}
}

func TestWhatReVIEWCallsAMissingArgumentIsNotTold(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//footnote[a]\n"}
	found := saysOf(t, 1, "ERROR review-pdfmaker: ch01.re:3: wrong # of parameters (block command //footnote, expect 2 but 1)\nWARN review-pdfmaker: ch01.re: ID (NoArgument) is not referred\n", "", "", files)
	if len(found) != 1 || found[0].Code != "review-arguments" {
		t.Errorf("found %v", found)
	}
}
