package review

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// source is the text of one file as Re:VIEW reads it, without line ends.
type source struct {
	file  string
	lines []string
	ended bool // the last line has a line end

	foreign bool // it is in another encoding: nothing that is said of it would help but that
}

// readSource splits a file into lines. Whatever the bytes are, the lines are
// valid UTF-8 without control characters; what had to be replaced is a fault.
func readSource(file string, data []byte, add func(book.Diagnostic)) *source {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := &source{file: file, ended: bytes.HasSuffix(data, []byte("\n")) || bytes.HasSuffix(data, []byte("\r"))}
	if line, encoding := text.NotUTF8(data); line > 0 {
		add(notUTF8(Place{file, line, 0}, encoding))
		s.foreign = encoding != ""
	}
	whole := string(data)
	if strings.IndexByte(whole, '\r') >= 0 {
		whole = strings.ReplaceAll(strings.ReplaceAll(whole, "\r\n", "\n"), "\r", "\n")
	}
	whole = strings.TrimSuffix(whole, "\n")
	if whole == "" {
		return s
	}
	s.lines = make([]string, 0, strings.Count(whole, "\n")+1)
	if clean(whole) {
		s.lines = slices.AppendSeq(s.lines, strings.SplitSeq(whole, "\n"))
		return s
	}
	for line := range strings.SplitSeq(whole, "\n") {
		at := Place{file, len(s.lines) + 1, 0}
		line = strings.ToValidUTF8(line, "\ufffd")
		if i := strings.IndexFunc(line, refusedControl); i >= 0 {
			at.Column = columnAt(line, i)
			add(controlCharacter(at, line[i]))
			line = strings.Map(func(r rune) rune {
				if refusedControl(r) {
					return -1
				}
				return r
			}, line)
		}
		s.lines = append(s.lines, line)
	}
	return s
}

// clean tells whether nothing in a text has to be replaced.
func clean(s string) bool {
	for i := range len(s) {
		if refusedControl(rune(s[i])) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func refusedControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

// columnAt is the column, in characters from 1, of a byte of a line.
func columnAt(line string, offset int) int {
	return utf8.RuneCountInString(line[:min(offset, len(line))]) + 1
}

// Ruby's notion of blanks: U+3000 is none.
const blanks = " \t\n\v\f\r"

func isBlank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

// strip is Ruby's String#strip.
func strip(s string) string { return strings.Trim(s, blanks+"\x00") }

// rstrip is Ruby's String#rstrip.
func rstrip(s string) string { return strings.TrimRight(s, blanks+"\x00") }

// indent counts the blanks at a line's beginning.
func indent(line string) int {
	for i := 0; i < len(line); i++ {
		if !isBlank(line[i]) {
			return i
		}
	}
	return len(line)
}

// A block whose //} was forgotten ends at that of the next block, and Re:VIEW
// has nothing to say: all between the two has become code. What gives it away
// is a block that begins in it and does not end. Text that quotes Re:VIEW has
// ends for its beginnings, in some guise: a real //} would end the quotation.

// swallowed is what a block holds that was meant to stand behind it.
type swallowed struct {
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
		case p.beginsBlock(text):
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
	if len(open) > 0 {
		s.head = &lines[open[0]]
		s.name = readBlockHead(s.head.text).name
		s.lines = lines[open[0]:]
	}
	return s
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

// What was meant as markup and is none: Re:VIEW takes it for text and says
// nothing. It is told where a reader would stumble over it, in running text; in
// code and quotations everything is meant as it stands.

var (
	// likeInline is an inline command in letters of any width.
	likeInline = regexp.MustCompile(`[@＠][<＜]([A-Za-z0-9_Ａ-Ｚａ-ｚ０-９＿]+)[>＞]`)

	// openingQuote ends the text before markup that is only spoken about.
	openingQuote = "「『“‘\"'`（(【〈《"
)

// nearInline looks through running text that holds no command for what was
// meant as one.
func (p *parser) nearInline(at Place, text string) {
	if p.verbatim || !strings.ContainsAny(text, "@＠") {
		return
	}
	for _, m := range likeInline.FindAllStringSubmatchIndex(text, -1) {
		before, written, rest := text[:m[0]], text[m[0]:m[1]], text[m[1]:]
		last, _ := utf8.DecodeLastRuneInString(before)
		op := width.Narrow.String(text[m[2]:m[3]])
		if strings.ContainsRune(openingQuote, last) || !inlineCommands[op] && !p.extension.inlines[op] {
			continue
		}
		there := at
		there.Column += utf8.RuneCountInString(before)
		next, size := utf8.DecodeRuneInString(rest)
		narrow := "@<" + op + ">"
		switch {
		case next == '｛' || written != narrow && strings.ContainsRune("{$|", next):
			argument := rest[size:]
			if end := strings.IndexAny(argument, "}｝"); end >= 0 {
				argument = argument[:end] + "}"
			}
			p.add(wideInline(there, written+string(next), narrow+"{"+argument))
		case written != narrow:
		case next == '{' || next == '$' || next == '|':
			end := string(next)
			if next == '{' {
				end = "}"
			}
			p.add(openInline(there, written+string(next), end))
		case op == "br":
			p.add(bareBreak(there))
		case next == ' ' && strings.HasPrefix(strings.TrimLeft(rest, " "), "{"), next == '(', next == '[':
			p.add(detachedInline(there, narrow))
		}
	}
}

// nearBrace looks at a command that hands TeX to the maker, and at the text
// behind it: the first } ends the command, also one of TeX's own.
func (p *parser) nearBrace(at Place, t token, rest string) {
	if t.op != "m" && t.op != "raw" && t.op != "embed" || !strings.HasPrefix(t.raw, "@<"+t.op+">{") {
		return
	}
	depth := strings.Count(t.text, "{") - strings.Count(t.text, "}") - 1
	if depth < 0 || t.op != "m" && !strings.Contains(t.text, "|latex|") {
		return
	}
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				p.add(braceEnds(at, t.text, fenced(t.op, t.text+"}"+rest[:i])))
				return
			}
			depth--
		}
	}
}

// fenced is a command with an argument that holds braces.
func fenced(op, arg string) string {
	for _, fence := range []string{"$", "|"} {
		if !strings.Contains(arg, fence) {
			return "@<" + op + ">" + fence + arg + fence
		}
	}
	return "@<" + op + ">{" + strings.NewReplacer(`\`, `\\`, "}", `\}`).Replace(arg) + "}"
}

var (
	wideHeading = regexp.MustCompile(`^[=＝]*＝[=＝]*[ 　\t\[{［｛]`)
	tightTitle  = regexp.MustCompile(`^(={1,6})(?:　+|)([^=\s　<>\[{!~].*)$`)
	wideCommand = regexp.MustCompile(`^[ \t　]*[/／]{2}([a-zａ-ｚ]+|[}｝])`)
	mapped      = regexp.MustCompile(`^#@map(?:file|range|output)\b`)
)

// nearLines looks at the lines of a paragraph, from first up to end.
func (p *parser) nearLines(first, end int) {
	for n := first; n < end; n++ {
		p.nearLine(n, n > first, end-first == 1)
	}
}

// nearLine looks at a line of a paragraph: one behind others, or the only one.
func (p *parser) nearLine(n int, behind, only bool) {
	line := p.src.lines[n]
	at := p.place(n, 0)
	switch {
	case wideHeading.MatchString(line):
		p.add(wideHead(at, headingForm(line)))
	case behind && lineKind(line, true) == headingLine && readHeading(line).title != "":
		p.add(headingInText(at))
	case only && tightTitle.MatchString(line):
		m := tightTitle.FindStringSubmatch(line)
		const longest = 60 // characters of a title; more is a sentence
		if utf8.RuneCountInString(m[2]) <= longest && !strings.HasSuffix(m[2], "。") {
			p.add(tightHeading(at, m[1]+" "+strings.TrimSpace(m[2])))
		}
	default:
		p.nearCommand(at, line)
	}
}

// mean notes what a line would be if it were mended.
func (p *parser) mean(at Place, h blockHead) {
	if len(h.args) > 0 {
		p.meant[h.args[0]] = at
	}
	if h.opens {
		p.nearOpen = at.Line
	}
}

// headingForm is a heading in half-width letters.
func headingForm(line string) string {
	end := strings.IndexFunc(line, func(r rune) bool { return r != '=' && r != '＝' })
	level := utf8.RuneCountInString(line[:end])
	rest := strings.NewReplacer("［", "[", "］", "]", "｛", "{", "｝", "}").Replace(strings.TrimLeft(line[end:], " 　\t"))
	if rest != "" && (rest[0] == '[' || rest[0] == '{') {
		return strings.Repeat("=", level) + rest
	}
	return strings.Repeat("=", level) + " " + rest
}

// nearCommand finds a block command in wide letters, or one that does not begin its line.
func (p *parser) nearCommand(at Place, line string) {
	m := wideCommand.FindStringSubmatch(line)
	if m == nil {
		return
	}
	name := width.Narrow.String(m[1])
	narrow := narrowCommand(line)
	switch {
	case name == "}":
		if strings.TrimSpace(narrow) == "//}" {
			p.add(nearBlock(at, "//}"))
		}
	case p.beginsBlock(narrow), lineKind(narrow, true) == commandLine && p.endsBlockless(narrow):
		p.add(nearBlock(at, narrow))
		p.mean(at, readBlockHead(narrow))
	}
}

// narrowCommand is a block command's first line as it should be: from the
// line's beginning, with its signs in half-width letters.
func narrowCommand(line string) string {
	line = strings.Trim(line, " \t　")
	line = strings.NewReplacer("／", "/", "［", "[", "］", "]").Replace(line)
	if line == "//｝" {
		return "//}"
	}
	end := strings.IndexFunc(line, func(r rune) bool { return r == '[' || r == '{' || r == '｛' || r == ' ' })
	if end < 0 {
		end = len(line)
	}
	line = width.Narrow.String(line[:end]) + line[end:]
	if rest, wide := strings.CutSuffix(line, "｛"); wide {
		line = strings.TrimRight(rest, " 　") + "{"
	}
	return line
}

// forgetNearMiss takes back what was said of a line, which an error now tells of.
func (p *parser) forgetNearMiss(line int) {
	p.faults = slices.DeleteFunc(p.faults, func(f book.Diagnostic) bool {
		return f.Line == line && (f.Code == "markup-near-miss" || f.Code == "review-unknown-block" && f.Severity == book.Lax)
	})
}

// rightCommand is a command's first line with half-width signs and without
// spaces between its arguments, "" when that does not make it well formed.
func (p *parser) rightCommand(line string) string {
	for _, right := range []string{narrowCommand(line), strings.ReplaceAll(narrowCommand(line), "] [", "]["), strings.ReplaceAll(narrowCommand(line), " {", "{")} {
		if right == "//}" || p.beginsBlock(right) || p.endsBlockless(right) {
			return right
		}
	}
	return ""
}

// endsBlockless tells whether a line is a whole command without a block.
func (p *parser) endsBlockless(line string) bool {
	h := readBlockHead(line)
	s, known := blockCommands[h.name]
	return known && !h.opens && h.rest == "" && s.min <= len(h.args) && len(h.args) <= s.max && (s.shape == single || s.shape == optional) && len(h.args) > 0
}

// nearTable looks for what keeps a table's lines from being rows and cells.
func (b *blockReader) nearTable(node *Table) {
	if b.tableSeparator != "tabs" && b.tableSeparator != "singletab" {
		return
	}
	ruled := slices.ContainsFunc(b.lines, func(l rawLine) bool { return isRule(l.text) })
	for _, l := range b.lines {
		text := strings.TrimSpace(l.text)
		at := b.place(l.index, 0)
		switch {
		case isRule(l.text):
		case !ruled && shortRule.MatchString(text):
			b.add(ruleTooShort(at))
			ruled = true
		case !strings.Contains(l.text, "\t") && spacedCells(text) > 1 && (node.Columns > 1 || b.allSpaced()):
			b.add(spacesForTabs(at))
			return
		}
	}
}

var (
	shortRule  = regexp.MustCompile(`^(?:[-=]{3,11}|[|+]?(?:[ :]*-{3,}[ :]*[|+])+[ :]*-*|[ー─━―－＝]{3,})$`)
	cellSpaces = regexp.MustCompile(` {2,}|　+| *\| *`)
)

// spacedCells counts the cells of a row that is divided by anything but tabs.
func spacedCells(text string) int {
	return len(cellSpaces.Split(strings.Trim(text, " |　"), -1))
}

// allSpaced tells whether every row is divided into as many cells, so that it
// is no accident of one line.
func (b *blockReader) allSpaced() bool {
	cells, rows := 0, 0
	for _, l := range b.lines {
		text := strings.TrimSpace(l.text)
		if text == "" || isRule(l.text) || shortRule.MatchString(text) {
			continue
		}
		n := spacedCells(text)
		if cells != 0 && n != cells {
			return false
		}
		cells = n
		rows++
	}
	return rows > 1
}

var percent = regexp.MustCompile(`^(?:latex::)?(scale|width|height)=([0-9.]+)%$`)

// nearMetric looks at an image's size, which TeX takes in parts of one or in lengths.
func (b *blockReader) nearMetric(metric string) {
	if !b.makes("latex") || !strings.Contains(metric, "%") {
		return
	}
	wrong := false
	parts := strings.Split(metric, ",")
	for i, part := range parts {
		m := percent.FindStringSubmatch(strip(part))
		if m == nil {
			continue
		}
		wrong = true
		n, _ := strconv.ParseFloat(m[2], 64)
		value := strconv.FormatFloat(n/100, 'f', -1, 64)
		switch m[1] {
		case "width":
			value += "\\textwidth"
		case "height":
			value += "\\textheight"
		}
		parts[i] = m[1] + "=" + value
	}
	if wrong {
		b.add(metricPercent(b.place(b.line, b.head.columns[2]), metric, "["+strings.Join(parts, ",")+"]"))
	}
}

// nearComments finds a preprocessor's commands that nobody has filled in: their
// lines are comments to Re:VIEW.
func (p *parser) nearComments() {
	for n, line := range p.src.lines {
		if strings.HasPrefix(line, "#@map") && mapped.MatchString(line) && n+1 < len(p.src.lines) && strings.HasPrefix(p.src.lines[n+1], "#@end") {
			p.add(notMapped(p.place(n, 0), strip(line), p.src.file))
		}
	}
}
