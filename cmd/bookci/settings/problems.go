package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/fault"
)

// place is where something was said.
type place struct {
	name         string // of the file, the variable or the flag
	line, column int    // in the file
}

func (p place) String() string {
	if p.line > 0 {
		return fmt.Sprintf("%s:%d", p.name, p.line)
	}
	return p.name
}

type problem struct {
	place      place
	text, hint string
}

// problem adds what is wrong at a place, once.
func (r *reader) problem(at place, format string, args ...any) {
	p := problem{place: at, text: fmt.Sprintf(format, args...)}
	for _, arg := range args {
		if usage, ok := arg.(*fault.Usage); ok {
			p.hint = usage.Hint
		}
	}
	if !r.told[p] { // each layer is tried with those below it
		r.told[p] = true
		r.problems = append(r.problems, p)
	}
}

// wrong adds what is wrong with the value of a path.
func (r *reader) wrong(path string, err error) {
	at, _ := r.origin(path)
	if strings.HasPrefix(at.name, "--") { // a flag's name says it
		r.problem(at, "%v", err)
	} else {
		r.problem(at, "%s: %v", label(path), err)
	}
}

var index = regexp.MustCompile(`\[[^\]]*\]`)

// bare is a path without the indices of lists.
func bare(path string) string { return index.ReplaceAllString(path, "") }

// label names a path to the author. Which item of a list it is, its place tells.
func label(path string) string { return strings.TrimSuffix(bare(path), ".ref") }

// Error lists all that is wrong with bookci.yml, the variables and the flags. It
// is the configuration's fault: exit status 2.
type Error struct {
	Problems []string // each begins with its place
	hint     string
}

func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// Hint says what to do, where the only problem has an answer of its own.
func (e *Error) Hint() string { return e.hint }

// fault is the error that tells of all problems, first those of the file, line
// by line.
func (r *reader) fault() *Error {
	slices.SortStableFunc(r.problems, func(a, b problem) int {
		if a.place.line == 0 || b.place.line == 0 {
			return b.place.line - a.place.line
		}
		return slices.Compare([]int{a.place.line, a.place.column}, []int{b.place.line, b.place.column})
	})
	e := &Error{}
	for _, p := range r.problems {
		e.Problems = append(e.Problems, fmt.Sprintf("%s: %s", p.place, p.text))
	}
	if len(r.problems) == 1 {
		e.hint = r.problems[0].hint
	}
	return e
}
