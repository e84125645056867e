package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/review"
)

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
