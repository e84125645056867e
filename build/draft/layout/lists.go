package layout

import (
	"strconv"

	"github.com/bookci/bookci/build/review"
)

// list sets items with bullets or numbers.
func (c *chapter) list(l *review.ItemList) {
	g := c.galley
	step := 3.0
	if c.listed > 0 {
		step = 2
	} else {
		g.skip(c.lead() / 2)
	}
	c.listed++
	indent := step * c.em()
	if g.width-indent < narrowest*2 {
		indent = 0
	}
	for i, item := range l.Items {
		label := []string{"•", "–", "*", "·"}[min(c.listed-1, 3)]
		if l.Numbered {
			label = strconv.Itoa(l.Start+i) + "."
		}
		g.within(indent, 0, nil, func() {
			t := c.fresh()
			c.inlines(t, item.Text, c.hand.body(c.em()))
			from := len(g.items)
			if len(t.glyphs) == 0 {
				t.add(" ", c.hand.body(c.em()))
			}
			c.set(t, paragraph{lead: c.lead(), size: c.em()})
			if from < len(g.items) {
				c.label(&g.items[from], label)
				if len(item.Blocks) > 0 {
					g.items[len(g.items)-1].keep = true
				}
			}
			c.blocks(item.Blocks)
		})
	}
	if c.listed--; c.listed == 0 {
		g.skip(c.lead() / 2)
	}
}

// label sets a bullet or number to the left of an item's first line.
func (c *chapter) label(it *item, label string) {
	var t text
	t.add(label, c.hand.body(c.em()))
	line := lineBreak{end: len(t.glyphs), natural: t.natural(0, len(t.glyphs)), last: true}
	t.emit(it, line, c.galley.left-line.natural-0.5*c.em(), line.natural, it.base, flushLeft)
}

// definitions sets terms, each above what it means.
func (c *chapter) definitions(l *review.DefinitionList) {
	g := c.galley
	g.skip(c.lead() / 2)
	c.listed++
	for _, d := range l.Items {
		t := c.fresh()
		c.inlines(t, d.Term, c.hand.heading(c.em()))
		from := len(g.items)
		c.set(t, paragraph{lead: c.lead(), size: c.em(), keepLines: true})
		g.hold(from)
		g.within(3*c.em(), 0, nil, func() {
			t := c.fresh()
			c.inlines(t, d.Text, c.hand.body(c.em()))
			c.set(t, paragraph{lead: c.lead(), size: c.em()})
			c.blocks(d.Blocks)
		})
	}
	c.listed--
	g.skip(c.lead() / 2)
}

// passage sets paragraphs in another way.
func (c *chapter) passage(p *review.Passage) {
	g := c.galley
	left, right := 0.0, 0.0
	how := justify
	switch p.Command {
	case "quote", "blockquote", "lead", "read":
		left = 3 * c.em()
	case "centering":
		how = centered
	case "flushright":
		how = flushRight
	case "box":
		c.plainBox(p)
		return
	case "doorquote":
		left, right = 2*c.em(), 2*c.em()
	}
	g.skip(c.lead() / 2)
	outer := c.listed
	c.listed = 0
	g.within(left, right, nil, func() {
		if len(p.Caption) > 0 {
			t := c.fresh()
			c.inlines(t, p.Caption, c.hand.body(c.em()))
			c.set(t, paragraph{lead: c.lead(), size: c.em(), how: flushLeft})
		}
		for _, b := range p.Blocks {
			para, ok := b.(*review.Paragraph)
			if !ok {
				c.blocks([]review.Block{b})
				continue
			}
			t := c.fresh()
			c.inlines(t, para.Text, c.hand.body(c.em()))
			set := paragraph{lead: c.lead(), size: c.em(), how: how}
			if (p.Command == "lead" || p.Command == "read") && !para.NoIndent {
				set.first = c.em()
			}
			c.set(t, set)
		}
	})
	c.listed = outer
	g.skip(c.lead() / 2)
}
