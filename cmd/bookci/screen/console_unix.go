//go:build unix

package screen

import (
	"os"

	"golang.org/x/term"
)

// Prepare tells whether f is a terminal, and has it take colours and movements
// of the cursor.
func Prepare(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
