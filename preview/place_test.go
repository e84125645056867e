package preview

import (
	"slices"
	"strings"
	"testing"
)

const chapterText = `= はじめに

この章では、道具を@<b>{入れ}、新しい本を作ります。

//list[hello][最初の例]{
puts "hello"
//}

同じ文がここにあります。次の段落。

 * 箇条書きの@<code>{一つ目}

=={sec} 節の見出し

同じ文がここにあります。別の段落。
`

func lines(texts ...string) []line {
	var list []line
	for i, t := range texts {
		list = append(list, line{text: plain(t), left: 0.1, right: 0.9, top: 0.1 + 0.05*float64(i), foot: 0.14 + 0.05*float64(i)})
	}
	return list
}

var printedPage = lines("第 1 章 はじめに", "この章では、道具を入れ、新しい本を", "作ります。", "リスト 1.1: 最初の例", "puts \"hello\"", "同じ文がここにあります。次の段落。", "• 箇条書きの一つ目", "1.1 節の見出し", "同じ文がここにあります。別の段落。", "3")

func TestAPointOfAPageLeadsToItsLine(t *testing.T) {
	sources := []source{{"other.re", readManuscript("= 別の章\n\n同じ文がここにあります。")}, {"ch01.re", readManuscript(chapterText)}}
	for y, want := range map[int]int{0: 1, 1: 3, 2: 3, 3: 5, 4: 6, 5: 9, 6: 11, 7: 13, 8: 15} {
		got := findPlace(printedPage, 0.5, 0.12+0.05*float64(y), sources)
		if got.File != "ch01.re" || got.Line != want {
			t.Errorf("line of print %q is at %s:%d, want line %d", string(printedPage[y].text), got.File, got.Line, want)
		}
	}
	if got := findPlace(nil, 0.5, 0.5, sources); got.Line != 0 {
		t.Errorf("an empty page is at %+v", got)
	}
}

func TestALineLeadsToItsSpot(t *testing.T) {
	src := source{"ch01.re", readManuscript(chapterText)}
	pages := [][]line{lines("目次", "はじめに … 3"), printedPage}
	for n, want := range map[int]int{3: 1, 5: 3, 6: 4, 9: 5, 11: 6, 13: 7, 15: 8} {
		at := findSpot(pages, 2, 2, src, n)
		if at.Page != 2 || at.Top != printedPage[want].top {
			t.Errorf("line %d is at %+v, want %q", n, at, string(printedPage[want].text))
		}
	}
	if at := findSpot(pages, 1, 2, source{"x.re", readManuscript("まったく違う文章です")}, 1); at.Page != 0 {
		t.Errorf("a text that is not there is at %+v", at)
	}
}

// A PDF for the printer has no outline: the preview's contents have the sections
// all the same, as those of a draft and of a PDF for the screen.
func TestSectionsAreFoundWithoutAnOutline(t *testing.T) {
	const text = "= はじめに\n\nこの章では、道具を入れます。\n\n//list[a][題]{\n== これはコード\n//}\n\n" +
		"==[column] 余談の題\n\n余談の本文です。\n\n==[/column]\n\n=={sec} 節の見出し\n\n節の本文がここにあります。\n\n== どこにもない見出しです\n"
	pages := [][]line{
		lines("目次", "はじめに … 3", "余談の題 … 3", "節の見出し … 4"), lines("別のページ"),
		lines("第 1 章 はじめに", "この章では、道具を入れます。", "== これはコード", "余談の題", "余談の本文です。"), lines("1.1 節の見出し", "節の本文がここにあります。"),
	}
	list, next := findHeadings(pages, 1, "ch01.re", text)
	want := []Entry{{Title: "はじめに", Page: 3, Level: 1}, {Title: "余談の題", Page: 3, Level: 2}, {Title: "節の見出し", Page: 4, Level: 2}}
	if !slices.Equal(list, want) || next != 4 {
		t.Errorf("found are %+v, and the next chapter begins at page %d", list, next)
	}
}

func TestMarkupIsNotPrinted(t *testing.T) {
	for in, want := range map[string]string{
		"@<b>{太い}字": "太い字", "@<code>$a{b}$です": "a{b}です", "@<ruby>{漢字, かんじ}": "漢字", "@<href>{http://x, ここ}": " ここ",
		"a@<b>{\\}}c": "a}c", "@<list>{x}を見よ": "を見よ", "@<b>{閉じない": "閉じない", "@<": "@<", "@<b>": "@<b>", "@<b>x": "@<b>x",
		"//image[id][題]{": "題", "//}": "", "#@# メモ": "", "== 節": " 節", "=[column]{c} コラム": " コラム", " * 点": "点",
	} {
		if got := printed(in); got != strings.TrimRight(want, "\n") {
			t.Errorf("%q prints %q, want %q", in, got, want)
		}
	}
}

func TestAGlyphWithoutAMeaningDoesNotHideThePagesAfterIt(t *testing.T) {
	const page = `<page width="10" height="20"><line xMin="1" yMin="2" xMax="3" yMax="4"><word>%</word></line></page>`
	pages, err := readWords(strings.NewReader("<doc>" + strings.Replace(page, "%", "\x01\x0b", 1) + strings.Replace(page, "%", "あ", 1) + "</doc>"))
	if err != nil || len(pages) != 2 || len(pages[1]) != 1 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
}

func FuzzPrinted(f *testing.F) {
	for l := range strings.SplitSeq(chapterText, "\n") {
		f.Add(l)
	}
	f.Add("@<b>{\\")
	f.Fuzz(func(t *testing.T, l string) {
		m := readManuscript(l)
		if len(m.text) != len(m.lines) {
			t.Fatal("letters without a line")
		}
		findPlace(lines(l, "x"), 0.5, 0.1, []source{{"a.re", m}})
		findSpot([][]line{lines(l)}, 1, 1, source{"a.re", m}, 1)
	})
}

func FuzzWords(f *testing.F) {
	f.Add(`<doc><page width="10" height="20"><line xMin="1" yMin="2" xMax="3" yMax="4"><word>あ</word></line></page></doc>`)
	f.Add(`<line><word>x</word></line><page width="0">`)
	f.Fuzz(func(t *testing.T, text string) {
		pages, _ := readWords(strings.NewReader(text))
		for _, p := range pages {
			for _, l := range p {
				if len(l.text) == 0 {
					t.Fatal("an empty line")
				}
			}
		}
	})
}
