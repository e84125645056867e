package engine

import (
	"fmt"
	"strings"
)

// ScriptError is a script of bookci's own that failed in a session.
type ScriptError struct {
	Op     string // what it was to do
	Status int
	Stderr string
}

func (e *ScriptError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s: exit status %d", e.Op, e.Status)
	}
	return fmt.Sprintf("%s: %s", e.Op, strings.TrimSpace(e.Stderr))
}

// FirstLine is the script's first line on standard error.
func (e *ScriptError) FirstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(e.Stderr), "\n")
	return line
}

// NoProgramsHint is what to do when a script finds a program missing, status 127.
const NoProgramsHint = "is it an image with Re:VIEW in it? bookci needs sh, tar, find and xargs there"
