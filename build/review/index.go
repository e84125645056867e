package review

import "strings"

// indexes find what a chapter defines by its id, one index for each kind: an
// image and a list may share an id.
type indexes struct {
	list, table, image, equation, heading, column, footnote, endnote index
	freeImage                                                        index // of images without a number
	icon                                                             index
}

// index holds the entries of one kind, numbered in their order.
type index struct {
	byID  map[string]*entry
	order []*entry
	parts map[string]part // made when the first id is not found as it is
}

// entry is one thing that a chapter defines.
type entry struct {
	id      string
	number  int
	numbers []int // of a heading: those of its sections, nil for one without
	node    Node
	caption []Inline
	at      int // its index in order
	shown   shown
}

// shown is what references to a thing show, by the words around its title: made
// once, however many references there are.
type shown map[string][]Inline

// part is what the parts of ids between | lead to.
type part struct {
	first *entry
	last  int // how many ids end in it
}

// add enters a node. An id that is there already is taken over by the new node
// with a number that may be used twice: so Re:VIEW counts.
func (x *index) add(e *entry) (doubled *entry) {
	if x.byID == nil {
		x.byID = map[string]*entry{}
	}
	doubled = x.byID[e.id]
	e.number = len(x.byID) + 1
	x.byID[e.id] = e
	x.parts = nil
	if doubled != nil {
		e.at = doubled.at
		x.order[e.at] = e
		return doubled
	}
	e.at = len(x.order)
	x.order = append(x.order, e)
	return nil
}

// get finds an entry by its id or, as headings have them, by one of the parts
// of an id: a|b is also found as b, unless several ids end in b.
func (x *index) get(id string) (e *entry, ambiguous bool) {
	if e = x.byID[id]; e != nil {
		return e, false
	}
	if len(id) > longID {
		pieces := strings.Split(id, "|")
		for i := range pieces {
			pieces[i] = shortID(pieces[i])
		}
		id = strings.Join(pieces, "|")
		if e = x.byID[id]; e != nil {
			return e, false
		}
	}
	if x.parts == nil {
		x.parts = map[string]part{}
		for _, e := range x.order {
			for name := range strings.SplitSeq(e.id, "|") {
				if p := x.parts[name]; p.first == nil {
					p.first = e
					x.parts[name] = p
				}
			}
			name := e.id[strings.LastIndexByte(e.id, '|')+1:]
			p := x.parts[name]
			p.last++
			x.parts[name] = p
		}
	}
	p := x.parts[id]
	if p.last > 1 {
		return nil, true
	}
	return p.first, false
}
