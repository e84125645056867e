package pdf

import "errors"

// Page is a page, with what it has from the nodes above it.
type Page struct {
	Ref       Ref // the zero Ref when the page stands in its parent
	dict      Value
	inherited map[Name]Value
}

// Key is the value of a key of the page, or of the nearest node above it that has
// it where such a key counts for the pages below.
func (p Page) Key(key Name) Value {
	if v := p.dict.Key(key); !v.IsNull() {
		return v
	}
	return p.inherited[key]
}

// Count is the number of pages as the PDF says it.
func (d *Document) Count() (int, error) {
	count := d.Root().Key("Pages").Key("Count").Int64()
	if err := d.Err(); err != nil {
		return 0, err
	}
	if count <= 0 {
		return 0, errors.New("it has no pages")
	}
	if count > mostNodes {
		return 0, errors.New("it has too many pages")
	}
	return int(count), nil
}

// EachPage calls visit for each page, in order, until it fails. What stands
// among the pages and cannot be read is a page all the same.
func (d *Document) EachPage(visit func(Page) error) error {
	root, _ := d.Root().entries()["Pages"].(Ref)
	w := walk{d: d, left: mostNodes, above: map[Ref]bool{}, visit: visit}
	if err := w.node(Page{Ref: root, dict: d.Root().Key("Pages")}); err != nil {
		return err
	}
	return d.ended
}

// walk goes through a page tree from its top, once. Looking for each page from
// the top took four times as long for 535 pages.
type walk struct {
	d     *Document
	left  int          // nodes that may still be met
	above map[Ref]bool // the node, and those on the way to it
	visit func(Page) error
}

func (w *walk) node(p Page) error {
	if w.d.ended != nil {
		return w.d.ended
	}
	if w.left--; w.left < 0 {
		return errors.New("it has too many pages")
	}
	kids := p.dict.Key("Kids")
	if !kids.IsArray() {
		return w.visit(p)
	}
	if len(w.above) >= mostLevels {
		return errors.New("its pages are too deep")
	}
	if p.Ref != (Ref{}) { // what stands in its parent cannot hold itself
		if w.above[p.Ref] {
			return errors.New("it has pages within themselves")
		}
		w.above[p.Ref] = true
		defer delete(w.above, p.Ref)
	}
	inherited := map[Name]Value{}
	for _, key := range []Name{"Resources", "MediaBox", "CropBox", "Rotate"} {
		inherited[key] = p.Key(key)
	}
	for i := range kids.Len() {
		ref, _ := kids.Ref(i)
		if err := w.node(Page{ref, kids.Index(i), inherited}); err != nil {
			return err
		}
	}
	return nil
}
