package review

import (
	"regexp"
	"strings"
	"testing"

	sjis "golang.org/x/text/encoding/japanese"

	"github.com/bookci/bookci/build/book"
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

func TestAForgottenEndIsToldAtWhatTheBlockSwallows(t *testing.T) {
	const code = "= 章\n\n//list[a][題]{\nx = 1\n%s\n表は@<table>{t}です。\n\n//table[t][表]{\nあ\tい\n------------\n1\t2\n//}\n\nおわり。\n"
	for end, hint := range map[string]string{
		"":     "put //} on a line of its own above line 8",
		" //}": "write //} in line 5, at the beginning of the line and in half-width letters",
		"}":    "write //} in line 5, at the beginning of the line and in half-width letters",
		"／／｝":  "write //} in line 5, at the beginning of the line and in half-width letters",
	} {
		text := strings.Replace(code, "%s", end, 1)
		b := readOne(text)
		if len(b.Faults) != 1 {
			t.Errorf("%q: the faults are %v", end, b.Faults)
			continue
		}
		f := b.Faults[0]
		if f.Code != "markup-swallowed" || f.Severity != book.Lax || f.Line != 8 || f.Message != "//list of line 3 is probably never closed: //table begins inside it" || f.Hint != hint {
			t.Errorf("%q: %v", end, f)
		}
		// The hint, done to the letter.
		lines := strings.Split(text, "\n")
		if end == "" {
			lines[6] = "//}"
		} else {
			lines[4] = "//}"
		}
		if b := readOne(strings.Join(lines, "\n")); len(b.Faults) > 0 {
			t.Errorf("%q: mended, the faults are %v", end, b.Faults)
		}
	}
}

func TestMarkupThatIsQuotedIsNotTakenForSwallowed(t *testing.T) {
	for _, text := range []string{
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n//@<b>{\\}}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n @<embed>{//\\}}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n //}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n／／}\n//}\n",
		"= 章\n\n//emlist{\nif (x) {\n  y();\n}\n  //}\n// list {\n//for(;;){\n//}\n",
	} {
		if b := readOne(text); len(b.Faults) > 0 {
			t.Errorf("%s: %v", text, b.Faults)
		}
	}
}

func TestAnUnclosedBlockSaysWhereItsEndIsMissing(t *testing.T) {
	for text, hint := range map[string]string{
		"= 章\n\n//note[題]{\n本文です。\n //}\n\nおわり。\n":                 "write //} in line 5, at the beginning of the line and in half-width letters",
		"= 章\n\n//list[a][題]{\nx\n}\n\nおわり。\n":                     "write //} in line 5, at the beginning of the line and in half-width letters",
		"= 章\n\n//list[a][題]{\nx\n\n//emlist{\ny\n":                "put //} on a line of its own above line 6",
		"= 章\n\n//note{\n一\n\n//note{\n二\n//}\n":                   "put //} on a line of its own above this line: the first begins in line 3",
		"= 章\n\n//note{\n一\n//｝\n\n//note{\n二\n//}\n\n== 節\n\n三\n": "write //} in line 5, at the beginning of the line and in half-width letters",
	} {
		b := readOne(text)
		if len(b.Faults) != 1 || b.Faults[0].Hint != hint {
			t.Errorf("%s: %v", text, b.Faults)
		}
	}
}

// Each mistake is told at its place, and its hint says what to write there.
func TestNearMissesOfMarkupAreTold(t *testing.T) {
	for _, c := range []struct{ text, line, hint string }{
		{"これは＠＜b＞{太字}です。", "これは＠＜b＞{太字}です。", "write @<b>{太字}"},
		{"これは@＜b＞{太字}です。", "", "write @<b>{太字}"},
		{"これは@<b>｛太字｝です。", "", "write @<b>{太字}"},
		{"これは@<ｂ>{太字}です。", "", "write @<b>{太字}"},
		{"これは@<b>{太字です。\n次の}行", "これは@<b>{太字です。", "write } in the same line: a command does not go on in the next"},
		{"これは@<m>$x^2です。", "", "write $ in the same line: a command does not go on in the next"},
		{"一行目@<br>\n二行目", "一行目@<br>", "write @<br>{}"},
		{"これは@<b> {太字}です。", "", "write @<b>{...} without a space"},
		{"＝＝ 見出し", "", "write == 見出し"},
		{"＝＝　見出し", "", "write == 見出し"},
		{"==　見出し", "", "write == 見出し"},
		{"==見出し", "", "write == 見出し"},
		{"本文です。\n== 見出し", "== 見出し", "put an empty line above it"},
		{"／／list[a][b]{\nx\n／／}", "／／list[a][b]{", "write //list[a][b]{"},
		{" //footnote[a][b]", "", "take the space away: //footnote[a][b]"},
		{"//table[t][題]{\nあ  い\n------------\n一  二\n//}", "あ  い", "put a tab between the cells; your editor may write spaces for it"},
		{"//table[t][題]{\nあ\tい\n------------\n一  二\n//}", "一  二", "put a tab between the cells; your editor may write spaces for it"},
		{"//table[t][題]{\n| あ | い |\n------------\n| 一 | 二 |\n//}", "| あ | い |", "put a tab between the cells; your editor may write spaces for it"},
		{"//table[t][題]{\nあ\tい\n-----\n一\t二\n//}", "-----", "write ------------"},
		{"//list[a][b]{\n#@mapfile(a.rb)\n#@end\n//}", "#@mapfile(a.rb)", "run `bookci run --write -- review-preproc --replace ch01.re`"},
	} {
		lines := strings.Split("= 章\n\n"+c.text+"\n", "\n")
		if c.line == "" {
			c.line = strings.Split(c.text, "\n")[0]
		}
		var told []book.Diagnostic
		for _, f := range readOne(strings.Join(lines, "\n")).Faults {
			if f.Code == "markup-near-miss" {
				told = append(told, f)
			}
		}
		if len(told) == 0 || told[0].Severity != book.Warning || lines[told[0].Line-1] != c.line || told[0].Hint != c.hint {
			t.Errorf("%q: %v", c.text, told)
		}
	}
}

func TestArgumentsInFullWidthNameTheRightForm(t *testing.T) {
	for text, hint := range map[string]string{
		"//list[a][b]｛\nx\n//}":       "write //list[a][b]{",
		"//list［a］［b］{\nx\n//}":       "write //list[a][b]{",
		"//list[a][b] {\nx\n//}":      "write //list[a][b]{",
		"//list[a] [b]{\nx\n//}":      "write //list[a][b]{",
		"//footnote[a]　[b]\n@<fn>{a}": "every argument stands in [...]; write ] inside as \\]",
	} {
		found := false
		for _, f := range readOne("= 章\n\n" + text + "\n").Faults {
			found = found || f.Code == "review-arguments" && f.Hint == hint && f.Severity == book.Error
		}
		if !found {
			t.Errorf("%s: %v", text, readOne("= 章\n\n"+text+"\n").Faults)
		}
	}
}

func TestWhatIsMeantAsItStandsIsNoNearMiss(t *testing.T) {
	for _, text := range []string{
		"//emlist{\n＠＜b＞{太字}\n＝＝ 見出し\n@<br>\n///list[a][b]{\n //footnote[a][b]\n//}",
		"//quote{\n「＠＜b＞{太字}」と＠＜b＞{書く}\n//}",
		"太字は「＠＜b＞{...}」と書きます。改行は「@<br>」です。",
		"メールは foo@example.com か ＠mention へ。＜b＞はタグ。",
		"==で比べます。等しいかどうかを見るだけで、代入はしません。",
		"a == b\nのとき、=は代入です。",
		"@<code>{＠＜b＞{太字\\}}と書く。",
		"//table[t][題]{\n名前\t値\n------------\nあ い\t1\n全体で一つのセル\n//}",
		"//table[t][題]{\n一列だけの表です\n------------\nふたつめ\n//}",
		"//table[t][題]{\n引数\t意味\n------------\n---\t区切り\n//}",
		"//list[a][b]{\n#@mapfile(a.rb)\nputs 1\n#@end\n//}",
		"URLは http://example.com/ //list のように書く。",
	} {
		for _, f := range readOne("= 章\n\n" + text + "\n").Faults {
			t.Errorf("%s: %v", text, f)
		}
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

// near reads a book of two chapters, the second of which the first is about.
func near(text string, files memory) *Book {
	all := memory{
		"ch01.re":              "= 一\n\n== 準備\n\n//list[hello][題]{\n//}\n\n//table[prices][題]{\nあ\n//}\n\n//image[plan][題]{\n//}\n\n//footnote[note1][注]\n\n//texequation[square][式]{\n//}\n\n" + text + "\n",
		"ch02.re":              "= 二\n\n== 手順\n\n//list[later][題]{\n//}\n\n//footnote[far][注]\n\n@<fn>{far}\n",
		"images/ch01-plan.png": "", "images/ch02-map.png": "", "images/ch01-Logo.png": "", "images/ch01-graph.svg": "", "images/ch01-photo.webp": "", "img/shot.png": "",
		"ch03.re": "= 三\n",
	}
	for name, text := range files {
		all[name] = text
	}
	return Read(&Manuscript{Dir: ".", Files: all, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}, {ID: "ch02", File: "ch02.re", Kind: Body}}})
}

// A hint that says what to write is done to the letter: then nothing is wrong.
func TestTheNearestRightNameIsTheHint(t *testing.T) {
	replaced := regexp.MustCompile(`^write (@<\w+>(?:\{[^}]*\})?|//\w+(?:\[[^\]]*\])?)`)
	for text, hint := range map[string]string{
		"@<list>{helo}":                     "write @<list>{hello}",
		"@<list>{later}":                    "write @<list>{ch02|later}",
		"@<list>{ch02|latr}":                "write @<list>{ch02|later}",
		"@<list>{ch2|later}":                "write @<list>{ch02|later}",
		"@<list>{prices}":                   "write @<table>{prices}",
		"@<table>{price}":                   "write @<table>{prices}",
		"@<img>{plan.png}":                  "write @<img>{plan}",
		"@<img>{Plan}":                      "write @<img>{plan}",
		"@<eq>{squar}":                      "write @<eq>{square}",
		"@<hd>{準美}":                         "",
		"@<hd>{手順}":                         "write @<hd>{ch02|手順}",
		"@<fn>{note}":                       "write @<fn>{note1}",
		"@<chap>{ch1}":                      "write @<chap>{ch01}",
		"@<chap>{ch02.re}":                  "write @<chap>{ch02}",
		"@<bold>{x}":                        "write @<b>",
		"@<cod>{x}":                         "write @<code>",
		"@<footnote>{note1}":                "write @<fn>",
		"//lst[a][b]{\n//}":                 "write //list",
		"//figure[plan][題]{\n//}":           "write //image",
		"//image[plan.png][題]{\n//}":        "write //image[plan]: an id is the name without the extension",
		"//image[images/plan][題]{\n//}":     "write //image[plan]: an id has no folder and no extension",
		"//image[images/plan.png][題]{\n//}": "write //image[plan]: an id has no folder and no extension",
		"//indepimage[logo]":                "write //indepimage[Logo]: the file is images/ch01-Logo.png",
		"//indepimage[plam]":                "write //indepimage[plan]",
	} {
		b := near(text, nil)
		var hints []string
		for _, f := range b.Faults {
			if f.Code != "review-unreferenced" && f.Code != "review-duplicate-label" {
				hints = append(hints, f.Hint)
			}
		}
		if len(hints) != 1 || hint != "" && hints[0] != hint {
			t.Errorf("%s: %q", text, hints)
			continue
		}
		m := replaced.FindStringSubmatch(hints[0])
		if m == nil {
			continue
		}
		wrong := regexp.MustCompile(`^@<\w+>\{[^}]*\}|^//\w+(?:\[[^\]]*\])?`)
		if !strings.ContainsAny(m[1], "{[") {
			wrong = regexp.MustCompile(`^@<\w+>|^//\w+`)
		}
		mended := wrong.ReplaceAllLiteralString(text, m[1])
		for _, f := range near(mended, nil).Faults {
			if f.Code != "review-unreferenced" && f.Code != "review-duplicate-label" {
				t.Errorf("%s: %s became %s: %v", text, hints[0], mended, f)
			}
		}
	}
}

// These hints are done by hand: to a file, or to another line.
func TestHintsAboutFilesAndOtherLinesMend(t *testing.T) {
	for _, c := range []struct {
		text, hint string
		mended     string // the text, when it changes
		files      memory
	}{
		{"@<fn>{far}", "move //footnote[far] here: it stands in ch02.re, and a note belongs into the chapter that refers to it", "@<fn>{far}\n\n//footnote[far][注]", memory{"ch02.re": "= 二\n"}},
		{"@<fn>{absent}", "write //footnote[absent][text] on a line of its own in this chapter", "@<fn>{absent}\n\n//footnote[absent][text]", nil},
		{"@<list>{entirely}", "give a listing of this chapter the id: //list[entirely][caption]{", "@<list>{entirely}\n\n//list[entirely][caption]{\n//}", nil},
		{"@<hd>{全く別の話}", "give the heading this title, or the label: =={全く別の話} title", "@<hd>{全く別の話}\n\n=={全く別の話} title", nil},
		{"//indepimage[graph]", "save images/ch01-graph.svg as images/ch01-graph.pdf too: the PDF shows no .svg", "", memory{"images/ch01-graph.pdf": ""}},
		{"//indepimage[photo]", "save images/ch01-photo.webp as images/ch01-photo.png too: the PDF shows no .webp", "", memory{"images/ch01-photo.png": ""}},
		{"//indepimage[map]", "copy images/ch02-map.png to images/ch01-map.png", "", memory{"images/ch01-map.png": ""}},
		{"//indepimage[shot]", "move img/shot.png to images/ch01-shot.png", "", memory{"images/ch01-shot.png": ""}},
		{"//indepimage[absent]", "put it into images/ as ch01-absent.png, .jpg or .pdf, or into images/ch01/", "", memory{"images/ch01/absent.jpg": ""}},
	} {
		if c.mended == "" {
			c.mended = c.text
		}
		loud := func(b *Book) (said []string) {
			for _, f := range b.Faults {
				if f.Code != "review-unreferenced" {
					said = append(said, f.Hint)
				}
			}
			return said
		}
		if said := loud(near(c.text, nil)); len(said) != 1 || said[0] != c.hint {
			t.Errorf("%s: %q", c.text, said)
		}
		if said := loud(near(c.mended, c.files)); len(said) > 0 {
			t.Errorf("%s, mended: %q", c.text, said)
		}
	}
	if said := near("@<chap>{ch03}", nil).Faults; said[len(said)-1].Hint != "list ch03.re in catalog.yml: the file is there" {
		t.Errorf("a chapter outside the catalog: %v", said)
	}
}

func TestAPercentageIsNoSizeOfAnImageToTeX(t *testing.T) {
	for metric, right := range map[string]string{"scale=50%": "[scale=0.5]", "width=80%,html::width=80%": `[width=0.8\textwidth,html::width=80%]`} {
		files := memory{"images/ch01-a.png": "", "ch01.re": "= 章\n\n//image[a][題][" + metric + "]{\n//}\n"}
		read := func() *Book {
			return Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
		}
		b := read()
		if len(b.Faults) != 1 || b.Faults[0].Code != "markup-metric" || b.Faults[0].Line != 3 || b.Faults[0].Hint != "write "+right {
			t.Errorf("%s: %v", metric, b.Faults)
		}
		files["ch01.re"] = strings.Replace(files["ch01.re"], "["+metric+"]", right, 1)
		if b := read(); len(b.Faults) > 0 {
			t.Errorf("%s: %v", right, b.Faults)
		}
	}
}

func TestASecondTitleInAChapterIsTold(t *testing.T) {
	b := readOne("= 一\n\n本文\n\n= 二\n\n本文\n\n= 三\n")
	if len(b.Faults) != 1 || b.Faults[0].Line != 5 || !strings.HasPrefix(b.Faults[0].Hint, "write == for a section") {
		t.Errorf("%v", b.Faults)
	}
}

// Done to the letter, what a hint says takes the fault away.
func TestHintsOfErrorsMendThem(t *testing.T) {
	for _, c := range []struct{ text, hint, mended string }{
		{"//list[a]{\nx\n//}", "write //list[a][...]{", "//list[a][...]{\nx\n//}"},
		{"//footnote[a]\n\n@<fn>{a}", "write //footnote[a][...]", "//footnote[a][...]\n\n@<fn>{a}"},
		{"//list[a][b][c][d]{\nx\n//}", "write //list[a][b][c]{", "//list[a][b][c]{\nx\n//}"},
		{"//list[a][b\\]c]\n", "write //list[a][b\\]c]{ and below its last line //}", "//list[a][b\\]c]{\n//}"},
		{"//label[a]{\nx\n//}", "write //label[a] and take out the lines down to //}", "//label[a]"},
		{" * 一\n **** 二", "write ** here: one * more than the item above", " * 一\n ** 二"},
		{"//table[a][b]{\n//}", "write a row above //}, its cells divided by tabs", "//table[a][b]{\nあ\tい\n//}"},
		{"//list[a][b]{\n//}\n\n//list[a][c]{\n//}", "write another id here, or in line 3", "//list[a][b]{\n//}\n\n//list[c][c]{\n//}"},
		{"//footnote[a][b]", "refer to it with @<fn>{a}, or take the line out", "@<fn>{a}\n\n//footnote[a][b]"},
		{": 用語\n    説明", "write a space before the :", " : 用語\n    説明"},
		{"======= 深い", "take some = away", "====== 深い"},
		{"===[/column]", "take it out, or open it with ===[column]", "===[column] 題\n\n===[/column]"},
		{"//}", "take it out, or see whether the block's first line ends in {", "本文"},
		{"//emlist{\nx", "put //} on a line of its own at its end", "//emlist{\nx\n//}"},
		{"@<b>{太い@<i>{斜体}}", "close the outer command first; text with a } needs @<b>$...$ instead of @<b>{...}", "@<b>{太い}@<i>{斜体}"},
		{"== ", "write the title after the = signs", "== 題"},
		{"// 注", "write @<embed>{//} for the text itself", "@<embed>{//} 注"},
		{"あ\x07い", "delete it: your editor can show invisible characters", "あい"},
		{"//endnote[a][b]\n\n@<endnote>{a}", "put //printendnotes at its end", "//endnote[a][b]\n\n@<endnote>{a}\n\n//printendnotes"},
		{"@<pageref>{x}", "check the spelling of the label", "@<pageref>{x}\n\n//label[x]"},
		{"//label[x]\n\n//label[x]", "give each its own name", "//label[x]\n\n//label[y]"},
		{" * 一\n\n//beginchild\n\n二", "//beginchild stands right after an item list and is closed with //endchild", " * 一\n\n//beginchild\n\n二\n\n//endchild"},
		{"本文\n\n//endchild", "//beginchild stands right after an item list and is closed with //endchild", " * 一\n\n//beginchild\n\n//endchild"},
		{"@<hd>{手順}\n\n== 一\n\n=== 手順\n\n== 二\n\n=== 手順", "write chapter|id, and give every heading a label of its own with =={label}", "@<hd>{a}\n\n== 一\n\n==={a} 手順\n\n== 二\n\n==={b} 手順"},
		{"@<sec>{深}\n\n==== 深", "use @<title> or @<sectitle>, or raise secnolevel in the config", "@<sectitle>{深}\n\n==== 深"},
	} {
		b := readOne("= 章\n\n" + c.text + "\n")
		found := false
		for _, f := range b.Faults {
			found = found || f.Hint == c.hint
		}
		if !found {
			t.Errorf("%q: %v", c.text, b.Faults)
		}
		if b := readOne("= 章\n\n" + c.mended + "\n"); len(b.Faults) > 0 {
			t.Errorf("%q: %v", c.mended, b.Faults)
		}
	}
}

// What follows from a line that is not what it is meant to be points to that line.
func TestWhatFollowsNamesTheLineToMend(t *testing.T) {
	for text, hints := range map[string]string{
		"@<list>{a}\n\n //list[a][題]{\nx\n//}":       "mend line 5, which is meant to give this id; take the space away: //list[a][題]{; mend line 5, which is meant to begin this block",
		"@<list>{a}\n\n//lst[a][題]{\nx\n//}":         "mend line 5, which is meant to give this id; write //list",
		"@<list>{a}\n\n//list[a][題]\nx\n//}":         "write //list[a][題]{ and below its last line //}; mend line 5, which is meant to begin this block",
		"@<img>{logo}\n\n//image[Logo.png][題]{\n//}": "mend line 5, which is meant to give this id; write //image[logo]: the file is images/ch01-logo.png",
	} {
		files := memory{"images/ch01-logo.png": "", "ch01.re": "= 章\n\n" + text + "\n"}
		b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
		var said []string
		for _, f := range b.Faults {
			said = append(said, f.Hint)
		}
		if got := strings.Join(said, "; "); got != hints {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// Whatever looks through a chapter for what may be meant asks mayGuess before, so
// that a chapter of nothing but mistakes takes time in proportion to its length.
func TestGuessesAreBounded(t *testing.T) {
	for _, line := range []string{"//note{", "@<list>{x}", "//indepimage[x]", "@<nosuch>{x}", "//nosuch{", " //list[a][b]{"} {
		r := &reader{manuscript: &Manuscript{Dir: ".", Files: memory{}}, settings: &Settings{}}
		r.prepare()
		p := &parser{reader: r, chapter: &Chapter{ID: "ch01"}, lostIDs: map[string]bool{}, meant: map[string]Place{}}
		p.src = readSource("ch01.re", []byte(strings.Repeat(line+"\n\n", 3000)), &p.room, p.add)
		p.parse()
		if len(p.faults) > 3*maxFaults || line == "//note{" && p.guesses < 2000 {
			t.Errorf("%s: %d faults, %d guesses", line, len(p.faults), p.guesses)
		}
	}
}
