package book

import (
	"fmt"
	"strings"
)

// Faults says that the book itself is wrong: its config or catalog cannot be
// read. Such faults are the manuscript's, so the exit status is 1.
type Faults struct {
	Diagnostics []Diagnostic // at least one, each with its file and, where it is known, its line
}

func (e *Faults) Error() string {
	d := e.Diagnostics[0]
	var b strings.Builder
	if d.File != "" {
		b.WriteString(line(d.File))
		if d.Line > 0 {
			fmt.Fprintf(&b, ":%d", d.Line)
		}
		b.WriteString(": ")
	}
	b.WriteString(line(d.Message))
	if more := len(e.Diagnostics) - 1; more > 0 {
		fmt.Fprintf(&b, " (and %d more)", more)
	}
	return b.String()
}

// Hint says what to do about the first of the faults.
func (e *Faults) Hint() string { return e.Diagnostics[0].Hint }
