package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// PlainLine takes colours, carriage returns and other control characters out of
// a line, and repairs what is not UTF-8. What was drawn over with a carriage
// return is gone, as it is on a terminal.
func PlainLine(line string) string {
	line = strings.TrimRight(line, "\r")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	if strings.IndexByte(line, 0x1b) >= 0 {
		line = stripEscapes(line)
	}
	return Printable(line)
}

// stripEscapes removes terminal control sequences.
func stripEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != 0x1b {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i >= len(s) {
			break
		}
		switch c := s[i]; {
		case c == '[': // up to the letter that ends it
			for i++; i < len(s) && (s[i] < 0x40 || s[i] > 0x7e); i++ {
			}
		case c == ']': // a title or link, up to BEL or ESC \
			for i++; i < len(s) && s[i] != 0x07 && s[i] != 0x1b; i++ {
			}
			switch {
			case i+1 < len(s) && s[i] == 0x1b && s[i+1] == '\\':
				i++
			case i < len(s) && s[i] == 0x1b:
				i-- // it breaks off, and the next sequence begins
			}
		case c >= ' ' && c <= '/': // a set of characters, up to the letter that names it
			for i < len(s)-1 && s[i] >= ' ' && s[i] <= '/' {
				i++
			}
		case c >= utf8.RuneSelf:
			i-- // no sequence
		}
	}
	return b.String()
}

// Printable makes s safe to show: valid UTF-8 with no control characters but tabs,
// and none of the characters that turn the direction of text around.
func Printable(s string) string {
	clean := true
	for i, r := range s {
		if Unprintable(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Unprintable(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Unprintable tells a character that terminals obey instead of showing it.
func Unprintable(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069)
}
