package pdf

import "context"

// outline writes the bookmarks as a tree: each knows its parent, its first and
// last child, and its neighbours.
func (p *writer) outline(context.Context) error {
	marks := p.doc.Outline
	if len(marks) == 0 || len(p.doc.Sheets) == 0 {
		return p.err
	}
	type node struct{ parent, first, last, before, next, children int } // indexes from 1, 0 for none; node 0 is the root
	nodes := make([]node, len(marks)+1)
	var path []int // the open node of each level
	for i, m := range marks {
		n := i + 1
		level := max(1, min(m.Level, len(path)+1))
		path = path[:level-1]
		parent := 0
		if len(path) > 0 {
			parent = path[len(path)-1]
		}
		up := &nodes[parent]
		nodes[n].parent, nodes[n].before = parent, up.last
		if up.last != 0 {
			nodes[up.last].next = n
		} else {
			up.first = n
		}
		up.last = n
		up.children++
		path = append(path, n)
	}
	p.outlines = p.number()
	first := p.last
	p.last += len(marks)
	object := func(n int) int { return first + n }
	p.object(p.outlines, "<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>", object(nodes[0].first), object(nodes[0].last), nodes[0].children)
	for i, m := range marks {
		n := &nodes[i+1]
		p.begun(object(i + 1))
		p.print("<< /Title %s /Parent %d 0 R", text(m.Title), object(n.parent))
		for _, link := range []struct {
			key string
			to  int
		}{{"Prev", n.before}, {"Next", n.next}, {"First", n.first}, {"Last", n.last}} {
			if link.to != 0 {
				p.print(" /%s %d 0 R", link.key, object(link.to))
			}
		}
		if n.children > 0 {
			p.print(" /Count -%d", n.children) // closed
		}
		p.print(" /Dest %s >>\nendobj\n", p.destination(nil, m.To))
	}
	return p.err
}
