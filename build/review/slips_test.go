package review

import (
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

// Both versions of what git could not merge are text to Re:VIEW, which prints them.
func TestWhatGitHasNotMergedIsTold(t *testing.T) {
	f := readOne("= 章\n\n本文です。\n<<<<<<< HEAD\n一方\n=======\n他方\n>>>>>>> 枝\n").Faults
	if len(f) != 2 || f[0].Line != 4 || f[1].Line != 8 || f[0].Severity != book.Lax || f[0].Code != "markup-conflict" || !strings.Contains(f[0].Hint, "keep one of the two versions") {
		t.Errorf("%v", f)
	}
	// By itself the line between them is a heading, at which Re:VIEW stops.
	f = readOne("= 章\n\n<<<<<<< HEAD\n一方\n\n=======\n\n他方\n>>>>>>> 枝\n").Faults
	if len(f) != 3 || f[1].Line != 6 || f[1].Severity != book.Error || f[1].Hint != f[0].Hint {
		t.Errorf("%v", f)
	}
	silent(t, "//emlist{\n<<<<<<< HEAD\n一方\n=======\n他方\n>>>>>>> 枝\n//}", "<<<< 注 >>>>")
}

func TestAChapterWithoutATitleIsTold(t *testing.T) {
	read := func(kind Kind, text string) []book.Diagnostic {
		return Read(&Manuscript{Dir: ".", Files: memory{"ch01.re": text}, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: kind}}}).Faults
	}
	for _, text := range []string{"", "本文です。\n", "== 節\n\n本文です。\n"} {
		if f := read(Body, text); len(f) != 1 || f[0].Code != "markup-untitled" || f[0].File != "ch01.re" || f[0].Line != 1 {
			t.Errorf("%q: %v", text, f)
		}
		if f := read(Predef, text); len(f) > 0 {
			t.Errorf("a preface of %q: %v", text, f)
		}
	}
	for _, text := range []string{"=[nonum] 章\n", "//embed[latex]{\n\\chapter{章}\n//}\n", "\n\n={a} 章\n"} {
		if f := read(Body, text); len(f) > 0 {
			t.Errorf("%q: %v", text, f)
		}
	}
}

// One } too few is one mistake: what it makes of the id is not told as well.
func TestAReferenceThatIsNotClosedIsToldOnce(t *testing.T) {
	f := only(t, "@<img>{catと@<b>{太字}です。")
	if f.Code != "review-nested-inline" || f.Severity != book.Error {
		t.Errorf("%v", f)
	}
}

func TestATagThatIsMisspeltIsNamed(t *testing.T) {
	for text, hint := range map[string]string{"===[colum] 題": "write ===[column]", "==[Column]{a} 題": "write ==[column]"} {
		if f := only(t, text); f.Hint != hint || !strings.HasPrefix(f.Message, "there are no headings with [") || f.Line != 3 {
			t.Errorf("%s: %v", text, f)
		}
	}
	if f := only(t, "===［column］ 題"); f.Hint != "write ===[column] 題" || f.Code != "markup-near-miss" {
		t.Errorf("%v", f)
	}
}

func TestABibliographyThatIsNotThereIsNamedWithWhatItHolds(t *testing.T) {
	if f := only(t, "@<bib>{knuth}"); f.Message != "there is no bibliography bib.re" || f.Hint != "write //bibpaper[knuth][title] into bib.re, and list it below POSTDEF in catalog.yml" {
		t.Errorf("%v", f)
	}
	files := memory{"ch01.re": "= 章\n\n@<bib>{knuth}\n", "bib.re": "= 文献\n\n//bibpaper[knuth][title]\n"}
	if f := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}, {ID: "bib", File: "bib.re", Kind: Postdef}}}).Faults; len(f) > 0 {
		t.Errorf("mended: %v", f)
	}
}

func TestAReferenceToAHeadingSaysWhereTheChapterOrTheLabelIs(t *testing.T) {
	loud := func(text string) string {
		for _, f := range near(text, nil).Faults {
			if f.Code == "review-unknown-reference" {
				return f.Hint
			}
		}
		return ""
	}
	for text, hint := range map[string]string{
		"@<hd>{ch03|setup}":        "list ch03.re in catalog.yml: the file is there",
		"@<hd>{num}\n\n=== 数{num}": "write ==={num} 数 in line 22",
		"@<hd>{ch02|num}":          "give the heading this title, or the label: =={num} title",
		"@<column>{ch03|a}":        "list ch03.re in catalog.yml: the file is there",
		"@<hd>{一つ|二つ}":             "give the heading this title, or the label: =={一つ|二つ} title",
		"@<hd>{num}\n\n==={num} 数": "",
		"@<hd>{ch1|準備}":            "write @<hd>{ch01|準備}",
	} {
		if got := loud(text); got != hint {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// A Mac writes the names of files with their marks apart: the two look alike.
func TestAnImageWhoseNameIsInAnotherUnicodeFormIsToBeRenamed(t *testing.T) {
	const apart, joined = "images/カ\u3099.png", "images/ガ.png"
	f := near("//image[ガ][題]{\n//}", memory{apart: ""}).Faults
	if i := slices.IndexFunc(f, func(d book.Diagnostic) bool { return d.Code == "review-image-missing" }); i < 0 || !strings.HasPrefix(f[i].Hint, "rename "+apart+" to "+joined+": ") {
		t.Errorf("%v", f)
	}
	for _, f := range near("//image[ガ][題]{\n//}", memory{joined: ""}).Faults {
		if f.Code == "review-image-missing" {
			t.Errorf("renamed: %v", f)
		}
	}
}

// TeX stops at it, and says that braces do not match.
func TestAnEnvironmentThatDoesNotEndInItsFormulaIsTold(t *testing.T) {
	for text, hint := range map[string]string{
		"//texequation{\n\\begin{aligned}\na &= b\n//}":                             `write \end{aligned} above //}`,
		"//texequation{\n\\begin{aligned}\n\\begin{matrix}\na\n\\end{aligned}\n//}": `write \end{matrix} before it`,
		"//texequation[e][式]{\na\n\\end{aligned}\n//}":                              `write \begin{aligned} before it, or take it out`,
	} {
		if f := only(t, text); f.Code != "markup-brace" || f.Severity != book.Lax || f.Line != 3 || f.Hint != hint {
			t.Errorf("%s: %v", text, f)
		}
	}
	silent(t, "//texequation{\n\\begin{aligned}\n\\begin{matrix}\na\n\\end{matrix}\n\\end{aligned}\n//}", "//texequation{\na % \\begin{aligned}\n//}")
}
