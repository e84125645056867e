package review

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

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

func TestCellsDividedBySingleSpacesAndRulesOfTwoSignsAreTold(t *testing.T) {
	const tabs, rule = "put a tab between the cells; your editor may write spaces for it", "write ------------"
	for text, want := range map[string]string{
		"あ い う\n------------\nう え お":          "warning " + tabs,
		"名前 値段\n------------\ntomato 120":     "warning " + tabs,
		"あ\tい\n--\nう\tえ":                      "warning " + rule,
		"あ い\n--\nう え":                        "warning " + tabs + "; warning " + rule,
		"Ruby 入門\n------------\nPython 入門":    "",
		"Hello world\n------------\nGood bye": "",
		"あ い う\n------------\nうえお":            "",
		"あ い\nう え":                            "",
		"名前\t値\n------------\nあ い\t1":         "",
		"項目\t値\n------------\n--\tなし":         "",
	} {
		if got := saying("//table[t][題]{\n" + text + "\n//}"); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
