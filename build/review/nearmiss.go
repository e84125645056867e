package review

import (
	"github.com/bookci/bookci/internal/text"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/bookci/bookci/build/book"
)

// This file tells of text that was meant as markup: Re:VIEW takes it for text and says
// nothing. It looks at running text alone, as in code and quotations everything is
// meant as it stands.

var (
	// likeInline is an inline command in letters of any width.
	likeInline = regexp.MustCompile(`[@＠][<＜]([A-Za-z0-9_Ａ-Ｚａ-ｚ０-９＿]+)[>＞]`)

	// closing are brackets that are written for those of a command, and their ends.
	closing = map[rune]string{'(': ")", '[': "]", '（': "）", '［': "］"}

	// openingQuote ends the text before markup that is only spoken about.
	openingQuote = "「『“‘\"'`（(【〈《"
)

// nearInline looks through running text that holds no command for what was
// meant as one.
func (p *parser) nearInline(at Place, text string) {
	p.nearInlineHabits(at, text)
	if p.verbatim || !strings.ContainsAny(text, "@＠") {
		return
	}
	for _, m := range likeInline.FindAllStringSubmatchIndex(text, 2*maxFaults) {
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
		case there == p.nested: // an error tells of it
		case next == '{' || next == '$' || next == '|':
			end := string(next)
			if next == '{' {
				end = "}"
			}
			p.add(openInline(there, written+string(next), end))
		case op == "br":
			p.add(bareBreak(there))
		case next == ' ' && strings.HasPrefix(strings.TrimLeft(rest, " "), "{"):
			p.add(detachedInline(there, narrow))
		case size > 0 && strings.ContainsRune("([（［", next):
			argument, _, _ := strings.Cut(rest[size:], closing[next])
			p.add(otherBracket(there, narrow, narrow+"{"+argument+"}"))
		}
	}
}

var (
	wideHeading = regexp.MustCompile(`^(?:[=＝]*＝[=＝]*[ 　\t\[{［｛]|={1,6}[［｛])`)
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
	case text.ConflictMark.MatchString(line):
		p.add(conflictLeft(at))
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
		if narrow == strings.Trim(line, " \t　") {
			p.add(indentedBlock(at, narrow))
		} else {
			p.add(nearBlock(at, narrow))
		}
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
	spaced := false
	for n, l := range b.lines {
		text := strings.TrimSpace(l.text)
		at := b.place(l.index, 0)
		switch {
		case isRule(l.text):
		case !ruled && (shortRule.MatchString(text) || n == 1 && len(b.lines) > 2 && (text == "--" || text == "==")):
			b.add(ruleTooShort(at))
			ruled = true
		case spaced:
		case !strings.Contains(l.text, "\t") && spacedCells(text) > 1 && (node.Columns > 1 || b.allSpaced()), n == 0 && b.narrowlySpaced():
			b.add(spacesForTabs(at))
			spaced = true
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

// japaneseApart tells whether all spaces of a text stand between characters of
// Japanese, which has none between words.
func japaneseApart(text string) bool {
	japanese := func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー' }
	words := strings.Fields(text)
	for i := 1; i < len(words); i++ {
		last, _ := utf8.DecodeLastRuneInString(words[i-1])
		first, _ := utf8.DecodeRuneInString(words[i])
		if !japanese(last) || !japanese(first) {
			return false
		}
	}
	return true
}

// narrowlySpaced tells whether a table's rows, above and below a rule, are divided by
// single spaces: each into as many pieces, and a header of Japanese by them alone.
func (b *blockReader) narrowlySpaced() bool {
	pieces, rows, rules := 0, 0, 0
	for _, l := range b.lines {
		text := strings.TrimSpace(l.text)
		switch {
		case isRule(l.text) || shortRule.MatchString(text) || text == "--" || text == "==":
			rules++
			continue
		case text == "":
			continue
		case strings.ContainsAny(text, "\t@"):
			return false
		}
		n := len(strings.Fields(text))
		if n < 2 || pieces != 0 && n != pieces || rows == 0 && !japaneseApart(text) {
			return false
		}
		pieces = n
		rows++
	}
	return rows > 1 && rules == 1
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

var (
	environment = regexp.MustCompile(`\\(begin|end) *\{([^{}]*)\}`)
	texComment  = regexp.MustCompile(`(?m)(^|[^\\])%.*$`)
)

// nearEnvironments looks for an environment of TeX that begins in a formula and does
// not end there. TeX stops at it, with words about braces.
func (b *blockReader) nearEnvironments(source string) {
	if !b.makes("latex") {
		return
	}
	var open []string
	for _, m := range environment.FindAllStringSubmatch(texComment.ReplaceAllString(source, "$1"), -1) {
		switch n := len(open); {
		case m[1] == "begin":
			open = append(open, m[2])
		case n == 0 || open[n-1] != m[2]:
			b.add(environmentNotBegun(b.at, m[2], open))
			return
		default:
			open = open[:n-1]
		}
	}
	if len(open) > 0 {
		b.add(environmentOpen(b.at, open[len(open)-1]))
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
