package review

import (
	"regexp"
	"slices"
	"strings"
)

// A block whose //} was forgotten ends at that of the next block, and Re:VIEW
// has nothing to say: all between the two has become code. What gives it away
// is a block that begins in it and does not end. Text that quotes Re:VIEW has
// ends for its beginnings, in some guise: a real //} would end the quotation.

// swallowed is what a block holds that was meant to stand behind it.
type swallowed struct {
	above *rawLine // a heading between empty lines before it
	head  *rawLine // the first line in it that begins a block and is not answered; nil when all are
	name  string   // its command
	slip  *rawLine // a line before it that was meant as //}
	lines []rawLine
}

var quotedEnd = regexp.MustCompile(`//[^A-Za-z]*(?:@<\w+>[{$|]*)?\\?[}｝]`)

// findSwallowed looks through the lines of a block that holds no blocks.
func (p *parser) findSwallowed(lines []rawLine) swallowed {
	var s swallowed
	var open []int
	braces := 0
	for i := range lines {
		text := lines[i].text
		switch {
		case p.beginsBlock(text), strings.HasPrefix(text, "　") && p.beginsBlock(narrowCommand(text)):
			open = append(open, i)
		case quotedEnd.MatchString(text) || strings.Contains(text, "／／"):
			if len(open) > 0 {
				open = open[:len(open)-1]
			} else if s.slip == nil && slippedEnd(text) {
				s.slip = &lines[i]
			}
		default:
			braces += strings.Count(text, "{") - strings.Count(text, "}")
			if t := strings.TrimSpace(text); s.slip == nil && len(open) == 0 && braces < 0 && (t == "}" || t == "｝") {
				s.slip = &lines[i]
			}
		}
	}
	if i := slices.IndexFunc(lines, sectionTitle); i > 0 && strip(lines[i-1].text) == "" && (len(open) == 0 || i < open[0]) {
		s.above = &lines[i]
	}
	if len(open) > 0 {
		s.head = &lines[open[0]]
		s.name = readBlockHead(strings.TrimLeft(s.head.text, "　")).name
		s.lines = lines[open[0]:]
	}
	return s
}

// sectionTitle tells whether a line is a heading below a chapter's.
func sectionTitle(l rawLine) bool {
	if lineKind(l.text, true) != headingLine {
		return false
	}
	h := readHeading(l.text)
	return 2 <= h.level && h.level <= 4 && h.title != "" && strings.Trim(h.title, "=") == h.title
}

// between are the lines from one index up to another.
func (p *parser) between(from, to int) []rawLine {
	var lines []rawLine
	for i := from; i < to; i++ {
		lines = append(lines, rawLine{i, p.src.lines[i]})
	}
	return lines
}

// slippedEnd tells whether a line is //} and no more, but for blanks or wide letters.
func slippedEnd(text string) bool {
	return strings.NewReplacer("／", "/", "｝", "}").Replace(strings.TrimSpace(text)) == "//}"
}

// beginsBlock tells whether a line is the well-formed first line of a block.
func (p *parser) beginsBlock(line string) bool {
	if lineKind(line, true) != commandLine {
		return false
	}
	h := readBlockHead(line)
	s, known := blockCommands[h.name]
	return h.opens && h.rest == "" && (known && s.shape != single && s.min <= len(h.args) && len(h.args) <= s.max || p.extension.blocks[h.name])
}

// checkSwallowed tells of a block that has ended at another one's //}, and notes
// which ids are lost with what it holds.
func (p *parser) checkSwallowed(at Place, name string, lines []rawLine) {
	s := p.findSwallowed(lines)
	if s.head == nil {
		return
	}
	p.add(swallowing(p.place(s.head.index, 0), at, name, s))
	for _, l := range s.lines {
		switch lineKind(l.text, true) {
		case commandLine:
			if h := readBlockHead(l.text); len(h.args) > 0 {
				p.lostIDs[h.args[0]] = true
			}
		case headingLine:
			h := readHeading(l.text)
			p.lostIDs[h.label], p.lostIDs[h.title] = true, true
		}
	}
}
