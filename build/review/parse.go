package review

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

const (
	maxLevel = 6  // of a heading
	maxDepth = 32 // of blocks inside blocks; no book comes near it

	// A chapter has at most so many faults of one severity, and things with an id
	// of one kind. No one reads more, and no book has more.
	maxFaults  = 500
	maxEntries = 100_000

	longID = 120 // bytes; see shortID
)

// parser reads one chapter.
type parser struct {
	*reader
	chapter *Chapter
	src     *source
	pos     int // index of the next line

	open      []container
	tags      []openTag
	sections  sectionCounter
	stack     []string // the ids of the headings above
	noteLists int      // how many //printendnotes there were

	faults []book.Diagnostic
	told   map[book.Severity]int // faults of each severity, also beyond maxFaults
	later  []func()              // what waits until all chapters have been read

	// What is resolved when all chapters have been read.
	refs     []*Ref
	noteRefs []*NoteRef
	pageRefs []placed
	labels   []placed
	notes    []*Note
	bibItems []*BibItem // those outside the bibliography's file

	list      Block            // the list that has just ended, for //beginchild
	resumed   Block            // the list that goes on behind //endchild
	inBox     bool             // between //note{ and its //}
	box       Place            // where that //note{ stands
	noIndent  bool             // //noindent has been read
	olnum     int              // what //olnum says, 0 when nothing does
	firstNum  int              // what //firstlinenum says, 0 when nothing does
	widths    string           // what //tsize says
	meant     map[string]Place // ids that a line would give if it were mended
	nearOpen  int              // the last line that was meant to begin a block, 0 when its //} has been read
	habits    habits           // of Markdown
	nested    Place            // a command that is never closed, of which an error tells
	titles    int              // headings of the first level
	guesses   int              // how often it was looked for what may be meant
	verbatim  bool             // what is read stands as it is meant: code, a quotation
	swallowed bool             // a block that is never closed has taken the rest of the chapter
	lostIDs   map[string]bool  // ids that have become the text of another block
	endnote   *Note            // the first one that no //printendnotes has printed
}

// container is something open that blocks are put into.
type container struct {
	kind   containerKind
	at     Place
	blocks *[]Block
	list   Block // of a child: the list it belongs to
}

type containerKind int

const (
	inChapter containerKind = iota
	inColumn
	inBox
	inChild
)

// openTag is a heading with [tag] whose section has not ended.
type openTag struct {
	tag   string
	level int
}

// add tells of a fault, with the line that it stands on.
func (p *parser) add(f book.Diagnostic) {
	if p.told == nil {
		p.told = map[book.Severity]int{}
	}
	if p.told[f.Severity]++; p.told[f.Severity] > maxFaults {
		return
	}
	if p.src != nil && 0 < f.Line && f.Line <= len(p.src.lines) {
		f.Source = clipped(p.src.lines[f.Line-1])
	}
	p.faults = append(p.faults, f)
}

// clipped is a line as it is quoted.
func clipped(line string) string {
	const longest = 200 // bytes
	line = strings.TrimRight(line, blanks)
	if len(line) > longest {
		line = strings.ToValidUTF8(line[:longest], "") + "..."
	}
	return line
}

func (p *parser) parse() {
	p.open = []container{{kind: inChapter, blocks: &p.chapter.Blocks}}
	p.nearComments()
	for p.pos < len(p.src.lines) && p.room.pieces > 0 {
		line := p.src.lines[p.pos]
		switch lineKind(line, p.src.ended || p.pos+1 < len(p.src.lines)) {
		case commentLine:
			p.pos++
		case headingLine:
			p.heading()
			p.list, p.resumed = nil, nil
		case bulletLine:
			p.bullets()
		case numberLine:
			p.numbers()
		case termLine:
			if !isBlank(line[0]) {
				p.add(deprecatedDefinition(p.here()))
			}
			p.definitions()
		case closeLine:
			if p.inBox {
				p.closeBox()
			} else {
				p.add(blockNotOpened(p.here(), p.nearOpen))
				p.nearOpen = 0
			}
			p.pos++
		case commandLine:
			p.command()
		case slashLine:
			p.add(noCommand(p.here(), p.rightCommand(line)))
			p.list, p.resumed = nil, nil
			at := p.here()
			opens := strings.HasSuffix(rstrip(line), "{")
			p.pos++
			if opens {
				// It is left out of the book, but Re:VIEW stops at what is wrong in it.
				p.verbatim = true
				for _, l := range p.block(at, "", false) {
					p.inlinesAt(l.index, 0, l.text)
				}
				p.verbatim = false
			}
		case blankLine:
			p.pos++
		default:
			p.paragraph()
			p.list, p.resumed = nil, nil
		}
	}
	p.end()
}

// end tells what is still open behind the last line.
func (p *parser) end() {
	if p.src.cut || p.room.pieces <= 0 {
		p.leaveOut()
	}
	if p.cut {
		return
	}
	for _, c := range p.open {
		switch c.kind {
		case inBox:
			slip := p.findSwallowed(p.between(c.at.Line, len(p.src.lines))).slip
			f := unclosedBlock(c.at, swallowed{slip: slip})
			if slip != nil {
				p.forgetNearMiss(slip.index + 1)
			}
			if !p.makes("latex") && !p.makes("html") {
				f.Severity = book.Lax // plain text has no ends that could be missing
			}
			p.add(f)
		case inChild:
			p.add(childNotClosed(c.at))
		}
	}
	if p.endnote != nil {
		p.add(endnotesNotPrinted(p.endnote.Place))
	}
	if (p.chapter.Kind == Body || p.chapter.Kind == Appendix) && p.titles == 0 && !p.swallowed && !p.beginsRaw() {
		p.add(untitled(Place{p.src.file, 1, 1}))
	}
}

// beginsRaw tells whether the chapter begins with what is handed on as it is: its
// title may be there.
func (p *parser) beginsRaw() bool {
	if len(p.chapter.Blocks) == 0 {
		return false
	}
	_, raw := p.chapter.Blocks[0].(*Embed)
	return raw
}

// here is the beginning of the next line.
func (p *parser) here() Place { return p.place(p.pos, 0) }

// place is a byte of a line.
func (p *parser) place(line, offset int) Place {
	at := Place{p.src.file, line + 1, 1}
	if offset > 0 && line < len(p.src.lines) {
		at.Column = columnAt(p.src.lines[line], offset)
	}
	return at
}

// put adds a block to what is open.
func (p *parser) put(b Block) {
	p.room.pieces--
	into := p.open[len(p.open)-1].blocks
	*into = append(*into, b)
}

// kind of a line, in the order in which Re:VIEW asks.
type kind int

const (
	textLine kind = iota
	commentLine
	headingLine
	bulletLine
	numberLine
	termLine
	closeLine
	commandLine
	slashLine
	blankLine
)

// lineKind tells what a line begins. A line end counts as a blank.
func lineKind(line string, ended bool) kind {
	if line == "" {
		return blankLine
	}
	blankAt := func(i int) bool { return i < len(line) && isBlank(line[i]) || i == len(line) && ended }
	switch line[0] {
	case '#':
		if strings.HasPrefix(line, "#@") {
			return commentLine
		}
		return textLine
	case '=':
		i := 0
		for i < len(line) && line[i] == '=' {
			i++
		}
		if blankAt(i) || i < len(line) && (line[i] == '[' || line[i] == '{') {
			return headingLine
		}
		return textLine
	case '/':
		switch {
		case strings.HasPrefix(line, "//}"):
			return closeLine
		case strings.HasPrefix(line, "//") && len(line) > 2 && 'a' <= line[2] && line[2] <= 'z':
			return commandLine
		case strings.HasPrefix(line, "//"):
			return slashLine
		}
		return textLine
	}
	i := indent(line)
	switch {
	case i == len(line):
		return blankLine
	case i > 0 && line[i] == '*':
		return bulletLine
	case i > 0 && digits(line[i:]) > 0:
		return numberLine
	case line[i] == ':' && blankAt(i+1):
		return termLine
	case strip(line) == "":
		return blankLine
	}
	return textLine
}

// digits is the length of the number with a point that a text begins with, 0
// when it begins with none.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	if n > 0 && n < len(s) && s[n] == '.' {
		return n
	}
	return 0
}

// paragraph reads text up to a blank line, a command or a comment: headings
// and lists do not end it.
func (p *parser) paragraph() {
	par := &Paragraph{Place: p.here(), NoIndent: p.noIndent}
	first := p.pos
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		if strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#@") {
			break
		}
		p.nearFence(p.pos)
		p.pos++
		text := strip(line)
		if text == "" {
			break
		}
		if i := leadingTabs(line); i > 0 {
			text = strings.Repeat("\t", i) + text
			par.Text = append(par.Text, p.inlinesAt(p.pos-1, 0, text)...)
			continue
		}
		par.Text = append(par.Text, p.inlinesAt(p.pos-1, indent(line), text)...)
	}
	end := p.pos
	if strip(p.src.lines[end-1]) == "" {
		end--
	}
	if !p.nearHabits(first, end) {
		p.nearLines(first, end)
	}
	p.noIndent = false
	p.put(par)
}

// leadingTabs counts the blanks of a line that begins with a tab. Each of them
// becomes a tab of the paragraph.
func leadingTabs(line string) int {
	if line[0] != '\t' {
		return 0
	}
	return indent(line)
}

// heading reads a heading, or the beginning or end of a column.
func (p *parser) heading() {
	line := p.src.lines[p.pos]
	at := p.here()
	h := readHeading(line)
	n := p.pos
	p.pos++
	p.noIndent = false
	if h.level > maxLevel {
		if line == "=======" && slices.ContainsFunc(p.faults, isConflict) {
			p.add(conflictAsHeading(at))
			return
		}
		p.add(headingTooDeep(at))
		h.level = maxLevel
	}
	if tag, ok := strings.CutPrefix(h.tag, "/"); ok {
		p.closeTag(at, tag)
		return
	}
	if h.title == "" {
		p.add(emptyHeading(at))
	}
	p.closeSections(h.level)
	if h.tag != "" {
		if !p.knowsTag(h.tag) {
			p.add(unknownTag(at, h.tag, p.nearestTag(h)))
		} else {
			p.tags = append(p.tags, openTag{h.tag, h.level})
		}
	}
	title := p.inlinesAt(n, h.titleColumn, h.title)
	switch Tag(h.tag) {
	case NoTag, NoNum, NoToc, NoDisp:
		p.section(at, h, title)
	default:
		p.column(at, h, title)
	}
}

func (p *parser) section(at Place, h headLine, title []Inline) {
	node := &Heading{Place: at, Level: h.level, Tag: Tag(h.tag), ID: h.label, Title: title}
	e := &entry{node: node, caption: title}
	if h.level == 1 {
		if p.titles++; p.titles == 2 && p.makes("latex") {
			p.add(secondTitle(at))
		}
	}
	if node.Tag == NoTag {
		p.sections.count(h.level)
		e.numbers = p.sections.numbers()
		// The chapter's own number is known when all have been read.
		counted := p.sections
		p.later = append(p.later, func() { node.Number = p.headingNumber(p.chapter, node.Level, &counted) })
	}
	p.put(node)
	if h.level < 2 {
		return
	}
	for len(p.stack) < h.level-1 {
		p.stack = append(p.stack, "")
	}
	p.stack = p.stack[:h.level-1]
	p.stack[h.level-2] = shortID(cmp.Or(h.label, h.title))
	e.id = strings.Join(p.stack, "|")
	p.enter(&p.chapter.indexes.heading, e)
}

func (p *parser) column(at Place, h headLine, title []Inline) {
	node := &Column{Place: at, Command: h.tag, Level: h.level, ID: h.label, Title: title}
	if node.ID == "" {
		node.ID = h.title
	}
	if h.tag == "column" {
		e := &entry{id: node.ID, node: node, caption: title}
		p.enter(&p.chapter.indexes.column, e)
		node.Number = e.number
	}
	p.put(node)
	if len(p.open) < maxDepth {
		p.open = append(p.open, container{kind: inColumn, at: at, blocks: &node.Blocks})
	}
}

// enter adds an entry to an index, and tells when its id is there already.
func (p *parser) enter(x *index, e *entry) {
	p.room.pieces -= 4
	if len(x.order) >= maxEntries {
		p.swallowed = true
		return
	}
	if first := x.add(e); first != nil {
		p.add(doubledID(e.node.At(), first.node.At(), e.id))
	}
}

// shortID cuts a title that is a heading's id short, and keeps it unique:
// every heading below it has it in its own id.
func shortID(title string) string {
	if len(title) <= longID {
		return title
	}
	h := fnv.New64a()
	h.Write([]byte(title))
	return title[:longID] + strconv.FormatUint(h.Sum64(), 16)
}

// closeTag ends the section that ===[/tag] names.
func (p *parser) closeTag(at Place, tag string) {
	last := len(p.tags) - 1
	if last < 0 || p.tags[last].tag != tag {
		open := ""
		if last >= 0 {
			open = p.tags[last].tag
		} else if !p.knowsTag(tag) {
			open = text.Nearest(tag, slices.Sorted(maps.Keys(headingTags)))
		}
		p.add(tagNotOpened(at, tag, open))
	}
	if last >= 0 {
		if isColumn(p.tags[last].tag) {
			p.closeContainer(inColumn)
		}
		p.tags = p.tags[:last]
	}
}

// closeSections ends the sections with a tag that a heading of a level ends.
func (p *parser) closeSections(level int) {
	for n := len(p.tags); n > 0 && p.tags[n-1].level >= level; n-- {
		if isColumn(p.tags[n-1].tag) {
			p.closeContainer(inColumn)
		}
		p.tags = p.tags[:n-1]
	}
}

func isColumn(tag string) bool {
	switch Tag(tag) {
	case NoNum, NoToc, NoDisp:
		return false
	}
	return true
}

// closeContainer ends the innermost container of a kind, and what is open in it.
func (p *parser) closeContainer(kind containerKind) *container {
	for i := len(p.open) - 1; i > 0; i-- {
		if p.open[i].kind == kind {
			c := p.open[i]
			p.open = p.open[:i]
			return &c
		}
	}
	return nil
}

func (p *parser) closeBox() {
	p.closeContainer(inBox)
	p.inBox = false
	p.list, p.resumed = nil, nil
	p.noIndent = false
}
