package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal is where a command shows what happens: stderr, and what is known of it.
type Terminal struct {
	Out    io.Writer
	Is     bool                // it is a terminal, and no file or pipe
	Getenv func(string) string // of the environment
}

// size is that of the terminal, in cells.
func (t Terminal) size() (cols, rows int) {
	if f, ok := t.Out.(*os.File); ok {
		if cols, rows, err := term.GetSize(int(f.Fd())); err == nil && cols > 0 && rows > 0 {
			return cols, rows
		}
	}
	return 80, 24
}

// colour reports whether the terminal takes it.
func (t Terminal) colour() bool {
	return t.Is && t.Getenv("NO_COLOR") == "" && t.Getenv("TERM") != "dumb" && t.Getenv("CI") == ""
}

// The colours that words are shown in.
const (
	Red   = "31"
	Green = "32"
)

// InColour is text in a colour, where the terminal takes it.
func (t Terminal) InColour(colour, text string) string {
	if !t.colour() {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
