package review

import (
	"strings"
	"testing"

	sjis "golang.org/x/text/encoding/japanese"
)

func TestAChapterInAnotherEncodingIsNamedOnce(t *testing.T) {
	text, err := sjis.ShiftJIS.NewEncoder().String("= はじめの章\n\n@<nosuch>{これ}は日本語の文章です。\n@<list>{無い}\n")
	if err != nil {
		t.Fatal(err)
	}
	b := readOne(text)
	if len(b.Faults) != 1 || b.Faults[0].Code != "review-encoding" || b.Faults[0].Line != 1 || !strings.Contains(b.Faults[0].Message, "Shift_JIS") {
		t.Errorf("the faults are %v", b.Faults)
	}
}

func TestPlacesCountCharacters(t *testing.T) {
	b := readOne("= 章\n\n日本語の@<zz>{命令}です。\n\n//list[a][題の@<yy>{命令}]{\nコードの@<xx>{命令}\n//}\n\n//footnote[f][脚注の@<ww>{命令}]\n")
	want := map[string][2]int{"zz": {3, 5}, "yy": {5, 13}, "xx": {6, 5}, "ww": {9, 18}}
	for _, f := range b.Faults {
		for op, at := range want {
			if strings.Contains(f.Message, "@<"+op+">") {
				if f.Line != at[0] || f.Column != at[1] {
					t.Errorf("@<%s> is at %d:%d, want %v", op, f.Line, f.Column, at)
				}
				delete(want, op)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("nothing is said about %v", want)
	}
}

func TestNamesOfTheExtensionAreKnown(t *testing.T) {
	files := memory{
		"ch01.re":       "= 章\n\n@<mine>{x}@<other>{y}\n\n//framed[a]{\nb\n//}\n\n//quote[with][arguments]{\n//}\n\n@<cite>{c}\n",
		"review-ext.rb": "module ReVIEW\n  Compiler.defblock :framed, 0..1\n  Compiler.definline(:mine)\n  Compiler.defblock(:quote, 0..2, true)\n  class LATEXBuilder\n    def inline_cite(s)\n    end\n  end\nend\n",
	}
	b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
	if len(b.Faults) != 1 || !strings.Contains(b.Faults[0].Message, "@<other>") {
		t.Errorf("the faults are %v", b.Faults)
	}
}

func TestReferencesLeadToTheirTargets(t *testing.T) {
	files := memory{
		"a.re": "= 一\n\n@<list>{b|code}@<hd>{b|節}@<chap>{b}@<fn>{n}\n\n//footnote[n][注]\n",
		"b.re": "= 二\n\n== 節\n\n//list[code][題]{\n//}\n",
	}
	b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "a", File: "a.re", Kind: Body}, {ID: "b", File: "b.re", Kind: Body}}})
	if len(b.Faults) > 0 {
		t.Error(b.Faults)
	}
	var shown []string
	b.Walk(func(_ *Chapter, n Node) bool {
		switch n := n.(type) {
		case *Ref:
			shown = append(shown, PlainText(n.Text))
			if n.Target == nil || n.Chapter != b.Chapters[1] {
				t.Errorf("@<%s>{%s} leads nowhere", n.Command, n.Arg)
			}
		case *NoteRef:
			if n.Note == nil || PlainText(n.Note.Text) != "注" {
				t.Error("the footnote's mark leads nowhere")
			}
		}
		return true
	})
	if got := strings.Join(shown, " "); got != "リスト2.1 「2.1 節」 第2章" {
		t.Errorf("what is shown is %q", got)
	}
}

func TestTitlesThatReferToThemselvesEnd(t *testing.T) {
	b := readOne("= 章\n\n=={a} @<hd>{b}\n\n=={b} @<hd>{a}\n\n@<hd>{a}\n")
	found := false
	for _, f := range b.Faults {
		found = found || f.Code == "config-recursion"
	}
	if !found {
		t.Errorf("nothing is said about a circle: %v", b.Faults)
	}
}

func TestALocaleThatIsNoYAMLIsNamed(t *testing.T) {
	entries := []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}
	b := Read(&Manuscript{Dir: ".", Files: memory{"ch01.re": "= 章\n", "locale.yml": "locale: ja\nlist: %s\n"}, Chapters: entries})
	if len(b.Faults) != 1 || b.Faults[0].Code != "config-yaml" || b.Faults[0].File != "locale.yml" || b.Faults[0].Line != 2 {
		t.Errorf("the faults are %v", b.Faults)
	}
	b = Read(&Manuscript{Dir: ".", Files: memory{"ch01.re": "= 章\n", "locale.yml": "locale: ja\nlist: 例\nlist: 実行例\n"}, Chapters: entries})
	if len(b.Faults) > 0 || b.Locale.Word("list") != "実行例" {
		t.Errorf("%v, a list is %q", b.Faults, b.Locale.Word("list"))
	}
}

func TestAChapterInUTF16IsToldOfOnce(t *testing.T) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		var wide strings.Builder
		wide.WriteString(mark)
		for _, c := range []byte("= x\n\ny\n\nz\n") {
			if mark == "\xff\xfe" {
				wide.Write([]byte{c, 0})
			} else {
				wide.Write([]byte{0, c})
			}
		}
		if b := readOne(wide.String()); len(b.Faults) != 1 || b.Faults[0].Code != "review-encoding" {
			t.Errorf("the faults are %v", b.Faults)
		}
	}
}
