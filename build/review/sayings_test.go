package review

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

// saying are severity and hint of all that is told of a text.
func saying(text string) string {
	var said []string
	for _, f := range readOne("= 章\n\n" + text + "\n").Faults {
		said = append(said, string(f.Severity)+" "+f.Hint)
	}
	return strings.Join(said, "; ")
}

func TestHintsAboutOneLineDoNotContradictEachOther(t *testing.T) {
	for text, want := range map[string]string{
		"@<fn>{a}\n\n//footnote[a]{\n注の文\n//}":                "error write //footnote[a][注の文] and take out the lines down to //}; error write //footnote[a][注の文] and take out the lines down to //}",
		"===[column] 題\n\n本文\n\n===[/colum]":                  "error write ===[/column]",
		"===[colum] 題\n\n本文":                                  "error write ===[column]",
		"===[colum] 題\n\n本文\n\n===[/colum]":                   "error write ===[column]; error write ===[/column]",
		"==[nonumm] 題":                                        "error write ==[nonum]",
		"==[zzzzzz] 題":                                        "error check the spelling, or define it in review-ext.rb",
		"===[/column]":                                        "error take it out, or open it with ===[column]",
		" //label[x]\n\n　//label[y]":                          "warning take the space away: //label[x]; warning take the space away: //label[y]",
		"@<fn>{a}\n\n//footnote[a][b]{\nx\n//}\n\n//hr{\n//}": "error write //footnote[a][b] and take out the lines down to //}; error write //hr and take out the lines down to //}",
	} {
		if got := saying(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// Tried with Re:VIEW 5.9: it takes the number from the bibliography's file.
func TestABibpaperThatTheBibliographyDoesNotHaveIsAnError(t *testing.T) {
	files := memory{"ch01.re": "= 章\n\n//bibpaper[k][題]{\n//}\n"}
	read := func() []book.Diagnostic {
		return Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}}).Faults
	}
	if found := read(); len(found) != 1 || found[0].Severity != book.Error || found[0].Line != 3 || found[0].Message != "there is no bibliography bib.re" {
		t.Errorf("without a bibliography: %v", found)
	}
	files["bib.re"] = "= 文献\n\n//bibpaper[other][題]{\n//}\n"
	if found := read(); len(found) != 1 || found[0].Severity != book.Error || found[0].Line != 3 || found[0].Hint != "write //bibpaper[k][title] into bib.re" {
		t.Errorf("with another one: %v", found)
	}
	files["bib.re"] = "= 文献\n\n//bibpaper[k][title]{\n//}\n"
	if found := read(); len(found) > 0 {
		t.Errorf("with the same: %v", found)
	}
}

// The bibliography's file is read all the same: what it says counts once it is listed.
func TestABibliographyOutsideTheCatalogIsTold(t *testing.T) {
	files := memory{"ch01.re": "= 章\n\n@<bib>{x}と@<bib>{x}\n", "bib.re": "= 文献\n\n//bibpaper[x][題]{\n//}\n"}
	entries := []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}
	b := Read(&Manuscript{Dir: ".", Files: files, Chapters: entries})
	if len(b.Faults) != 2 {
		t.Fatalf("the faults are %v", b.Faults)
	}
	if f := b.Faults[0]; f.Severity != book.Lax || f.Code != "tex-undefined-reference" || f.Line != 3 || f.Hint != `write "  - bib.re" below POSTDEF in catalog.yml` {
		t.Errorf("%+v", f)
	}
	b = Read(&Manuscript{Dir: ".", Files: files, Chapters: append(entries, Entry{ID: "bib", File: "bib.re", Kind: Postdef})})
	if len(b.Faults) > 0 {
		t.Errorf("listed, the faults are %v", b.Faults)
	}
}
