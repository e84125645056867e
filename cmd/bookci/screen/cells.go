package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/internal/text"
)

// This file measures and breaks text as a terminal shows it.

// rowsOf is how many rows lines of these widths take on a screen of cols
// columns. Most terminals break longer lines anew when they become narrower.
func rowsOf(widths []int, cols int) int {
	rows := 0
	for _, w := range widths {
		rows += max(1, (w+cols-1)/max(cols, 1))
	}
	return rows
}

// fold breaks text into lines of at most width cells. Colours take no room, and
// a colour that is on at the end of a line is taken up in the next.
func fold(text string, width int) []string {
	width = max(width, 2) // one wide character
	var lines []string
	var b strings.Builder
	used, colour := 0, ""
	for len(text) > 0 {
		if esc := colourAt(text); esc > 0 {
			colour = text[:esc]
			if colour == "\x1b[0m" {
				colour = ""
			}
			b.WriteString(text[:esc])
			text = text[esc:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		w := runewidth.RuneWidth(r)
		if used+w > width {
			if colour != "" {
				b.WriteString("\x1b[0m")
			}
			lines = append(lines, b.String())
			b.Reset()
			b.WriteString(colour)
			used = 0
		}
		b.WriteRune(r)
		used += w
		text = text[n:]
	}
	return append(lines, b.String())
}

// cells is the width of a line, colours left out.
func cells(line string) int {
	n := 0
	for len(line) > 0 {
		if esc := colourAt(line); esc > 0 {
			line = line[esc:]
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		n += runewidth.RuneWidth(r)
		line = line[size:]
	}
	return n
}

// colourAt is the length of the colour sequence that text begins with, 0 for none.
func colourAt(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	n := 2 + len(text[2:]) - len(strings.TrimLeft(text[2:], "0123456789;"))
	if n < len(text) && text[n] == 'm' {
		return n + 1
	}
	return 0
}

// withoutColour is text without its colour sequences.
func withoutColour(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if n := colourAt(text[i:]); n > 0 {
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// clean is s without control characters but for line ends and colours:
// a manuscript must not move the cursor or rename the terminal.
func clean(s string) string {
	var b strings.Builder
	s = strings.ToValidUTF8(s, "\ufffd")
	for i := 0; i < len(s); {
		if esc := colourAt(s[i:]); esc > 0 {
			b.WriteString(s[i : i+esc])
			i += esc
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == '\n' || !text.Unprintable(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
