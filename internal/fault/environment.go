package fault

import (
	"fmt"
)

// Environment is a failure of Docker, the image, the disk or the network
// rather than of the book.
type Environment struct {
	Err  error
	Hint string
}

func (e *Environment) Error() string { return e.Err.Error() }

func (e *Environment) Unwrap() error { return e.Err }

// Environmentf is an Environment with a hint, "" where there is none to give.
func Environmentf(hint, format string, args ...any) error {
	return &Environment{Err: fmt.Errorf(format, args...), Hint: hint}
}
