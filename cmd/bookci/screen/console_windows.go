package screen

import (
	"os"

	"golang.org/x/sys/windows"
)

// Prepare tells whether f is a terminal, and has it take colours and movements
// of the cursor. A console that is too old for them counts as none. Text needs
// nothing: Go hands it to a console as UTF-16, whatever its code page.
func Prepare(f *os.File) bool {
	var mode uint32
	console := windows.Handle(f.Fd())
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
