package layout

import (
	"context"
	"slices"
	"strconv"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// binding puts the parts of a book one behind the other and numbers the pages.
type binding struct {
	*setting
	sheets  []*sheet.Sheet
	anchors map[string]Anchor
	pages   map[string]string // the page number of each anchor
	outline []Bookmark
	entries []entry // of the contents
	terms   []*term
	byTerm  map[string]*term

	dry    bool // only the numbers are wanted: nothing is drawn
	number int  // of the next page
	roman  bool // numbers are Roman
	parted bool // the chapter that is added belongs to a part
}

// section is a stretch of the book that begins on a page of its own: a chapter, the
// contents, the title page.
type section struct {
	bodies  []*body
	right   bool   // it begins on a right page
	bare    bool   // it has neither head nor number
	chapter string // id, "" for what is no chapter
	kind    review.Kind
	head    string       // the running head's left half
	heads   []string     // the right halves that its headings set
	title   *headingMark // a heading that is not of the manuscript
}

// sheetAnchor is the anchor of a whole sheet.
func sheetAnchor(i int) string { return "sheet|" + strconv.Itoa(i) }

// keptContents are the contents as they were last set.
type keptContents struct {
	seed    uint64 // of what they depend on beside their entries
	entries []entry
	pages   []*body
}

// contentsOf returns the contents' pages, those of the last time when nothing
// that they show has changed.
func (ts *Typesetter) contentsOf(s *setting, entries []entry) []*body {
	if seed := s.fingerprint(); ts.contents.seed != seed || !slices.Equal(ts.contents.entries, entries) {
		ts.contents = keptContents{seed, entries, s.contents(entries)}
	}
	return ts.contents.pages
}

// bind puts the chapters into a book with its contents and index. The error is of ctx.
func (ts *Typesetter) bind(ctx context.Context, s *setting, in Input, chapters []*setChapter) (*binding, error) {
	var contents []*body
	if s.book.Settings.Bool("toc", true) {
		// The contents are as long as their entries; the numbers do not change that.
		pages := len(ts.contents.pages)
		for range 3 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			contents = ts.contentsOf(s, s.gather(in, chapters, emptyPages(pages), true).entries)
			if len(contents) == pages {
				break
			}
			pages = len(contents)
		}
	}
	return s.gather(in, chapters, contents, false), ctx.Err()
}

// emptyPages stand for pages of which only the number is known.
func emptyPages(n int) []*body {
	pages := make([]*body, n)
	for i := range pages {
		pages[i] = &body{}
	}
	return pages
}

// gather binds all parts of the book. When dry it draws nothing.
func (s *setting) gather(in Input, chapters []*setChapter, contents []*body, dry bool) *binding {
	b := &binding{setting: s, dry: dry, anchors: map[string]Anchor{}, pages: map[string]string{}, byTerm: map[string]*term{}}
	set := s.book.Settings
	b.number, b.roman = s.geometry.StartPage, !s.geometry.Serial

	if cover := s.cover(in.Dir); cover != nil {
		b.coverPage(cover)
	}
	if set.Bool("titlepage", true) {
		b.add(section{bodies: s.titlePage(), right: true, bare: true})
	}
	add := func(kinds ...review.Kind) {
		for i, c := range s.book.Chapters {
			for _, k := range kinds {
				if c.Kind == k {
					b.addChapter(c, chapters[i])
				}
			}
		}
	}
	add(review.Predef)
	if set.Bool("toc", true) {
		b.add(section{bodies: contents, right: !s.geometry.OpenAny, head: s.words.contents, title: &headingMark{level: 1, title: s.words.contents, anchor: "contents"}})
	}
	b.mainMatter()
	add(review.Part, review.Body)
	add(review.Appendix)
	add(review.Postdef, review.Bibliography)
	if set.Bool("pdfmaker.makeindex", false) && len(b.terms) > 0 {
		b.parted = false
		mark := headingMark{level: 1, title: s.words.index, anchor: "index", contents: true}
		b.add(section{bodies: s.index(b.terms, in.Readings), title: &mark})
	}
	b.parted = false
	if !b.dry {
		b.add(section{bodies: s.colophon(), bare: true})
	}
	return b
}

// coverPage is the cover, which has no number.
func (b *binding) coverPage(cover *body) {
	s := cover.sheet
	s.Width, s.Height = float32(b.geometry.Paper.Width), float32(b.geometry.Paper.Height)
	s.Label = "cover"
	b.sheets = append(b.sheets, &s)
	b.draftMark(&s, b.geometry.Gutter)
}

// mainMatter begins the count of pages that readers quote.
func (b *binding) mainMatter() {
	if !b.geometry.OneSide && b.number%2 == 0 && !b.geometry.OpenAny {
		b.blank()
	}
	if b.roman {
		b.number, b.roman = 1, false
	}
}

// label is the number of the next page as readers see it.
func (b *binding) label() string {
	if b.roman {
		return sheet.Roman(b.number)
	}
	return strconv.Itoa(b.number)
}

// blank adds an empty page.
func (b *binding) blank() {
	s := &sheet.Sheet{Width: float32(b.geometry.Paper.Width), Height: float32(b.geometry.Paper.Height), Label: b.label()}
	b.draftMark(s, b.geometry.Left(b.number))
	b.sheets = append(b.sheets, s)
	b.number++
}

func (b *binding) addChapter(c *review.Chapter, done *setChapter) {
	sec := section{bodies: done.pages, right: !b.geometry.OpenAny, chapter: c.ID, kind: c.Kind, heads: done.heads}
	b.parted = c.Part != nil
	switch c.Kind {
	case review.Part:
		sec.right = true
		sec.bare = len(done.pages) <= 2
	case review.Body, review.Appendix:
		sec.head = joinWords(c.Label, plain(titleOf(c)))
	}
	b.add(sec)
}

// add puts a section behind what is there.
func (b *binding) add(sec section) {
	if len(sec.bodies) == 0 {
		return
	}
	if sec.right && !b.geometry.OneSide && b.number%2 == 0 {
		b.blank()
	}
	if sec.title != nil {
		b.heading(sec.title, 0)
	}
	right := ""
	for i, page := range sec.bodies {
		at := len(b.sheets)
		label := b.label()
		for _, a := range page.anchors {
			if _, twice := b.anchors[a.name]; !twice {
				b.anchors[a.name] = Anchor{at, a.y + float32(b.geometry.Head)}
				b.pages[a.name] = label
			}
		}
		b.anchors[sheetAnchor(at)] = Anchor{Sheet: at}
		for _, h := range page.headings {
			b.heading(h, b.anchors[h.anchor].Y)
		}
		for _, name := range page.terms {
			b.term(name, label, at)
		}
		if len(page.marks) > 0 {
			right = sec.heads[page.marks[0]]
		}
		head := heads{left: sec.head, right: right, shown: i > 0 && sec.kind != review.Part}
		if b.dry {
			b.sheets = append(b.sheets, nil)
		} else {
			b.sheets = append(b.sheets, b.compose(page, sec, label, head))
		}
		if n := len(page.marks); n > 0 {
			right = sec.heads[page.marks[n-1]]
		}
		b.number++
	}
}

// heading adds a heading of the next sheet to the bookmarks and the contents.
func (b *binding) heading(h *headingMark, y float32) {
	to := Anchor{len(b.sheets), y}
	if _, ok := b.anchors[h.anchor]; !ok {
		b.anchors[h.anchor] = to
	}
	level := h.level
	if !h.part && b.parted {
		level++ // chapters stand below their part
	}
	if h.title != "" && len(b.outline) < maxEntries {
		b.outline = append(b.outline, Bookmark{Title: joinWords(h.number, h.title), Level: level, To: to})
	}
	if h.contents && len(b.entries) < maxEntries {
		b.entries = append(b.entries, entry{*h, b.label()})
	}
}

// term adds a page to a term of the index; at is its sheet.
func (b *binding) term(name, page string, at int) {
	t := b.byTerm[name]
	if t == nil && len(b.terms) >= maxTerms {
		return
	}
	if t == nil {
		t = &term{text: name}
		b.byTerm[name] = t
		b.terms = append(b.terms, t)
	}
	if n := len(t.pages); n == 0 || t.pages[n-1] != page {
		t.pages, t.at = append(t.pages, page), append(t.at, at)
	}
}

// blank tells whether a page shows nothing.
func (p *body) blank() bool {
	return len(p.sheet.Runs) == 0 && len(p.sheet.Fills) == 0 && len(p.sheet.Pictures) == 0
}

// heads are the two halves of a running head. The first page of a chapter has none.
type heads struct {
	left, right string
	shown       bool
}

// composedKey is all that a page of a chapter depends on beside its chapter.
type composedKey struct {
	number   int
	label    string
	head     heads
	bare     bool
	geometry Geometry
}

// compose draws a page with its head and foot. A page that stands where it
// stood the last time is the same sheet.
func (b *binding) compose(page *body, sec section, label string, head heads) *sheet.Sheet {
	g := &b.geometry
	left, top := float32(g.Left(b.number)), float32(g.Head)
	from := &page.sheet
	key := composedKey{number: b.number, label: label, head: head, bare: sec.bare, geometry: *g}
	if page.composed != nil && page.composedFor == key {
		return page.composed
	}
	s := &sheet.Sheet{
		Width: float32(g.Paper.Width), Height: float32(g.Paper.Height), Label: label, Chapter: sec.chapter,
		Runs:  make([]sheet.Run, 0, len(from.Runs)+6),
		Fills: make([]sheet.Fill, 0, len(from.Fills)+1),
	}
	moved := body{sheet: *s}
	moved.draw(&item{runs: from.Runs, fills: from.Fills, pictures: from.Pictures, links: from.Links}, float64(left), float64(top))
	*s = moved.sheet
	if !sec.bare && !page.blank() {
		b.headAndFoot(s, label, head, float64(left))
	}
	b.draftMark(s, float64(left))
	page.composed, page.composedFor = s, key
	return s
}

// headAndFoot draws the running head, with its rule, and the page's number.
func (b *binding) headAndFoot(s *sheet.Sheet, label string, head heads, left float64) {
	g := &b.geometry
	size := b.em() * 0.98
	st := b.hand.heading(size)
	base := g.Head - g.HeadSep - 0.3*size
	it := &item{glyphs: &arena[uint16]{}, runes: &arena[rune]{}}
	if head.shown {
		room := g.TextWidth - b.em()
		var l, r text
		l.add(head.left, st)
		r.add(head.right, st)
		lw, rw := l.natural(0, len(l.glyphs)), r.natural(0, len(r.glyphs))
		if lw+rw > room { // both are cut to what there is room for
			lw = l.cut(max(room*0.5, room-rw))
			rw = r.cut(room - lw)
		}
		l.emit(it, lineBreak{end: len(l.glyphs), natural: lw}, left, lw, base, flushLeft)
		r.emit(it, lineBreak{end: len(r.glyphs), natural: rw}, left+g.TextWidth-rw, rw, base, flushLeft)
		s.Fills = append(s.Fills, sheet.Fill{X: float32(left), Y: float32(base + 0.35*size), Width: float32(g.TextWidth), Height: 0.4})
	}
	var n text
	n.add(label, b.hand.body(b.em()))
	w := n.natural(0, len(n.glyphs))
	x := left + g.TextWidth - w
	if !g.OneSide && b.number%2 == 0 {
		x = left
	}
	n.emit(it, lineBreak{end: len(n.glyphs), natural: w}, x, w, b.footBase(), flushLeft)
	s.Runs = append(s.Runs, it.runs...)
}

// footBase is the baseline of the foot.
func (b *binding) footBase() float64 {
	g := &b.geometry
	return min(g.Head+g.TextHeight+g.FootSkip, g.Paper.Height-3)
}

// cut shortens a text to a width, and returns its width.
func (t *text) cut(width float64) float64 {
	w := t.natural(0, len(t.glyphs))
	if w <= width || len(t.glyphs) == 0 {
		return w
	}
	st := t.styles[t.glyphs[0].style]
	for len(t.glyphs) > 0 && t.natural(0, len(t.glyphs))+st.size > width {
		t.glyphs = t.glyphs[:len(t.glyphs)-1]
	}
	t.add("…", st)
	return t.natural(0, len(t.glyphs))
}

// draftMark says on a sheet that it is a draft, at the inner side of its foot.
func (b *binding) draftMark(s *sheet.Sheet, left float64) {
	st := b.hand.sans(b.em() * 0.62)
	st.color = sheet.Gray(0.5)
	var t text
	t.add(b.words.draft, st)
	w := t.natural(0, len(t.glyphs))
	x := left
	if !b.geometry.OneSide && b.number%2 == 0 {
		x = left + b.geometry.TextWidth - w
	}
	it := &item{glyphs: &arena[uint16]{}, runes: &arena[rune]{}}
	t.emit(it, lineBreak{end: len(t.glyphs), natural: w}, x, w, b.footBase(), flushLeft)
	s.Runs = append(s.Runs, it.runs...)
}
