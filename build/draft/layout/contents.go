package layout

import (
	"github.com/bookci/bookci/build/draft/sheet"
)

// entry is a line of the table of contents.
type entry struct {
	headingMark
	page string
}

// extra begins a chapter that is not of the manuscript.
func (s *setting) extra(title string) *chapter {
	c := &chapter{setting: s, galley: &galley{width: s.geometry.TextWidth}}
	if title != "" {
		g := c.galley
		size := s.scaled(24.88)
		g.pad(2*s.lead()-s.geometry.TopSkip/2, true)
		t := c.fresh()
		t.add(title, s.hand.heading(size))
		c.set(t, paragraph{lead: size * 1.42, size: size, how: flushLeft})
		g.pad(3*s.lead(), true)
		g.hold(0)
	}
	return c
}

// contents sets the table of contents.
func (s *setting) contents(entries []entry) []*body {
	c := s.extra(s.words.contents)
	g := c.galley
	em := c.em()
	for _, e := range entries {
		size := em
		st := c.hand.body(size)
		indent, label := 0.0, 4.7*em
		dotted := true
		switch {
		case e.part:
			g.skip(1.5 * em)
			size = c.scaled(12)
			st, dotted, label = c.hand.heading(size), false, 5*em
		case e.level == 1:
			g.skip(em)
			st, dotted = c.hand.heading(size), false
		default:
			indent = em * float64(min(1+3*(e.level-2), 9))
			label = em * float64(min(2.7+0.8*float64(e.level-1), 5))
		}
		t := c.fresh()
		others := indent
		if e.number != "" {
			t.add(e.number, st)
			w := t.natural(0, len(t.glyphs))
			if n := len(t.glyphs); n > 0 {
				t.glyphs[n-1].width += float32(max(label-w, 0.6*em))
			}
			others += max(label, w+0.6*em)
		}
		start := len(t.glyphs)
		t.add(e.title, st)
		if start < len(t.glyphs) {
			t.glyphs[start].flags |= tight
			if start > 0 {
				t.glyphs[start-1].flags |= tight
			}
		}
		from := len(g.items)
		g.width -= 3 * em // room for the page
		c.set(t, paragraph{lead: c.lead(), size: size, first: indent, others: others, how: flushLeft, keepLines: true})
		g.width += 3 * em
		if len(g.items) == from {
			continue
		}
		last := &g.items[len(g.items)-1]
		end := indent
		for _, r := range last.runs {
			end = max(end, float64(r.X+r.Width()))
		}
		c.pageNumber(last, e, st, end, dotted)
		if e.level == 1 {
			last.keep = true
		}
	}
	return s.paginate(g.items)
}

// pageNumber sets an entry's page at the right edge, with dots before it.
func (c *chapter) pageNumber(it *item, e entry, st style, end float64, dotted bool) {
	var t text
	t.add(e.page, st)
	w := t.natural(0, len(t.glyphs))
	right := c.geometry.TextWidth
	t.emit(it, lineBreak{end: len(t.glyphs), natural: w}, right-w, w, it.base, flushLeft)
	if dotted {
		var d text
		d.add(".", c.hand.body(c.em()))
		step := 0.6 * c.em()
		for x := right - 2.2*c.em(); x > end+0.5*c.em(); x -= step {
			d.emit(it, lineBreak{end: 1, natural: float64(d.glyphs[0].width)}, x, 1, it.base, flushLeft)
		}
	}
	it.links = append(it.links, sheet.Link{Y: float32(it.base - 0.9*c.em()), Width: float32(right), Height: float32(1.2 * c.em()), Anchor: e.anchor})
}
