package book

import (
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// String is the diagnostic as a terminal shows it, without colour or a last line
// break: the place and what is wrong, the manuscript's line, and what to do.
//
//	articles/ch01.re:12: error: there is no list with the id helo
//	    @<list>{helo}は挨拶をします。
//	  hint: check the spelling
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.place())
	word := string(d.Severity)
	if d.Severity == Lax {
		word = string(Warning)
	}
	b.WriteString(word + ": " + line(d.Message))
	if d.Count > 1 {
		b.WriteString(" (" + strconv.Itoa(d.Count) + " times)")
	}
	if s := strings.TrimSpace(line(d.Source)); s != "" {
		b.WriteString("\n    " + s)
	}
	if d.Hint != "" {
		b.WriteString("\n  hint: " + line(d.Hint))
	}
	return b.String()
}

// place is what a line about the diagnostic begins with: "articles/ch01.re:12:5: ",
// as far as it is known.
func (d Diagnostic) place() string {
	if d.File == "" {
		return ""
	}
	at := line(d.File)
	if d.Line > 0 {
		at += ":" + strconv.Itoa(d.Line)
		if d.Column > 0 {
			at += ":" + strconv.Itoa(d.Column)
		}
	}
	return at + ": "
}

// line is text as it stands on one line of a terminal: names and quotes come from
// the manuscript, which must not write lines of bookci's.
func line(s string) string { return text.Printable(strings.ReplaceAll(s, "\n", " ")) }
