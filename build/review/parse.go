package review

import (
	"strings"

	"github.com/bookci/bookci/build/book"
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
