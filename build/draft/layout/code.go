package layout

import (
	"fmt"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// caption sets the words of a listing, a box or an equation, and tells whether there
// are any.
func (c *chapter) caption(list []review.Inline, label string) bool {
	if len(list) == 0 && label == "" {
		return false
	}
	t := c.fresh()
	st := c.hand.body(c.small)
	if label != "" {
		t.add(label+": ", st)
	}
	c.inlines(t, list, st)
	c.galley.skip(c.lead() * 0.6)
	from := c.set(t, paragraph{lead: c.small * 1.6, size: c.small, how: flushLeft, keepLines: true})
	c.galley.hold(from)
	return true
}

// code sets a listing, or what a terminal shows.
func (c *chapter) code(b *review.Code) {
	g := c.galley
	if b.ID != "" {
		it := g.item()
		it.keep = true
		it.points = append(it.points, itemPoint{anchor: c.anchor("list", b.ID)}, itemPoint{anchor: labelAnchor(b.ID)})
	}
	if !c.words.captionBelow["list"] && c.caption(b.Caption.Text, b.Caption.Label) {
		g.skip(0.3 * c.em())
		g.hold(len(g.items) - 1)
	} else {
		g.skip(c.lead() * 0.8)
	}
	f := &frame{filled: true, ground: sheet.Gray(0.92)}
	st := c.hand.mono(c.small)
	if b.Command == "cmd" {
		f.ground = sheet.Gray(0.1)
		st.color = sheet.White
	}
	number := ""
	if b.Numbered {
		number = "%2d: "
	}
	c.shaded(f, func() { c.codeLines(textsOf(b.Lines), st, number, b.FirstLine) })
	if c.words.captionBelow["list"] {
		g.items[len(g.items)-1].keep = true
		c.caption(b.Caption.Text, b.Caption.Label)
	}
	g.skip(c.lead() * 0.9)
}

func textsOf(lines []review.Line) [][]review.Inline {
	texts := make([][]review.Inline, len(lines))
	for i, l := range lines {
		texts[i] = l.Text
	}
	return texts
}

// codeLines sets lines as they are. What is too long goes on in the next. number is the
// format of the numbers before them, which count from first, "" for none.
func (c *chapter) codeLines(lines [][]review.Inline, st style, number string, first int) {
	g := c.galley
	for i, line := range lines {
		if c.cut {
			return
		}
		t := c.fresh()
		others := 0.0
		if number != "" {
			t.add(fmt.Sprintf(number, first+i), st)
			others = t.natural(0, len(t.glyphs))
		}
		c.inlines(t, untab(line), st)
		if len(t.glyphs) == 0 {
			t.add(" ", st)
		}
		if others > g.width/2 {
			others = 0
		}
		from := c.set(t, paragraph{lead: 1.3 * st.size, size: st.size, others: others, how: flushLeft})
		for j := from; j < len(g.items); j++ {
			g.items[j].keep = false
		}
		// Two lines at least stand on both sides of a page's end.
		if i == 0 || i == len(lines)-2 {
			g.hold(from)
		}
	}
}

// untab replaces tabs by spaces up to the next column of eight.
func untab(line []review.Inline) []review.Inline {
	column := 0
	var out []review.Inline
	for i, n := range line {
		switch n := n.(type) {
		case *review.Text:
			if s, changed := expandTabs(n.Text, &column); changed {
				if out == nil {
					out = append([]review.Inline(nil), line...)
				}
				out[i] = &review.Text{Place: n.Place, Text: s}
			}
		case *review.Span:
			if s, changed := expandTabs(n.Text, &column); changed {
				if out == nil {
					out = append([]review.Inline(nil), line...)
				}
				out[i] = &review.Span{Place: n.Place, Command: n.Command, Text: s}
			}
		}
	}
	if out == nil {
		return line
	}
	return out
}

// expandTabs replaces the tabs of a text that begins at a column, which it moves on.
func expandTabs(s string, column *int) (string, bool) {
	changed := strings.Contains(s, "\t")
	var out []rune
	for _, r := range s {
		if r == '\t' {
			for {
				out = append(out, ' ')
				if *column++; *column%8 == 0 {
					break
				}
			}
			continue
		}
		if changed {
			out = append(out, r)
		}
		if classify(r) == latin || r == ' ' {
			*column++
		} else {
			*column += 2
		}
	}
	if !changed {
		return s, false
	}
	return string(out), true
}
