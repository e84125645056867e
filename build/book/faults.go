package book

import "fmt"

// Faults says that the book itself is wrong: its config or catalog cannot be
// read. Such faults are the manuscript's, so the exit status is 1.
type Faults struct {
	Diagnostics []Diagnostic // at least one, each with its file and, where it is known, its line
}

func (e *Faults) Error() string {
	d := e.Diagnostics[0]
	message := d.place() + line(d.Message)
	if more := len(e.Diagnostics) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return message
}

// Hint says what to do about the first of the faults.
func (e *Faults) Hint() string { return e.Diagnostics[0].Hint }
