package screen

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/internal/fault"
)

// This file says in which form a build shows its lines while it runs. Rules:
// they go to stderr; a terminal gets one live line per variant, redrawn in
// place; anything else gets a line when something new begins, and a sign of
// life when a step takes long; quiet gets none of these. Whatever else is written
// meanwhile goes through Println, which keeps the live lines below it.

// Show shows what a build is doing.
type Show interface {
	// Event takes in what happened.
	Event(event.Event)
	// Println writes lines that stay.
	Println(text string)
	// Close takes the live lines away.
	Close()
}

// The values of --progress.
const (
	Auto  = "auto"
	TTY   = "tty"
	Plain = "plain"
	Quiet = "quiet"
)

// New chooses the form that suits the terminal, or the one that is asked for.
func New(t Terminal, mode string) (Show, error) {
	if mode == Auto {
		mode = Plain
		if t.Is && t.Getenv("CI") == "" && t.Getenv("TERM") != "dumb" {
			mode = TTY
		}
	}
	switch mode {
	case TTY:
		return newLive(t.Out, t.size, time.Now), nil
	case Plain:
		return newPlain(t.Out, time.Now), nil
	case Quiet:
		return NewQuiet(t.Out), nil
	}
	return nil, fault.Usagef("", "--progress %q (one of auto, tty, plain, quiet)", mode)
}

// NewQuiet shows what stays and nothing else.
func NewQuiet(w io.Writer) Show { return &quiet{w: w} }

type quiet struct {
	mu sync.Mutex
	w  io.Writer
}

func (q *quiet) Event(event.Event) {}
func (q *quiet) Close()            {}
func (q *quiet) Println(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fmt.Fprintln(q.w, clean(text))
}
