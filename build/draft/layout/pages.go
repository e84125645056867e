package layout

import (
	"slices"

	"github.com/bookci/bookci/build/draft/sheet"
)

// body is what stands on one page between head and foot, drawn from the
// text's upper left corner.
type body struct {
	sheet    sheet.Sheet
	anchors  []placedAnchor
	terms    []string
	headings []*headingMark
	marks    []int // running heads that begin on this page

	composed    *sheet.Sheet // the page as it was bound the last time
	composedFor composedKey
}

type placedAnchor struct {
	name string
	y    float32
}

// paginate parts a galley into pages.
func (s *setting) paginate(items []item) []*body {
	return s.paginateTo(items, func(int) float64 { return s.geometry.TextHeight })
}

// paginateTo parts a galley into pages, or columns, of the heights that it is told.
func (s *setting) paginateTo(items []item, heightOf func(page int) float64) []*body {
	var pages []*body
	var over []item // notes that did not fit on the page of their mark
	for start := 0; start < len(items) || len(over) > 0; {
		for start < len(items) && items[start].space {
			start++
		}
		height := heightOf(len(pages))
		end := start
		var head *tableHead
		if start < len(items) && items[start].head != nil {
			head = items[start].head
			height -= head.height
		}
		if carried := notesHeight(over); carried < height*0.8 {
			end = s.pageEnd(items, start, height-carried)
		}
		if end == start && len(over) == 0 {
			break
		}
		drawn := end
		for drawn > start && items[drawn-1].space {
			drawn--
		}
		var page *body
		shown := items[start:drawn]
		if head != nil && len(shown) > 0 {
			shown = slices.Concat(head.items, shown)
		}
		page, over = s.page(shown, over)
		pages = append(pages, page)
		start = end
	}
	return pages
}

func notesHeight(items []item) float64 {
	if len(items) == 0 {
		return 0
	}
	h := noteRule
	for i := range items {
		h += items[i].height
	}
	return h
}

// pageEnd returns the item that the next page begins with.
func (s *setting) pageEnd(items []item, start int, height float64) int {
	y := s.firstOffset(items, start)
	notes := 0.0
	for i := start; i < len(items); i++ {
		it := &items[i]
		if it.page == newPage && !blank(items[start:i]) {
			return i
		}
		more := 0.0
		for _, n := range it.notes {
			if notes+more == 0 {
				more += noteRule
			}
			more += n.height
		}
		if !it.space && y+it.height-it.tail+notes+more > height+0.05 && i > start {
			// Back to where a page may end.
			for k := i; k > start; k-- {
				if !items[k-1].keep && !allSpace(items[start:k]) {
					return k
				}
			}
			return i
		}
		y += it.height
		notes += more
	}
	return len(items)
}

// blank tells whether items show nothing.
func blank(items []item) bool {
	for i := range items {
		if !items[i].space && items[i].height > 0 {
			return false
		}
	}
	return true
}

func allSpace(items []item) bool {
	for i := range items {
		if !items[i].space {
			return false
		}
	}
	return true
}

// firstOffset is how far the first item is moved, so that the first line of
// every page stands at the same height.
func (s *setting) firstOffset(items []item, start int) float64 {
	for i := start; i < len(items); i++ {
		if items[i].base > 0 {
			return s.geometry.TopSkip - items[i].base
		}
		if items[i].height > 0 {
			return 0
		}
	}
	return 0
}

// page draws items, and notes at the foot. Notes for which there is no room are returned.
func (s *setting) page(items []item, over []item) (*body, []item) {
	p := &body{}
	notes := over
	y := s.firstOffset(items, 0)
	tops := make([]float64, len(items)+1)
	for i := range items {
		it := &items[i]
		tops[i] = y
		p.draw(it, 0, y)
		for _, pt := range it.points {
			if pt.anchor != "" {
				p.anchors = append(p.anchors, placedAnchor{pt.anchor, float32(y)})
			}
			if pt.term != "" {
				p.terms = append(p.terms, pt.term)
			}
		}
		if it.heading != nil {
			p.headings = append(p.headings, it.heading)
		}
		if it.marks > 0 {
			p.marks = append(p.marks, it.marks-1)
		}
		for _, n := range it.notes {
			notes = append(notes, n.items...)
		}
		y += it.height
	}
	tops[len(items)] = y
	p.drawFrames(items, tops)
	return p, s.drawNotes(p, notes, y)
}

// drawNotes sets notes at the foot of a page whose text ends at y.
func (s *setting) drawNotes(p *body, notes []item, y float64) []item {
	if len(notes) == 0 {
		return nil
	}
	room := s.geometry.TextHeight - max(y, 0) - noteRule
	total := 0.0
	count := 0
	for count < len(notes) && total+notes[count].height-notes[count].tail <= room+0.1 {
		total += notes[count].height
		count++
	}
	if count == 0 && y < s.geometry.TextHeight/2 { // a page of its own holds at least one line
		count, total = 1, notes[0].height
	}
	if count == 0 {
		return notes
	}
	at := s.geometry.TextHeight - total
	s.drawNoteRule(&p.sheet, at-noteRule)
	for i := range notes[:count] {
		p.draw(&notes[i], 0, at)
		at += notes[i].height
	}
	return notes[count:]
}

// draw adds what an item shows at x, y.
func (p *body) draw(it *item, x, y float64) {
	dx, dy := float32(x), float32(y)
	out := &p.sheet
	for _, r := range it.runs {
		r.X, r.Y = r.X+dx, r.Y+dy
		out.Runs = append(out.Runs, r)
	}
	for _, f := range it.fills {
		f.X, f.Y = f.X+dx, f.Y+dy
		out.Fills = append(out.Fills, f)
	}
	for _, pic := range it.pictures {
		pic.X, pic.Y = pic.X+dx, pic.Y+dy
		out.Pictures = append(out.Pictures, pic)
	}
	for _, l := range it.links {
		l.X, l.Y = l.X+dx, l.Y+dy
		out.Links = append(out.Links, l)
	}
}

// drawFrames draws what lies behind the items of a page, the outer frames
// first. A frame that goes on on another page is open there.
func (p *body) drawFrames(items []item, tops []float64) {
	type open struct {
		frame       *frame
		start, last int
	}
	var found []open
	index := map[*frame]int{}
	for i := range items {
		for f := items[i].frame; f != nil; f = f.parent {
			if n, ok := index[f]; ok {
				found[n].last = i
			} else {
				index[f] = len(found)
				found = append(found, open{f, i, i})
			}
		}
	}
	if len(found) == 0 {
		return
	}
	var grounds, rules []sheet.Fill
	depth := func(f *frame) int {
		n := 0
		for ; f.parent != nil; f = f.parent {
			n++
		}
		return n
	}
	for level, more := 0, true; more; level++ {
		more = false
		for _, o := range found {
			f := o.frame
			if d := depth(f); d != level {
				more = more || d > level
				continue
			}
			top, bottom := tops[o.start], tops[o.last+1]
			x, w := float32(f.left), float32(f.width)
			y, h := float32(top), float32(bottom-top)
			if f.filled {
				grounds = append(grounds, sheet.Fill{X: x, Y: y, Width: w, Height: h, Color: f.ground})
			}
			if f.rule == 0 {
				continue
			}
			r := float32(f.rule)
			if f.sides&topSide != 0 && items[o.start].opens == f {
				rules = append(rules, sheet.Fill{X: x, Y: y, Width: w, Height: r, Color: f.ruleColor})
			}
			if f.sides&bottomSide != 0 && items[o.last].closes == f {
				rules = append(rules, sheet.Fill{X: x, Y: y + h - r, Width: w, Height: r, Color: f.ruleColor})
			}
			if f.sides&leftSide != 0 {
				rules = append(rules, sheet.Fill{X: x, Y: y, Width: r, Height: h, Color: f.ruleColor})
			}
			if f.sides&rightSide != 0 {
				rules = append(rules, sheet.Fill{X: x + w - r, Y: y, Width: r, Height: h, Color: f.ruleColor})
			}
		}
	}
	p.sheet.Fills = append(append(grounds, rules...), p.sheet.Fills...)
}
