package layout

import (
	"strconv"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// note is a footnote, set and ready for the foot of the page that its mark
// comes to stand on.
type note struct {
	items  []item
	height float64
}

// note sets a footnote, nil where it has been set for an earlier mark of it.
func (c *chapter) note(n *review.Note) *note {
	if c.notes == nil {
		c.notes = map[*review.Note]*note{}
	}
	if _, ok := c.notes[n]; ok {
		return nil
	}
	c.notes[n] = nil // a note that refers to itself
	size := c.scaled(8)
	g := &galley{left: 0, width: c.geometry.TextWidth}
	outer := c.galley
	c.galley = g
	var t text
	st := c.hand.body(size)
	t.add("*"+strconv.Itoa(n.Number)+" ", st)
	mark := t.natural(0, len(t.glyphs))
	c.inlines(&t, n.Text, st)
	c.lack(&t)
	indent := 2.5 * size
	g.set(&t, paragraph{lead: size * 1.45, size: size, first: max(indent-mark, 0), others: indent})
	c.galley = outer
	c.count(&t)
	done := &note{items: g.items}
	for i := range g.items {
		done.height += g.items[i].height
	}
	c.notes[n] = done
	return done
}

// noteRule is the height of the rule above the notes of a page and of the space around
// it, in points.
const noteRule = 7.0

func (s *setting) drawNoteRule(out *sheet.Sheet, y float64) {
	out.Fills = append(out.Fills, sheet.Fill{Y: float32(y + 3), Width: float32(s.geometry.TextWidth * 0.4), Height: 0.4})
}
