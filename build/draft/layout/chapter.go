package layout

import (
	"strconv"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

// Picture is an image as the typesetter needs to know it.
type Picture struct {
	File          string  // what is drawn, which may be another file than was asked for
	Width, Height float64 // in points, upright
	Orientation   int
	Err           error
}

// Pictures tells how large images are; file is a slash path below the root. It is
// asked from several goroutines.
type Pictures interface{ Picture(file string) Picture }

// chapter sets one chapter of the book.
type chapter struct {
	*setting
	tree   *review.Chapter // nil for what is not of the manuscript
	galley *galley

	text     text // of the paragraph that is set at present
	depth    int  // of blocks inside blocks
	listed   int  // of lists inside lists
	notes    map[*review.Note]*note
	chars    int               // as count counts them
	cut      bool              // there was more than maxChars
	asked    map[string]string // page numbers that are shown, by anchor
	lacking  map[rune]bool     // characters that the typefaces lack
	headings []headingMark
	heads    []string // running heads that sections set
}

// setting is what all chapters share.
type setting struct {
	hand     *hand
	geometry Geometry
	book     *review.Book
	pictures picturesOf
	pages    map[string]string // page numbers of the last pass, by anchor
	words    words
	small    float64 // kanji of captions, code and tables
	date     string  // of the book
}

type picturesOf struct{ from Pictures }

type pictureSize struct {
	file          string
	width, height float64
	orientation   int
	err           error
}

func (p picturesOf) size(file string) pictureSize {
	if file == "" || p.from == nil {
		return pictureSize{err: errNoImage}
	}
	pic := p.from.Picture(file)
	return pictureSize{pic.File, pic.Width, pic.Height, pic.Orientation, pic.Err}
}

// headingMark is a heading as contents, bookmarks and running heads want it.
type headingMark struct {
	level         int
	number, title string
	anchor        string
	contents      bool // it stands in the table of contents
	part          bool
}

// Bounds of what is set. A chapter of 4 million characters has some 5,000
// pages; what comes after is left out, and the draft says so.
const (
	maxChars   = 4_000_000
	perItem    = 50 // a paragraph, however short, counts as so many more
	maxDepth   = 24
	maxText    = 500_000 // characters of one paragraph
	maxEntries = 10_000  // of the contents and the bookmarks
	maxTerms   = 50_000  // of the index
)

func (s *setting) em() float64   { return s.geometry.Em }
func (s *setting) lead() float64 { return s.geometry.Lead }

// scaled is a size of jsbook for running text of 10 pt.
func (s *setting) scaled(points float64) float64 { return s.geometry.Em * points / 10 }

// pageOf returns the number of the page on which a label stands, as the last
// pass found it.
func (c *chapter) pageOf(id string) string {
	a := labelAnchor(id)
	page, ok := c.pages[a]
	if !ok {
		page = "?"
	}
	if c.asked == nil {
		c.asked = map[string]string{}
	}
	c.asked[a] = page
	return page
}

// lack collects the characters of a text that the typefaces lack.
func (c *chapter) lack(t *text) {
	for _, r := range t.lacking {
		if c.lacking == nil {
			c.lacking = map[rune]bool{}
		}
		c.lacking[r] = true
	}
}

// fresh returns the text to fill for the next paragraph: one for all of them.
func (c *chapter) fresh() *text {
	c.text.reset()
	return &c.text
}

// set adds a paragraph and returns the index of its first item. Beyond maxChars it
// adds nothing.
func (c *chapter) set(t *text, p paragraph) int {
	c.lack(t)
	c.count(t)
	if c.chars > maxChars {
		return len(c.galley.items)
	}
	return c.galley.set(t, p)
}

// count takes what a text costs from what a chapter may have.
func (c *chapter) count(t *text) {
	c.chars += len(t.glyphs) + perItem
	c.cut = c.cut || c.chars > maxChars || len(t.glyphs) >= maxText
}

// blocks sets blocks one below the other.
func (c *chapter) blocks(list []review.Block) {
	if c.depth++; c.depth > maxDepth {
		c.depth--
		c.cut = true
		return
	}
	for _, b := range list {
		if c.cut {
			break
		}
		c.block(b)
	}
	c.depth--
}

func (c *chapter) block(b review.Block) {
	switch b := b.(type) {
	case *review.Heading:
		c.heading(b)
	case *review.Column:
		c.column(b)
	case *review.Paragraph:
		c.paragraph(b)
	case *review.ItemList:
		c.list(b)
	case *review.DefinitionList:
		c.definitions(b)
	case *review.Code:
		c.code(b)
	case *review.Table:
		c.table(b)
	case *review.Image:
		c.image(b)
	case *review.Box:
		c.box(b)
	case *review.Passage:
		c.passage(b)
	case *review.Equation:
		c.equation(b)
	case *review.NoteList:
		c.endnotes(b)
	case *review.BibItem:
		c.bibItem(b)
	case *review.Embed:
		if forLaTeX(b.Builders) {
			c.verbatim(b.Text)
		}
	case *review.Command:
		c.command(b)
	case *review.Unknown:
		c.unknown(b)
	case *review.Note, *review.Comment: // a note is set where its mark stands
	}
}

func (c *chapter) paragraph(p *review.Paragraph) {
	t := c.fresh()
	c.inlines(t, p.Text, c.hand.body(c.em()))
	set := paragraph{lead: c.lead(), size: c.em(), first: c.em()}
	if p.NoIndent || c.listed > 0 {
		set.first = 0
	}
	if len(t.glyphs) > 0 && t.glyphs[0].class == opening && set.first > 0 {
		set.first = c.em() // the bracket's own half is left out: the letter stands as in other paragraphs
	}
	c.set(t, set)
}

// heading sets a title. The first of a chapter begins its page.
func (c *chapter) heading(h *review.Heading) {
	if h.Tag == review.NoDisp {
		c.mark(h)
		return
	}
	g := c.galley
	switch {
	case h.Level == 1 && c.tree.Kind == review.Part:
		c.partTitle(h)
		return
	case h.Level == 1:
		c.chapterTitle(h)
		return
	}
	sizes := []float64{14.4, 12, 10, 10, 10}
	leads := []float64{21, 17, 16, 16, 16}
	i := min(max(h.Level-2, 0), len(sizes)-1)
	size, lead := c.scaled(sizes[i]), leads[i]*c.em()/10/0.924715
	before, after := c.lead(), c.lead()/2
	if h.Level > 3 {
		after = 0
	}
	if h.Level > 4 {
		before = c.lead() / 2
	}
	g.skip(before)
	from := len(g.items)
	c.mark(h)
	t := c.fresh()
	st := c.hand.heading(size)
	indent := 0.0
	if h.Number != "" {
		t.add(h.Number, st)
		indent = t.natural(0, len(t.glyphs)) + size
		t.glyphs = append(t.glyphs, glyph{r: '　', id: st.japanese.Glyph('　'), style: t.style(st), class: space, flags: glued, width: float32(size)})
	}
	if h.Level > 4 {
		t.add("■", st)
	}
	c.inlines(t, h.Title, st)
	if indent > c.galley.width/3 {
		indent = 0
	}
	c.set(t, paragraph{lead: lead, size: size, others: indent, how: flushLeft, keepLines: true})
	g.skip(after)
	g.hold(from)
	if h.Level == 2 && h.Number != "" {
		c.heads = append(c.heads, joinWords(h.Number, plain(h.Title)))
		g.items[from].marks = len(c.heads)
	}
}

// mark adds an item without height for where a heading stands, and what it says.
func (c *chapter) mark(h *review.Heading) {
	it := c.galley.item()
	it.keep = true
	level := h.Level
	m := headingMark{level: level, number: h.Number, title: plain(h.Title), part: c.tree.Kind == review.Part && level == 1}
	m.contents = h.Tag != review.NoToc && level <= c.words.contentsLevel
	m.anchor = c.anchor("heading", placeID(h))
	it.points = append(it.points, itemPoint{anchor: m.anchor})
	if level == 1 {
		it.points = append(it.points, itemPoint{anchor: chapterAnchor(c.tree)})
	}
	if h.ID != "" {
		it.points = append(it.points, itemPoint{anchor: labelAnchor(h.ID)})
	}
	c.headings = append(c.headings, m)
	it.heading = &c.headings[len(c.headings)-1]
}

func joinWords(number, title string) string {
	if number == "" {
		return title
	}
	return number + "　" + title
}

// chapterTitle sets a chapter's number and title at the head of a page.
func (c *chapter) chapterTitle(h *review.Heading) {
	g := c.galley
	if g.last() != nil {
		g.item().page = newPage
	}
	from := len(g.items)
	c.mark(h)
	g.pad(2*c.lead()-c.geometry.TopSkip/2, true)
	number, title := c.scaled(20.74), c.scaled(24.88)
	if h.Number != "" {
		t := c.fresh()
		t.add(h.Number, c.hand.heading(number))
		c.set(t, paragraph{lead: number * 1.35, size: number, how: flushLeft, keepLines: true})
		g.pad(c.lead(), true)
	}
	t := c.fresh()
	c.inlines(t, h.Title, c.hand.heading(title))
	c.set(t, paragraph{lead: title * 1.42, size: title, how: flushLeft, keepLines: true})
	g.pad(3*c.lead(), true)
	g.hold(from)
}

// partTitle sets a part's title in the middle of a page of its own.
func (c *chapter) partTitle(h *review.Heading) {
	g := c.galley
	from := len(g.items)
	c.mark(h)
	number, title := c.scaled(20.74), c.scaled(24.88)
	g.pad(c.geometry.TextHeight*0.4, true)
	if h.Number != "" {
		t := c.fresh()
		t.add(h.Number, c.hand.heading(number))
		c.set(t, paragraph{lead: number * 1.35, size: number, how: centered, keepLines: true})
		g.pad(20*pt, true)
	}
	t := c.fresh()
	c.inlines(t, h.Title, c.hand.heading(title))
	c.set(t, paragraph{lead: title * 1.42, size: title, how: centered, keepLines: true})
	g.hold(from)
	g.item().page = newPage
	if !c.geometry.OneSide && !c.geometry.OpenAny {
		g.pad(1, false) // the back of the title is empty
		g.item().page = newPage
	}
	g.items[len(g.items)-1].space = true
}

func (c *chapter) command(b *review.Command) {
	g := c.galley
	switch b.Name {
	case "blankline":
		g.pad(c.lead(), false)
	case "parasep":
		g.skip(3 * c.em())
	case "pagebreak":
		g.item().page = newPage
	case "hr":
		g.skip(c.lead() / 2)
		it := g.item()
		it.height = 1
		it.fills = append(it.fills, sheet.Fill{X: float32(g.left), Width: float32(g.width), Height: 0.4})
		g.skip(c.lead() / 2)
	case "label":
		if len(b.Args) > 0 {
			it := g.item()
			it.keep = true
			it.points = append(it.points, itemPoint{anchor: labelAnchor(b.Args[0])})
		}
	}
}

// endnotes prints the chapter's endnotes.
func (c *chapter) endnotes(b *review.NoteList) {
	size := c.scaled(9)
	for _, n := range b.Notes {
		t := c.fresh()
		st := c.hand.body(size)
		t.points = append(t.points, point{anchor: c.anchor("endnote", n.ID)})
		t.add("("+strconv.Itoa(n.Number)+")　", st)
		indent := t.natural(0, len(t.glyphs))
		c.inlines(t, n.Text, st)
		c.set(t, paragraph{lead: size * 1.6, size: size, others: indent})
	}
}

func (c *chapter) bibItem(b *review.BibItem) {
	t := c.fresh()
	st := c.hand.body(c.em())
	t.points = append(t.points, point{anchor: anchorName("", "bib", b.ID)})
	t.add("["+strconv.Itoa(b.Number)+"] ", st)
	c.inlines(t, b.Caption, st)
	c.set(t, paragraph{lead: c.lead(), size: c.em(), first: 0, others: 0})
	c.blocks(b.Blocks)
	c.galley.skip(c.lead() / 2)
}
