package layout

import (
	"slices"

	"github.com/bookci/bookci/build/draft/sheet"
)

// item is a piece of a chapter that no page break parts: a line, a picture, a
// row of a table, or space. Its contents are drawn from the text's left edge
// and the item's upper edge.
type item struct {
	height float64
	base   float64 // the first baseline below the upper edge, 0 when it is no line
	tail   float64 // what may hang below the text: the space below a line's letters
	space  bool    // nothing but space: left out where a page begins
	keep   bool    // the page does not end after it
	page   pageEnd // what ends before it

	runs     []sheet.Run
	fills    []sheet.Fill
	pictures []sheet.Picture
	links    []sheet.Link
	points   []itemPoint
	notes    []*note
	frame    *frame
	opens    *frame // it is the first within this frame
	closes   *frame // it is the last within this frame
	heading  *headingMark
	head     *tableHead // what stands above it when a page begins with it
	marks    int        // index of a running head's text plus 1

	glyphs *arena[uint16]
	runes  *arena[rune]
}

// tableHead is the head of a table, which every page of the table begins with.
type tableHead struct {
	items  []item
	height float64
}

// newTableHead is made of the items of the head's first appearance.
func newTableHead(items []item) *tableHead {
	h := &tableHead{items: slices.Clone(items)}
	for i := range h.items {
		it := &h.items[i]
		it.points, it.notes, it.heading, it.marks, it.opens, it.closes = nil, nil, nil, 0, nil, nil
		h.height += it.height
	}
	return h
}

// itemPoint is an anchor, or a term of the index.
type itemPoint struct{ anchor, term string }

// pageEnd is whether a page ends before an item.
type pageEnd uint8

const (
	onSamePage pageEnd = iota
	newPage
)

// frame is what lies behind and around items. It goes on where a page ends in it.
type frame struct {
	parent      *frame
	left, width float64
	ground      sheet.Color
	filled      bool
	rule        float64 // thickness of its sides, 0 for none
	ruleColor   sheet.Color
	sides       sides
}

type sides uint8

const (
	topSide sides = 1 << iota
	bottomSide
	leftSide
	rightSide
	allSides = topSide | bottomSide | leftSide | rightSide
)

// arena hands out parts of larger slices, so that not every line allocates.
type arena[T any] struct{ free []T }

func (a *arena[T]) take(n int) []T {
	if n > len(a.free) {
		a.free = make([]T, max(n, 4096))
	}
	part := a.free[:n:n]
	a.free = a.free[n:]
	return part
}

// galley is a chapter as one long column.
type galley struct {
	items []item
	frame *frame

	left, width float64 // of the column at present
	glyphs      arena[uint16]
	runes       arena[rune]
}

func (g *galley) item() *item {
	g.items = append(g.items, item{frame: g.frame, glyphs: &g.glyphs, runes: &g.runes})
	return &g.items[len(g.items)-1]
}

// skip adds space, which is dropped at the head of a page. Of two spaces that
// meet the larger counts.
func (g *galley) skip(height float64) {
	if n := len(g.items); n > 0 && g.items[n-1].space && g.items[n-1].frame == g.frame {
		g.items[n-1].height = max(g.items[n-1].height, height)
		return
	}
	it := g.item()
	it.space, it.height = true, height
}

// pad adds space that stays.
func (g *galley) pad(height float64, keep bool) {
	it := g.item()
	it.height, it.keep = height, keep
}

// last returns the last item that is no space, nil when there is none.
func (g *galley) last() *item {
	for i := len(g.items) - 1; i >= 0; i-- {
		if !g.items[i].space {
			return &g.items[i]
		}
	}
	return nil
}

// hold keeps the items from an index on, and what follows them, on one page.
func (g *galley) hold(from int) {
	for i := from; i < len(g.items); i++ {
		g.items[i].keep = true
	}
}

// within runs add in a narrower column, framed when f is not nil.
func (g *galley) within(left, right float64, f *frame, add func()) {
	oldLeft, oldWidth, oldFrame := g.left, g.width, g.frame
	g.left += left
	g.width = max(g.width-left-right, narrowest)
	if f != nil {
		f.parent = oldFrame
		g.frame = f
	}
	add()
	g.left, g.width, g.frame = oldLeft, oldWidth, oldFrame
}

const narrowest = 30 // points: nested lists get no narrower

// paragraph is how a text is set.
type paragraph struct {
	lead          float64
	first, others float64 // indents
	how           align
	size          float64 // of a kanji
	keepLines     bool    // no page break inside
}

// set breaks a text into lines and adds them. It returns the index of the first. A text
// that shows nothing leaves an item without height for its points.
func (g *galley) set(t *text, p paragraph) int {
	from := len(g.items)
	if len(t.glyphs) == 0 {
		if len(t.points) > 0 {
			it := g.item()
			it.keep = true
			for _, pt := range t.points {
				it.points = append(it.points, itemPoint{pt.anchor, pt.term})
				if pt.note != nil {
					it.notes = append(it.notes, pt.note)
				}
			}
		}
		return from
	}
	m := measure{width: g.width, first: p.first, others: p.others}
	lines := t.breakLines(m)
	for i, line := range lines {
		indent := p.others
		if i == 0 {
			indent = p.first
		}
		g.addLine(t, line, g.left+indent, m.line(i == 0), p)
	}
	// Neither the first nor the last line of a paragraph stands alone on a page.
	if n := len(g.items) - from; n > 1 {
		g.items[from].keep = true
		if n > 2 {
			g.items[len(g.items)-2].keep = true
		}
		if p.keepLines {
			for i := from; i < len(g.items)-1; i++ {
				g.items[i].keep = true
			}
		}
	}
	return from
}

// addLine adds one line of a text.
func (g *galley) addLine(t *text, line lineBreak, left, width float64, p paragraph) *item {
	it := g.item()
	above := (p.lead-p.size)/2 + 0.88*p.size
	it.height, it.base = p.lead, above
	it.tail = p.lead - above - 0.12*p.size
	// What is taller than the line pushes it down.
	for i := line.start; i < line.end; i++ {
		if n := t.glyphs[i].thing; n != 0 {
			th := t.things[n-1]
			if more := th.height - it.base; more > 0 {
				it.base += more
				it.height += more
			}
			if more := th.depth - (it.height - it.base); more > 0 {
				it.height += more
			}
		}
	}
	t.emit(it, line, left, width, it.base, p.how)
	return it
}
