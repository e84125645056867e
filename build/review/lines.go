package review

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// source is the text of one file as Re:VIEW reads it, without line ends.
type source struct {
	file  string
	lines []string
	ended bool // the last line has a line end

	foreign bool // it is in another encoding, and nothing but that is told of it
	cut     bool // the file has more lines than there was room for
}

// readSource splits a file into lines. Whatever the bytes are, the lines are
// valid UTF-8 without control characters; what had to be replaced is a fault.
// Lines for which there is no room are left out.
func readSource(file string, data []byte, left *room, add func(book.Diagnostic)) *source {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := &source{file: file, ended: bytes.HasSuffix(data, []byte("\n")) || bytes.HasSuffix(data, []byte("\r"))}
	if line, encoding := text.NotUTF8(data); line > 0 {
		add(notUTF8(Place{file, line, 0}, encoding))
		if s.foreign = encoding != ""; s.foreign {
			return s
		}
	}
	data, s.cut = left.head(data)
	s.ended = s.ended || s.cut
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
