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

// sheetsOf are the sheets of a chapter.
func sheetsOf(r *Result, id string) []*sheet.Sheet {
	var list []*sheet.Sheet
	for _, s := range r.Sheets {
		if s.Chapter == id {
			list = append(list, s)
		}
	}
	return list
}

// textOf returns what stands on a sheet, in the order in which it was set,
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

// linesOf groups a sheet's runs by their baseline.
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

func TestAFootnoteThatBecomesAnEndnoteIsSetAgain(t *testing.T) {
	foot, end := &review.Note{ID: "a", Number: 1, Text: words_("注")}, &review.Note{ID: "a", Number: 1, Text: words_("注"), Endnote: true}
	with := func(ref *review.NoteRef) *review.Book {
		b := bookOf([]review.Block{&review.Paragraph{Text: []review.Inline{&review.Text{Text: "字"}, ref}}})
		b.Chapters[0].Notes, b.Chapters[0].Endnotes = []*review.Note{foot}, []*review.Note{end}
		return b
	}
	var ts Typesetter
	set(t, &ts, with(&review.NoteRef{Arg: "a", Note: foot}), nil)
	if again := set(t, &ts, with(&review.NoteRef{Arg: "a", Note: end, Endnote: true}), nil); !slices.Equal(again.Fresh, []string{"ch01"}) {
		t.Errorf("%v were set again", again.Fresh)
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
	crowd := &review.Paragraph{}
	for range 40_000 {
		crowd.Text = append(crowd.Text, &review.Icon{ID: "a", File: "a.png"})
	}
	if r := set(t, &Typesetter{}, bookOf([]review.Block{crowd}), pictures{10, 10}); len(sheetsOf(r, "ch01")) < 10 {
		t.Errorf("40,000 icons stand on %d pages", len(sheetsOf(r, "ch01")))
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

func TestContentsWithoutTitleAndEntriesTakeNoPage(t *testing.T) {
	b := review.Read(&review.Manuscript{Dir: ".", Config: map[string]any{"toctitle": "", "toclevel": 0}, Files: noFiles{}})
	b.Chapters = bookOf([]review.Block{para("字")}).Chapters
	r := set(t, &Typesetter{}, b, nil)
	for i, s := range r.Sheets {
		if s == nil {
			t.Fatalf("sheet %d is not drawn", i)
		}
	}
	if text := allText(r, "ch01"); !strings.Contains(text, "字") {
		t.Errorf("the chapter says %q", text)
	}
}

func TestSettingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Typesetter{}).Set(ctx, Input{Book: bookOf([]review.Block{para("甲")})}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
