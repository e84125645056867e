package review

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// openTag is a heading with [tag] whose section has not ended.
type openTag struct {
	tag   string
	level int
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
