package fault

import (
	"fmt"
)

// Usage is a mistake on the command line or in bookci.yml.
type Usage struct {
	Err  error
	Hint string
}

func (e *Usage) Error() string { return e.Err.Error() }

func (e *Usage) Unwrap() error { return e.Err }

// Usagef is a Usage with a hint, "" where there is none to give.
func Usagef(hint, format string, args ...any) error {
	return &Usage{Err: fmt.Errorf(format, args...), Hint: hint}
}
