package screen

import (
	"time"

	"github.com/bookci/bookci/build/event"
)

// Watch is a Show that also knows what holds at the moment.
type Watch interface {
	Show
	// Pin shows lines about name until others are pinned to it, none to take them away.
	Pin(name string, lines []string)
	// Rest ends what a build shows while it runs, and says how things are.
	Rest(status string)
}

// NewWatch chooses the form that suits the terminal, or the one that is asked for.
func NewWatch(t Terminal, mode string) (Watch, error) {
	p, err := New(t, mode)
	if err != nil {
		return nil, err
	}
	if _, ok := p.(*live); ok {
		p.Close()
		return newWatchScreen(t.Out, t.size, time.Now), nil
	}
	return plainWatch{p}, nil
}

// plainWatch writes everything as lines that stay.
type plainWatch struct{ Show }

func (p plainWatch) Rest(string) {}

func (p plainWatch) Pin(_ string, lines []string) {
	for _, line := range lines {
		p.Println(line)
	}
}

// Caught keeps what would be shown.
type Caught struct{ Lines []string }

func (c *Caught) Event(event.Event)   {}
func (c *Caught) Println(text string) { c.Lines = append(c.Lines, text) }
func (c *Caught) Close()              {}
