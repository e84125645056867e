package book

import (
	"strconv"
	"strings"
)

// String is the diagnostic as a terminal shows it, without colour or a last line
// break: the place and what is wrong, the manuscript's line, and what to do.
//
//	articles/ch01.re:12: error: there is no list with the id helo
//	    @<list>{helo}は挨拶をします。
//	  hint: check the spelling
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		if d.Line > 0 {
			b.WriteString(":" + strconv.Itoa(d.Line))
			if d.Column > 0 {
				b.WriteString(":" + strconv.Itoa(d.Column))
			}
		}
		b.WriteString(": ")
	}
	word := string(d.Severity)
	if d.Severity == Lax {
		word = string(Warning)
	}
	b.WriteString(word + ": " + d.Message)
	if d.Count > 1 {
		b.WriteString(" (" + strconv.Itoa(d.Count) + " times)")
	}
	if s := strings.TrimSpace(d.Source); s != "" {
		b.WriteString("\n    " + s)
	}
	if d.Hint != "" {
		b.WriteString("\n  hint: " + d.Hint)
	}
	return b.String()
}
