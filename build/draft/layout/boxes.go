package layout

import (
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// framed adds blocks within a frame.
func (c *chapter) framed(f *frame, padding float64, add func()) {
	f.left, f.width = c.galley.left, c.galley.width
	c.inFrame(f, padding, padding*0.6, add)
}

// shaded adds lines on a ground that reaches a little beyond the text on both
// sides, so that the lines begin where those of the text do. Inside another
// frame the ground keeps to the column.
func (c *chapter) shaded(f *frame, add func()) {
	const beyond, above = 5.5, 8
	g := c.galley
	if g.frame != nil || g.left < beyond && g.left > 0 {
		c.framed(f, beyond, add)
		return
	}
	f.left, f.width = g.left-beyond, g.width+2*beyond
	c.inFrame(f, 0, above, add)
}

func (c *chapter) inFrame(f *frame, sides, above float64, add func()) {
	g := c.galley
	from := len(g.items)
	outer := c.listed
	c.listed = 0
	g.within(sides, sides, f, func() {
		g.pad(above, true)
		g.items[len(g.items)-1].opens = f
		add()
		g.trimSpace(from)
		if n := len(g.items) - 1; n > from {
			g.items[n].keep = true
		}
		g.pad(above, false)
		g.items[len(g.items)-1].closes = f
	})
	c.listed = outer
}

// trimSpace takes away space at the end, as far as it stands behind the item from.
func (g *galley) trimSpace(from int) {
	for n := len(g.items) - 1; n > from && g.items[n].space; n-- {
		g.items = g.items[:n]
	}
}

// box sets a short text beside the running one.
func (c *chapter) box(b *review.Box) {
	g := c.galley
	g.skip(2 * c.em())
	f := c.words.boxFrame(b.Command)
	first := len(g.items)
	c.framed(f, 0.9*c.em(), func() {
		if len(b.Caption) > 0 {
			from := len(g.items)
			t := c.fresh()
			size := c.scaled(11)
			st := c.hand.heading(size)
			if !c.words.ownBox[b.Command] {
				t.add("■"+c.words.boxHead(b.Command)+": ", st)
			}
			c.inlines(t, b.Caption, st)
			c.set(t, paragraph{lead: size * 1.6, size: size, how: flushLeft, keepLines: true})
			g.hold(from)
		}
		c.blocks(b.Blocks)
	})
	c.unparted(first)
	g.skip(2.5 * c.em())
}

// unparted keeps the items of a box on one page, as TeX does: a box that there is
// no room for begins the next one. One that no page has room for is parted.
func (c *chapter) unparted(first int) {
	g := c.galley
	height := 0.0
	for i := first; i < len(g.items); i++ {
		height += g.items[i].height
		for _, n := range g.items[i].notes {
			height += n.height
		}
	}
	if height <= 0.9*c.geometry.TextHeight {
		g.hold(first)
		g.items[len(g.items)-1].keep = false
	}
}

// column sets a column in a frame with a ground.
func (c *chapter) column(b *review.Column) {
	g := c.galley
	g.skip(1.5 * c.em())
	f := &frame{rule: 0.5, ruleColor: sheet.Gray(0.35), sides: allSides, filled: true, ground: sheet.Gray(0.96)}
	c.framed(f, 1*c.em(), func() {
		from := len(g.items)
		it := g.item()
		it.keep = true
		m := headingMark{level: b.Level, title: plain(b.Title), anchor: c.anchor("column", placeID(b)), contents: b.Level <= c.words.contentsLevel}
		it.points = append(it.points, itemPoint{anchor: m.anchor}, itemPoint{anchor: labelAnchor(b.ID)})
		c.headings = append(c.headings, m)
		it.heading = &c.headings[len(c.headings)-1]
		t := c.fresh()
		size := c.scaled(12)
		st := c.hand.heading(size)
		if !c.words.ownBox["column"] {
			t.add(c.words.columnHead+": ", st)
		}
		c.inlines(t, b.Title, st)
		c.set(t, paragraph{lead: size * 1.5, size: size, how: flushLeft, keepLines: true})
		g.skip(c.lead() / 3)
		g.hold(from)
		c.blocks(b.Blocks)
	})
	g.skip(1.5 * c.em())
}

// plainBox sets a //box: lines as they are, in a frame.
func (c *chapter) plainBox(p *review.Passage) {
	g := c.galley
	c.caption(p.Caption, "")
	f := &frame{rule: 0.5, ruleColor: 0, sides: allSides}
	c.framed(f, 0.7*c.em(), func() { c.blocks(p.Blocks) })
	g.skip(c.em())
}

// verbatim shows what only TeX can set as the source that it is.
func (c *chapter) verbatim(source string) {
	var lines [][]review.Inline
	for line := range strings.SplitSeq(strings.TrimRight(source, "\n"), "\n") {
		lines = append(lines, []review.Inline{&review.Text{Text: line}})
	}
	c.galley.skip(c.lead() / 2)
	c.asSource(lines)
	c.galley.skip(c.lead() / 2)
}

// asSource shows lines beside a rule, as what has not been set.
func (c *chapter) asSource(lines [][]review.Inline) {
	f := &frame{rule: 1.2, ruleColor: sheet.Gray(0.6), sides: leftSide, filled: true, ground: sheet.Gray(0.95)}
	c.framed(f, 0.7*c.em(), func() { c.codeLines(lines, c.hand.mono(c.small), "", 1) })
}

func (c *chapter) equation(e *review.Equation) {
	g := c.galley
	if e.ID != "" {
		it := g.item()
		it.keep = true
		it.points = append(it.points, itemPoint{anchor: c.anchor("equation", e.ID)})
		c.caption(e.Caption.Text, e.Caption.Label)
	}
	c.verbatim(e.Source)
}

// unknown shows a block whose command has no meaning here.
func (c *chapter) unknown(u *review.Unknown) {
	head := "//" + u.Name
	for _, a := range u.Args {
		head += "[" + a + "]"
	}
	lines := append([][]review.Inline{{&review.Text{Text: head}}}, textsOf(u.Lines)...)
	c.galley.skip(c.lead() / 2)
	c.asSource(lines)
	c.galley.skip(c.lead() / 2)
}
