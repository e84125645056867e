package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// pictures are images of one size.
type pictures struct{ w, h float64 }

func (p pictures) Picture(file string) Picture {
	if strings.HasPrefix(file, "missing") {
		return Picture{File: file, Err: errors.New("cannot be read")}
	}
	return Picture{File: file, Width: p.w, Height: p.h}
}

// bookOf is a book of chapters, each with its blocks.
func bookOf(chapters ...[]review.Block) *review.Book {
	b := &review.Book{Settings: &review.Settings{}, Locale: &review.Locale{}}
	for i, blocks := range chapters {
		id := fmt.Sprintf("ch%02d", i+1)
		for j, block := range blocks { // places, as a reader gives them
			place := reflect.ValueOf(block).Elem().FieldByName("Place")
			place.Set(reflect.ValueOf(review.Place{File: id + ".re", Line: j + 1}))
		}
		c := &review.Chapter{ID: id, Kind: review.Body, Number: i + 1, Label: fmt.Sprintf("第%d章", i+1), Blocks: blocks}
		c.Title = words_("題名" + id)
		c.Blocks = append([]review.Block{&review.Heading{Place: review.Place{File: id + ".re"}, Level: 1, Number: c.Label, Title: c.Title}}, blocks...)
		b.Chapters = append(b.Chapters, c)
	}
	return b
}

func words_(s string) []review.Inline { return []review.Inline{&review.Text{Text: s}} }

func para(s string) *review.Paragraph { return &review.Paragraph{Text: words_(s)} }

func set(t testing.TB, ts *Typesetter, b *review.Book, p Pictures) *Result {
	t.Helper()
	r, err := ts.Set(context.Background(), Input{Book: b, Pictures: p})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// body are the sheets of a chapter.
func sheetsOf(r *Result, id string) []*sheet.Sheet {
	var list []*sheet.Sheet
	for _, s := range r.Sheets {
		if s.Chapter == id {
			list = append(list, s)
		}
	}
	return list
}

// text returns what stands on a sheet, in the order in which it was set,
// without its head and foot.
func textOf(s *sheet.Sheet) string {
	g := ReadGeometry(&review.Settings{})
	var b strings.Builder
	for _, r := range s.Runs {
		if float64(r.Y) > g.Head && float64(r.Y) < g.Head+g.TextHeight+1 {
			b.WriteString(string(r.Runes))
		}
	}
	return b.String()
}

func allText(r *Result, id string) string {
	var b strings.Builder
	for _, s := range sheetsOf(r, id) {
		b.WriteString(textOf(s))
	}
	return b.String()
}

// japaneseText is running text with the punctuation that makes lines hard.
func japaneseText(seed uint64, sentences int) string {
	words := []string{"吾輩は猫である", "名前はまだ無い", "（どこで生れたか）", "「とんと見当がつかぬ」", "Docker", "bookci build", "コンピュータ", "きゃっと", "第1章", "……", "——", "『設定（config.yml）』", "ニャーニャー", "・", "version 5.9", "々", "？", "！"}
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for range sentences {
		for range 2 + r.IntN(7) {
			b.WriteString(words[r.IntN(len(words))])
			if r.IntN(4) == 0 {
				b.WriteString("、")
			}
		}
		b.WriteString("。")
	}
	return b.String()
}

// lineOf groups a sheet's runs by their baseline.
func linesOf(s *sheet.Sheet) [][]sheet.Run {
	g := ReadGeometry(&review.Settings{})
	var lines [][]sheet.Run
	for _, r := range s.Runs {
		if float64(r.Y) <= g.Head || float64(r.Y) > g.Head+g.TextHeight+1 {
			continue
		}
		if n := len(lines); n > 0 && lines[n-1][0].Y == r.Y {
			lines[n-1] = append(lines[n-1], r)
		} else {
			lines = append(lines, []sheet.Run{r})
		}
	}
	return lines
}

func TestLinesKeepTheRulesOfPunctuation(t *testing.T) {
	const forbiddenStart = "、。，．」』）〕］｝〉》】・：；！？ぁぃぅぇぉっゃゅょァィゥェォッャュョーヽヾゝゞ々〜"
	const forbiddenEnd = "「『（〔［｛〈《【"
	var blocks []review.Block
	for i := range 40 {
		// A paragraph may begin with any character; here it begins with a plain one.
		blocks = append(blocks, para("序"+japaneseText(uint64(i), 12)))
	}
	r := set(t, &Typesetter{}, bookOf(blocks), nil)
	g := ReadGeometry(&review.Settings{})
	lines, full := 0, 0
	for _, s := range sheetsOf(r, "ch01") {
		for _, line := range linesOf(s)[0:] {
			if line[0].Size > float32(g.Em)*1.1 {
				continue // the chapter's title
			}
			lines++
			first, last := line[0].Runes[0], line[len(line)-1].Runes[len(line[len(line)-1].Runes)-1]
			if strings.ContainsRune(forbiddenStart, first) {
				t.Errorf("a line begins with %c", first)
			}
			if strings.ContainsRune(forbiddenEnd, last) {
				t.Errorf("a line ends with %c", last)
			}
			end := line[len(line)-1]
			left, right := float64(line[0].X), float64(end.X+end.Width())
			right -= emptyRight(last) * g.Em
			edge := edgeOf(s, g)
			if left < edge-g.Em/2-0.1 || right > edge+g.TextWidth+0.15 {
				t.Errorf("a line reaches from %.2f to %.2f beyond %.2f to %.2f: %s", left, right, edge, edge+g.TextWidth, string(end.Runes))
			}
			if right > edge+g.TextWidth-0.15 {
				full++
			}
		}
	}
	if lines < 200 || full < lines*7/10 {
		t.Errorf("%d of %d lines are justified", full, lines)
	}
}

// emptyRight is how much of a glyph's right is empty, in ems.
func emptyRight(r rune) float64 {
	switch classify(r) {
	case closing, comma, stop:
		return 0.5
	case middle:
		return 0.25
	}
	return 0
}

// edgeOf is where the text of a sheet begins.
func edgeOf(s *sheet.Sheet, g Geometry) float64 {
	n := 0
	fmt.Sscan(s.Label, &n)
	return g.Left(n)
}

func TestNoCharacterIsLost(t *testing.T) {
	var blocks []review.Block
	var want strings.Builder
	want.WriteString("第1章題名ch01")
	for i := range 30 {
		s := japaneseText(uint64(i), 9)
		blocks = append(blocks, para(s))
		want.WriteString(s)
	}
	strip := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	got := allText(set(t, &Typesetter{}, bookOf(blocks), nil), "ch01")
	if strip(got) != strip(want.String()) {
		t.Errorf("the pages hold %d characters of %d", len(strip(got)), len(strip(want.String())))
	}
}

func TestHeadingsStandWithWhatFollows(t *testing.T) {
	for lines := range 60 { // the heading comes to stand at every height
		var blocks []review.Block
		for range lines {
			blocks = append(blocks, para("一行"))
		}
		blocks = append(blocks, &review.Heading{Level: 2, Number: "1.1", Title: words_("節の題")}, para(strings.Repeat("続く文章", 40)))
		r := set(t, &Typesetter{}, bookOf(blocks), nil)
		for _, s := range sheetsOf(r, "ch01") {
			if text := textOf(s); strings.HasSuffix(text, "節の題") {
				t.Fatalf("with %d lines before it a heading ends the page", lines)
			}
		}
	}
}

func TestNoLineOfAParagraphStandsAlone(t *testing.T) {
	for lines := range 45 {
		var blocks []review.Block
		for range lines {
			blocks = append(blocks, para("一"))
		}
		blocks = append(blocks, para(strings.Repeat("二", 200)))
		for _, s := range sheetsOf(set(t, &Typesetter{}, bookOf(blocks), nil), "ch01") {
			count := 0
			for _, line := range linesOf(s) {
				if line[0].Runes[0] == '二' {
					count++
				}
			}
			if count == 1 {
				t.Fatalf("with %d lines before it one line of a paragraph stands alone", lines)
			}
		}
	}
}

func TestFootnotesStandOnThePageOfTheirMark(t *testing.T) {
	var blocks []review.Block
	for i := range 60 {
		note := &review.Note{ID: fmt.Sprint(i), Number: i + 1, Text: words_(fmt.Sprintf("注釈%d終", i))}
		blocks = append(blocks, &review.Paragraph{Text: []review.Inline{
			&review.Text{Text: strings.Repeat("本文", 20+i) + fmt.Sprintf("印%d終", i)}, &review.NoteRef{Arg: note.ID, Note: note},
		}})
	}
	found := 0
	for _, s := range sheetsOf(set(t, &Typesetter{}, bookOf(blocks), nil), "ch01") {
		text := textOf(s)
		for i := range 60 {
			mark, note := strings.Contains(text, fmt.Sprintf("印%d終", i)), strings.Contains(text, fmt.Sprintf("注釈%d終", i))
			if note {
				found++
			}
			if mark != note && !strings.HasPrefix(text, fmt.Sprintf("印%d終", i)) {
				t.Errorf("on page %s of mark and note %d there is one", s.Label, i)
			}
		}
	}
	if found != 60 {
		t.Errorf("%d of 60 notes are there", found)
	}
}

func TestTablesGoOnAndFit(t *testing.T) {
	table := &review.Table{Command: "table", ID: "t", Caption: review.Caption{Label: "表1.1", Text: words_("大きな表")}, HeaderRows: 1}
	for i := range 120 {
		table.Rows = append(table.Rows, []*review.Cell{
			{Text: words_(fmt.Sprintf("行%d終", i)), Header: i == 0}, {Text: words_(strings.Repeat("長い説明", 30))}, {Text: words_("supercalifragilisticexpialidocious/and/more/of/it")},
		})
	}
	r := set(t, &Typesetter{}, bookOf([]review.Block{table}), nil)
	text := allText(r, "ch01")
	if n := strings.Count(text, "行0終"); n != len(sheetsOf(r, "ch01")) || n < 3 {
		t.Errorf("the head stands %d times on %d pages", n, len(sheetsOf(r, "ch01")))
	}
	for i := 1; i < 120; i++ {
		if strings.Count(text, fmt.Sprintf("行%d終", i)) != 1 {
			t.Errorf("row %d is not there once", i)
		}
	}
	fitsOnPages(t, r)
}

// fitsOnPages holds that nothing is drawn beyond the text's edges.
func fitsOnPages(t *testing.T, r *Result) {
	t.Helper()
	g := ReadGeometry(&review.Settings{})
	for _, s := range r.Sheets {
		if s.Chapter == "" {
			continue
		}
		edge := edgeOf(s, g)
		for _, run := range s.Runs {
			right := float64(run.X + run.Width())
			right -= emptyRight(run.Runes[len(run.Runes)-1]) * float64(run.Size)
			if float64(run.X) < edge-g.Em/2-0.2 || right > edge+g.TextWidth+0.3 {
				t.Errorf("page %s: %q reaches from %.1f to %.1f", s.Label, string(run.Runes), float64(run.X)-edge, right-edge)
			}
			if float64(run.Y) > g.Paper.Height || run.Y < 0 {
				t.Errorf("page %s: %q stands at %.1f", s.Label, string(run.Runes), run.Y)
			}
		}
		for _, f := range s.Fills {
			if float64(f.X) < edge-6 || float64(f.X+f.Width) > edge+g.TextWidth+6 || float64(f.Y+f.Height) > g.Head+g.TextHeight+g.Lead {
				t.Errorf("page %s: a rule reaches to %.1f, %.1f", s.Label, float64(f.X+f.Width)-edge, f.Y+f.Height)
			}
		}
		for _, p := range s.Pictures {
			if float64(p.X) < edge-0.1 || float64(p.X+p.Width) > edge+g.TextWidth+0.1 || float64(p.Y+p.Height) > g.Head+g.TextHeight+0.1 {
				t.Errorf("page %s: a picture reaches to %.1f, %.1f", s.Label, float64(p.X+p.Width)-edge, p.Y+p.Height)
			}
		}
	}
}

func TestCodeIsBrokenWhereItIsTooLong(t *testing.T) {
	code := &review.Code{Command: "listnum", ID: "l", Caption: review.Caption{Label: "リスト1.1", Text: words_("長い行")}, Numbered: true, FirstLine: 98}
	for i := range 200 {
		code.Lines = append(code.Lines, review.Line{Text: words_(fmt.Sprintf("行%d終\t", i) + strings.Repeat("0123456789abcdef漢", i%9))})
	}
	r := set(t, &Typesetter{}, bookOf([]review.Block{code}), nil)
	text := allText(r, "ch01")
	for i := range 200 {
		if !strings.Contains(text, fmt.Sprintf("%2d: 行%d終", 98+i, i)) {
			t.Errorf("line %d is not there with its number", i)
		}
	}
	if n := strings.Count(text, "漢"); n != strings.Count(linesText(code), "漢") {
		t.Errorf("%d of the long lines' characters are there", n)
	}
	fitsOnPages(t, r)
}

func linesText(c *review.Code) string {
	var b strings.Builder
	for _, l := range c.Lines {
		b.WriteString(plain(l.Text))
	}
	return b.String()
}

func TestPicturesFitOnTheirPage(t *testing.T) {
	for _, size := range []pictures{{100, 50}, {2000, 300}, {300, 5000}, {9000, 9000}} {
		var blocks []review.Block
		for i := range 12 {
			blocks = append(blocks, para(japaneseText(uint64(i), 8)), &review.Image{Command: "image", ID: fmt.Sprint(i), File: "a.png", Caption: review.Caption{Label: "図1.1", Text: words_("図の題")}})
		}
		r := set(t, &Typesetter{}, bookOf(blocks), size)
		fitsOnPages(t, r)
		count := 0
		for _, s := range r.Sheets {
			count += len(s.Pictures)
		}
		if count != 12 {
			t.Errorf("%d of 12 pictures of %v are there", count, size)
		}
	}
}

func TestAMissingPictureSaysSo(t *testing.T) {
	r := set(t, &Typesetter{}, bookOf([]review.Block{&review.Image{Command: "image", ID: "x", File: "missing.png"}}), pictures{1, 1})
	if text := allText(r, "ch01"); !strings.Contains(text, "missing.png: cannot be read") {
		t.Errorf("the page says %q", text)
	}
}

func TestWhatOnlyTeXKnowsIsShownAsItsSource(t *testing.T) {
	blocks := []review.Block{
		&review.Equation{ID: "e", Caption: review.Caption{Label: "式1.1"}, Source: `\sum_{i=1}^n x_i`},
		&review.Embed{Command: "embed", Builders: []string{"latex"}, Text: `\vspace{3zw}`},
		&review.Embed{Command: "embed", Builders: []string{"html"}, Text: `<hr class="x">`},
		&review.Image{Command: "graph", Lines: []review.Line{{Text: words_("digraph { a -> b }")}}},
		&review.Unknown{Name: "spell", Args: []string{"arg"}, Lines: []review.Line{{Text: words_("inner text")}}},
		&review.Paragraph{Text: []review.Inline{&review.Math{Source: `\alpha+1`}, &review.InlineEmbed{Builders: nil, Text: `\relax`}, &review.UnknownInline{Command: "zap", Arg: "boom"}}},
	}
	text := strings.ReplaceAll(allText(set(t, &Typesetter{}, bookOf(blocks), nil), "ch01"), " ", "")
	for _, want := range []string{`\sum_{i=1}^nx_i`, `\vspace{3zw}`, "digraph{a->b}", "//spell[arg]", "innertext", `\alpha+1`, `\relax`, "@<zap>{boom}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not shown", want)
		}
	}
	if strings.Contains(text, "<hr") {
		t.Error("what is meant for HTML is shown")
	}
}

func TestPageReferencesAreReal(t *testing.T) {
	blocks := []review.Block{&review.Paragraph{Text: []review.Inline{&review.Text{Text: "頁「"}, &review.PageRef{Arg: "far"}, &review.Text{Text: "」を見よ"}}}}
	var far []review.Block
	for i := range 30 {
		far = append(far, para(japaneseText(uint64(i), 20)))
	}
	far = append(far, &review.Command{Name: "label", Args: []string{"far"}}, para("ここ終"))
	r := set(t, &Typesetter{}, bookOf(blocks, far), nil)
	page := ""
	for _, s := range sheetsOf(r, "ch02") {
		if strings.Contains(textOf(s), "ここ終") {
			page = s.Label
		}
	}
	if text := allText(r, "ch01"); page == "" || !strings.Contains(text, "頁「"+page+"」") {
		t.Errorf("the label stands on page %q, and the text says %q", page, text)
	}
}

func TestOnlyTheEditedChapterIsSetAgain(t *testing.T) {
	make := func(edit string) *review.Book {
		var all [][]review.Block
		for c := range 5 {
			var blocks []review.Block
			for i := range 20 {
				blocks = append(blocks, para(japaneseText(uint64(c*100+i), 8)))
			}
			if c == 2 {
				blocks = append(blocks, para(edit))
			}
			all = append(all, blocks)
		}
		return bookOf(all...)
	}
	var ts Typesetter
	first := set(t, &ts, make("前"), nil)
	again := set(t, &ts, make("後"), nil)
	if !slices.Equal(again.Fresh, []string{"ch03"}) {
		t.Errorf("%v were set again", again.Fresh)
	}
	if !strings.Contains(allText(again, "ch03"), "後") {
		t.Error("the edit is not there")
	}
	for i := range first.Sheets {
		if first.Sheets[i].Chapter == "ch05" && first.Sheets[i] != again.Sheets[i] {
			t.Error("a page of another chapter is another sheet")
		}
	}
	fresh := set(t, &Typesetter{}, make("後"), nil)
	if len(fresh.Sheets) != len(again.Sheets) {
		t.Fatalf("%d pages from nothing, %d after an edit", len(fresh.Sheets), len(again.Sheets))
	}
	for i := range fresh.Sheets {
		if !reflect.DeepEqual(fresh.Sheets[i], again.Sheets[i]) {
			t.Errorf("page %d differs from the one made from nothing", i)
		}
	}
}

func TestEveryPageSaysThatItIsADraft(t *testing.T) {
	r := set(t, &Typesetter{}, bookOf([]review.Block{para("甲")}, []review.Block{para("乙")}), nil)
	for i, s := range r.Sheets {
		text := ""
		for _, run := range s.Runs {
			text += string(run.Runes)
		}
		if !strings.Contains(text, "下書き") {
			t.Errorf("page %d does not", i)
		}
	}
}

func TestHostileManuscriptsAreBounded(t *testing.T) {
	deep := []review.Block{para("底")}
	for range 300 {
		deep = []review.Block{&review.ItemList{Items: []*review.Item{{Text: words_("段"), Blocks: deep}}}}
	}
	self := &review.Note{ID: "n", Number: 1}
	self.Text = []review.Inline{&review.Text{Text: "注"}, &review.NoteRef{Arg: "n", Note: self}}
	long := &review.Note{ID: "m", Number: 2, Text: words_(strings.Repeat("長い注", 5000))}
	blocks := append(deep,
		&review.Paragraph{Text: []review.Inline{&review.Text{Text: "字"}, &review.NoteRef{Arg: "n", Note: self}, &review.NoteRef{Arg: "m", Note: long}}},
		para(strings.Repeat("x", 20000)), para(strings.Repeat("「", 3000)), para(strings.Repeat("。", 3000)), para(strings.Repeat("\u3099", 3000)),
		&review.Paragraph{Text: []review.Inline{&review.Ruby{Base: strings.Repeat("親", 3000), Reading: "よみ"}, &review.Ruby{Base: "親", Reading: strings.Repeat("よ", 3000)}, &review.Ruby{}}},
		&review.Table{Rows: [][]*review.Cell{make([]*review.Cell, 0)}, Widths: "*{99}{p{900mm}}"},
	)
	wide := &review.Table{Widths: strings.Repeat("|p{500mm}", 500)}
	for range 3 {
		var row []*review.Cell
		for range 500 {
			row = append(row, &review.Cell{Text: words_("升")})
		}
		wide.Rows = append(wide.Rows, row)
	}
	blocks = append(blocks, wide)
	r := set(t, &Typesetter{}, bookOf(blocks), nil)
	if len(r.Sheets) > 400 {
		t.Errorf("%d pages", len(r.Sheets))
	}
	huge := set(t, &Typesetter{}, bookOf([]review.Block{para(strings.Repeat("あいうえお。", 2_000_000))}, []review.Block{para("次")}), nil)
	if !slices.Equal(huge.Cut, []string{"ch01"}) {
		t.Errorf("a chapter of 12 million characters is not cut: %v", huge.Cut)
	}
}

func TestCharactersThatNoTypefaceHasAreTold(t *testing.T) {
	table := &review.Table{Rows: [][]*review.Cell{{{Text: words_("升😀")}}}}
	note := &review.Note{ID: "n", Number: 1, Text: words_("注🎉")}
	r := set(t, &Typesetter{}, bookOf([]review.Block{para("字🍣と〓"), table, &review.Paragraph{Text: []review.Inline{&review.NoteRef{Arg: "n", Note: note}}}}, []review.Block{para("並")}), nil)
	if got := string(r.Lacks["ch01"]); got != "🍣🎉😀" || len(r.Lacks) != 1 {
		t.Errorf("told are %q", r.Lacks)
	}
	if text := allText(r, "ch01"); strings.Count(text, "〓") != 4 {
		t.Errorf("the page shows %q", text)
	}
}

func TestADashOfTwoIsTwoKanjiWide(t *testing.T) {
	h, err := loadHand()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "—―" {
		var dash text
		dash.add(strings.Repeat(string(r), 2), h.body(10))
		if width := dash.natural(0, 2); width != 20 || dash.glyphs[0].r != r {
			t.Errorf("%q is %v em wide, and read as %q", r, width/10, dash.glyphs[0].r)
		}
	}
}

// noFiles is a folder that holds nothing.
type noFiles struct{}

func (noFiles) Read(string) ([]byte, error) { return nil, fs.ErrNotExist }
func (noFiles) Images(string) []string      { return nil }

func TestABookWithoutADateBearsThatOfItsSources(t *testing.T) {
	for _, c := range []struct{ config, want string }{{"", "2030"}, {"2029-12-24", "2029"}} {
		config := map[string]any{"colophon": true}
		if c.config != "" {
			config["date"] = c.config
		}
		b := review.Read(&review.Manuscript{Dir: ".", Config: config, Files: noFiles{}})
		b.Chapters = bookOf([]review.Block{para("字")}).Chapters
		r, err := (&Typesetter{}).Set(t.Context(), Input{Book: b, Date: "2030-01-31"})
		if err != nil {
			t.Fatal(err)
		}
		dated := 0 // sheets: the title page and the colophon
		for _, s := range r.Sheets {
			var text strings.Builder
			for _, run := range s.Runs {
				text.WriteString(string(run.Runes))
			}
			if strings.Contains(text.String(), c.want) {
				dated++
			}
		}
		if dated != 2 {
			t.Errorf("with the date %q in the config, %s stands on %d pages", c.config, c.want, dated)
		}
	}
}

// A box for which there is no room moves to the next page, as TeX has it; one
// that no page holds is parted.
func TestABoxIsNotPartedWhereAPageHoldsIt(t *testing.T) {
	box := func(lines int) *review.Box {
		b := &review.Box{Command: "memo", Caption: words_("箱の題")}
		for range lines {
			b.Blocks = append(b.Blocks, para("箱"))
		}
		return b
	}
	for before := range 40 {
		var blocks []review.Block
		for range before {
			blocks = append(blocks, para("前"))
		}
		pages := 0
		for _, s := range sheetsOf(set(t, &Typesetter{}, bookOf(append(blocks, box(5))), nil), "ch01") {
			if strings.Contains(textOf(s), "箱") {
				pages++
			}
		}
		if pages != 1 {
			t.Fatalf("after %d lines a box of 5 lies on %d pages", before, pages)
		}
	}
	if r := sheetsOf(set(t, &Typesetter{}, bookOf([]review.Block{para("前"), box(100)}), nil), "ch01"); len(r) < 3 || !strings.Contains(textOf(r[0]), "箱") {
		t.Errorf("a box of 100 lines lies on %d pages, or begins no page", len(r))
	}
}

func TestSettingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Typesetter{}).Set(ctx, Input{Book: bookOf([]review.Block{para("甲")})}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestLengthsOfTeX(t *testing.T) {
	for s, want := range map[string]float64{"10pt": 9.963, "72.27pt": 72, "1in": 72, "25.4mm": 72, "2zw": 20, "13Q": 9.213, "3": -1, "": -1, "pt": -1, "1e9pt": -1} {
		if got := parseLength(s, 10, -1); got < want-0.01 || got > want+0.01 {
			t.Errorf("%q is %v, not %v", s, got, want)
		}
	}
}

func TestTheClassOptionsPlaceTheText(t *testing.T) {
	options := classSettings{"line_length": "35zw", "number_of_lines": "32", "head_space": "18mm", "gutter": "16mm", "baselineskip": "15.5pt"}
	g := Geometry{Em: 9.2, Lead: 15.44}
	g.Paper.Width, g.Paper.Height = 148*mm, 210*mm
	g.measureText(options)
	near := func(a, b float64) bool { return a-b < 0.001 && b-a < 0.001 }
	if !near(g.TextWidth, 35*9.2) || !near(g.Gutter, 16*mm) || !near(g.Head, 18*mm) {
		t.Errorf("width %v, gutter %v, head %v", g.TextWidth, g.Gutter, g.Head)
	}
	if lines := int((g.TextHeight-g.TopSkip)/g.Lead) + 1; lines != 32 {
		t.Errorf("%d lines fit", lines)
	}
	if !near(g.Left(1), 16*mm) || g.Left(2) <= g.Left(1)-20 || g.Left(2)+g.TextWidth > g.Paper.Width-16*mm+0.001 {
		t.Errorf("pages begin at %v and %v", g.Left(1), g.Left(2))
	}
}
