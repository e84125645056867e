package review

import (
	"github.com/bookci/bookci/build/book"

	"bytes"
	"strings"
	"unicode/utf8"
)

// source is the text of one file as Re:VIEW reads it, without line ends.
type source struct {
	file  string
	lines []string
	ended bool // the last line has a line end
}

// readSource splits a file into lines. Whatever the bytes are, the lines are
// valid UTF-8 without control characters; what had to be replaced is a fault.
func readSource(file string, data []byte, add func(book.Diagnostic)) *source {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	s := &source{file: file, ended: bytes.HasSuffix(data, []byte("\n")) || bytes.HasSuffix(data, []byte("\r"))}
	text := string(data)
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return s
	}
	s.lines = make([]string, 0, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		at := Place{file, len(s.lines) + 1, 0}
		if !utf8.ValidString(line) {
			at.Column = columnAt(line, invalidUTF8(line))
			add(notUTF8(at, line))
			line = strings.ToValidUTF8(line, "\ufffd")
		}
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

func refusedControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

func invalidUTF8(line string) int {
	for i, r := range line {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(line[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

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
