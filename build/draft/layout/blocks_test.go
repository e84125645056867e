package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/review"
)

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

func TestAPictureOnAPageOfTwoLinesIsSmall(t *testing.T) {
	b := review.Read(&review.Manuscript{Dir: ".", Config: map[string]any{"texdocumentclass": []any{"review-jsbook", "number_of_lines=2"}}, Files: noFiles{}})
	b.Chapters = bookOf([]review.Block{&review.Image{Command: "image", ID: "a", File: "a.png", Caption: review.Caption{Label: "図1.1", Text: words_("題")}}}).Chapters
	for _, s := range set(t, &Typesetter{}, b, pictures{100, 50}).Sheets {
		for _, p := range s.Pictures {
			if p.Width <= 0 || p.Height <= 0 {
				t.Errorf("a picture of %.1f by %.1f", p.Width, p.Height)
			}
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
