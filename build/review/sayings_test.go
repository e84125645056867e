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
