package review

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

// only returns what is told of a chapter with a text, which has to be one thing.
func only(t *testing.T, text string) book.Diagnostic {
	t.Helper()
	faults := readOne("= 章\n\n" + text + "\n").Faults
	if len(faults) != 1 {
		t.Errorf("%s: %v", text, faults)
		return book.Diagnostic{}
	}
	return faults[0]
}

func silent(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, f := range readOne("= 章\n\n" + text + "\n").Faults {
			t.Errorf("%s: %v", text, f)
		}
	}
}

func TestACommandAtWhichReVIEWStopsWhenItIsEmptyIsAnError(t *testing.T) {
	for text, right := range map[string]string{
		"言葉@<kw>{}です。": "@<kw>{...}", "言葉@<ruby>{}です。": "@<ruby>{word,reading}", "言葉@<ruby>{,}です。": "@<ruby>{word,reading}",
		"言葉@<href>{}です。": "@<href>{address,text}", "言葉@<href>{,}です。": "@<href>{address,text}",
	} {
		f := only(t, text)
		if f.Severity != book.Error || f.Code != "review-empty-inline" || f.Line != 3 || f.Column != 3 || f.Hint != "write "+right+", or take it out" {
			t.Errorf("%s: %+v", text, f)
		}
	}
	for _, op := range []string{"list", "img", "table", "eq", "fn", "endnote", "chap", "hd", "sec", "column"} {
		if f := only(t, "@<"+op+">{}"); f.Severity != book.Error || f.Code != "review-unknown-reference" || f.Message != "@<"+op+"> has nothing between its braces" {
			t.Errorf("%s: %+v", op, f)
		}
	}
	for _, op := range []string{"icon", "w", "wb", "pageref"} {
		if f := only(t, "@<"+op+">{}"); f.Severity != book.Lax || f.Message != "@<"+op+"> has nothing between its braces" {
			t.Errorf("%s: %+v", op, f)
		}
	}
	for text, code := range map[string]string{"@<m>{}": "markup-empty", "@<uchar>{}": "markup-character", "@<uchar>{U+1f4d6}": "markup-character", "@<idx>{}": "markup-near-miss", "@<hidx>{ }": "markup-near-miss"} {
		if f := only(t, text); f.Severity == book.Error || f.Code != code {
			t.Errorf("%s: %+v", text, f)
		}
	}
	if f := only(t, "@<uchar>{U+1f4d6}"); f.Hint != "write @<uchar>{1F4D6}" {
		t.Errorf("%+v", f)
	}
	chapter := "= 章\n\n@<uchar>{0x2460}\n"
	for builder, faults := range map[string]int{"latex": 0, "plaintext": 0, "html": 1, "idgxml": 1} {
		b := Read(&Manuscript{Dir: ".", Files: memory{"ch01.re": chapter}, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}, Builders: []string{builder}})
		if len(b.Faults) != faults {
			t.Errorf("%s: %v", builder, b.Faults)
		}
	}
	silent(t, "@<b>{}と@<code>{}と@<br>{}と@<raw>{}と@<embed>{}と@<comment>{}と@<uchar>{2460}", "@<kw>{語}と@<kw>{語, word}と@<kw>{ }")
}

// Written as the hint says, nothing is told any more.
func TestRubyAndLinksThatAreNotPartedByACommaAreTold(t *testing.T) {
	for text, hint := range map[string]string{
		"@<ruby>{漢字|かんじ}":                   "write @<ruby>{漢字,かんじ}",
		"@<ruby>{漢字，かんじ}":                   "write @<ruby>{漢字,かんじ}",
		"@<ruby>{漢字、かんじ}":                   "write @<ruby>{漢字,かんじ}",
		"@<ruby>{漢字}":                       "write the reading behind a half-width comma: @<ruby>{漢字,...}",
		"@<ruby>{漢字,}":                      "write the reading behind a half-width comma: @<ruby>{漢字,...}",
		"@<href>{http://example.com，例}":     "write @<href>{http://example.com,例}",
		"@<href>{http://example.com/a、 例}":  "write @<href>{http://example.com/a,例}",
		"@<href>{https://a.jp/?q=1|検索, 結果}": `write @<href>{https://a.jp/?q=1,検索\, 結果}`,
		"@<href>{https://example.com、}":     "write @<href>{https://example.com}",
	} {
		f := only(t, text)
		if f.Severity != book.Warning || f.Code != "markup-near-miss" || f.Hint != hint {
			t.Errorf("%s: %+v", text, f)
		}
		if right, found := strings.CutPrefix(hint, "write @"); found {
			silent(t, "@"+right)
		}
	}
	silent(t, "@<ruby>{漢字,かんじ}と@<ruby>{一、二,いちに}", "@<href>{http://example.com}と@<href>{http://example.com/a|b,例、例}と@<href>{https://ja.wikipedia.org/wiki/あ、い}")
}

func TestABraceOfCodeInACommandIsFenced(t *testing.T) {
	for text, hint := range map[string]string{
		"@<code>{if (x) { y(); }}と書く。": "write @<code>$if (x) { y(); }$",
		"@<tt>{a{b}c{d}e}です":           "write @<tt>$a{b}c{d}e$",
		"@<b>{${x}}":                   "write @<b>|${x}|",
	} {
		if f := only(t, text); f.Severity != book.Warning || f.Hint != hint {
			t.Errorf("%s: %+v", text, f)
		}
		silent(t, strings.TrimPrefix(hint, "write "))
	}
	silent(t, "@<code>{{}と@<code>{\\}}", "@<code>{{} and } are braces", "@<code>{a {}から、}まで", "@<code>{f(\\{\\})}と}", "//emlist{\n@<b>{class A {} int x; }\n//}", "@<code>{x}}")
}

// Nothing is nested where nothing is closed.
func TestAnUnclosedCommandBesideAnotherIsNotSaidToBeNested(t *testing.T) {
	b := readOne("= 章\n\n@＜b＞{全角}　@<b>（かっこ）　@<b>{閉じない\n")
	var said []string
	for _, f := range b.Faults {
		said = append(said, string(f.Severity)+" "+f.Hint)
	}
	want := "warning write @<b>{全角}; warning write @<b>{かっこ}; error write } in the same line: a command does not go on in the next"
	if got := strings.Join(said, "; "); got != want {
		t.Errorf("said is %s", got)
	}
	f := only(t, "これは@<b>{閉じない、@<i>斜め")
	if f.Severity != book.Error || f.Code != "review-nested-inline" || f.Column != 4 || !strings.HasPrefix(f.Message, "@<b>{ is never closed") {
		t.Errorf("%+v", f)
	}
	if f := only(t, "@<b>太い@<i>斜め"); f.Severity != book.Error || f.Hint != "write @<i>{...}, here and at the others of this line" {
		t.Errorf("%+v", f)
	}
}

// Written as the hint says, TeX gets what was meant.
func TestBracesOfTeXInACommandAreFenced(t *testing.T) {
	for text, want := range map[string]string{
		`値は@<m>{\frac{1}{2}}です。`:                         `\frac{1}{2}`,
		`@<raw>{|latex|\vspace{3mm}}のあと{}}`:              `\vspace{3mm}`,
		`@<raw>{|latex|\textbf{a$b$}}`:                   `\textbf{a$b$}`,
		`@<embed>{|latex|\parbox{1cm}{x{y}z}} と}@<b>{太}`: `\parbox{1cm}{x{y}z}`,
	} {
		b := readOne("= 章\n\n" + text + "\n")
		if len(b.Faults) != 1 || b.Faults[0].Code != "markup-brace" || b.Faults[0].Severity != book.Lax {
			t.Errorf("%s: %v", text, b.Faults)
			continue
		}
		right := strings.TrimPrefix(b.Faults[0].Hint, "write ")
		mended := readOne("= 章\n\n" + right + "\n")
		got := ""
		mended.Walk(func(_ *Chapter, n Node) bool {
			switch n := n.(type) {
			case *Math:
				got = n.Source
			case *InlineEmbed:
				got = n.Text
			}
			return true
		})
		if len(mended.Faults) > 0 || got != want {
			t.Errorf("%s: written as %s it is %q, %v", text, right, got, mended.Faults)
		}
	}
	for _, text := range []string{`@<m>{x^{2\}}です。`, `@<raw>{|latex|{\small}小さい@<raw>{|latex|\}}`, `@<m>$\frac{1}{2}$`, `@<raw>{|html|<b>{}です}`} {
		if b := readOne("= 章\n\n" + text + "\n"); len(b.Faults) > 0 {
			t.Errorf("%s: %v", text, b.Faults)
		}
	}
}
