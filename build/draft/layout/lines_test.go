package layout

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/review"
)

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
		for _, line := range linesOf(s) {
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
