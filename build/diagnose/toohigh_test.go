package diagnose

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

// What TeX and the labels of a book of two chapters say. The second page of the first chapter is printed when TeX has
// begun to read the second one.
const (
	labelsOfPages = `\newlabel{chap:preface}{{}{i}{序}{chapter*.1}{}}
\newlabel{chap:ch01}{{1}{1}{章}{chapter.1}{}}
\newlabel{image:ch01:wide}{{1.1}{1}{題 {\bf x}}{figure.1.1}{}}
\newlabel{image:ch01:plan}{{1.2}{2}{題}{figure.1.2}{}}
\newlabel{image:ch01:one}{{1.3}{4}{題}{figure.1.3}{}}
\newlabel{image:ch01:two}{{1.4}{4}{題}{figure.1.4}{}}
\newlabel{chap:ch02}{{2}{5}{章}{chapter.2}{}}
`
	overfull = "Overfull \\vbox (%s too high) has occurred while \\output is active []\n\n\n"
)

func tooHighOf(t *testing.T, log string) []book.Diagnostic {
	t.Helper()
	chapter := "= 章\n\n//image[wide][題]{\n//}\n\n//image[plan][題]{\n//}\n\n//image[one][題]{\n//}\n\n//image[two][題]{\n//}\n"
	files := map[string]string{"ch01.re": chapter, "ch02.re": "= 章\n"}
	for _, id := range []string{"plan", "one", "two"} {
		files["images/ch01-"+id+".png"] = picture(t, 300, 900)
	}
	files["images/ch01-wide.png"] = picture(t, 300, 4000) // the highest of the book
	return saysWithLabels(t, 0, "", "This is e-upTeX, Version 3.14\n(./ch01.tex\n"+log, labelsOfPages, "", files)
}

func TestAPageThatIsTooFullIsNamedWithTheImageThatStandsOnIt(t *testing.T) {
	over := func(size string) string { return strings.Replace(overfull, "%s", size, 1) }
	for _, c := range []struct {
		name, log     string
		file          string
		line          int
		message, hint string
	}{
		{"the image", "[1]\n" + over("12.6pt") + ") (./ch02.tex\n[2]\n[3]", "articles/ch01.re", 6, "page 2 is 4.4 mm too full with the image plan", "make it smaller: //image[plan][題][scale=0.92]"},
		{"several of a page", "[1]\n" + over("12.6pt") + over("30pt") + "[2] [3]", "articles/ch01.re", 6, "page 2 is 10.5 mm too full with the image plan", "make it smaller: //image[plan][題][scale=0.87]"},
		{"no image", "[1] [2]\n" + over("12.6pt") + "[3{x}]", "articles/ch01.re", 0, "page 3 is 4.4 mm too full", ""},
		{"two images", "[3]\n" + over("12.6pt") + "[4]", "articles/ch01.re", 0, "page 4 is 4.4 mm too full", ""},
		{"the chapter before", "[2]\n) (./ch02.tex\n" + over("12.6pt") + "[3]\n", "articles/ch01.re", 0, "page 3 is 4.4 mm too full", ""},
		{"the next chapter", ") (./ch02.tex [4]\n" + over("12.6pt") + "[5]\n", "articles/ch02.re", 0, "page 5 is 4.4 mm too full", ""},
		{"no page", over("12.6pt"), "articles/ch01.re", 0, "a page is 4.4 mm too full", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := tooHighOf(t, c.log)
			if len(found) != 1 {
				t.Fatalf("found %+v", found)
			}
			if d := found[0]; d.File != c.file || d.Line != c.line || d.Message != c.message || c.hint != "" && d.Hint != c.hint {
				t.Errorf("found %+v", d)
			}
		})
	}
}

func TestABoxOfABookThatIsTooHighIsPlacedAtItsLine(t *testing.T) {
	positions := "C ch01.tex\tch01.re\nM 0\t1\nM 3\t3\nT a\nT b\n"
	files := map[string]string{"ch01.re": "= 章\n\nb\n"}
	found := saysOf(t, 0, "", "This is e-upTeX, Version 3.14\n(./ch01.tex\nOverfull \\vbox (30.0pt too high) detected at line 2\n\n[1]\n", positions, files)
	if len(found) != 1 || found[0].File != "articles/ch01.re" || found[0].Line == 0 || found[0].Message != "what stands here is 10.5 mm too high for its box" {
		t.Errorf("found %+v", found)
	}
}
