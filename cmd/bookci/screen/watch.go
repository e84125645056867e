package screen

import (
	"slices"
	"sync"
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
	return &plainWatch{Show: p, pins: map[string][]string{}}, nil
}

// plainWatch writes everything as lines that stay. What is pinned to another
// name already is not written again.
type plainWatch struct {
	Show
	mu   sync.Mutex
	pins map[string][]string
}

func (p *plainWatch) Rest(string) {}

func (p *plainWatch) Pin(name string, lines []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pins, name)
	for _, line := range lines {
		held := false
		for _, others := range p.pins {
			held = held || slices.Contains(others, line)
		}
		if !held {
			p.Println(line)
		}
	}
	if len(lines) > 0 {
		p.pins[name] = lines
	}
}

// Caught keeps what would be shown.
type Caught struct{ Lines []string }

func (c *Caught) Event(event.Event)   {}
func (c *Caught) Println(text string) { c.Lines = append(c.Lines, text) }
func (c *Caught) Close()              {}
