package screen

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bookci/bookci/build/event"
)

// plain writes a line for each step that begins, and a sign of life
// when nothing begins for long.
type plain struct {
	mu     sync.Mutex
	w      io.Writer
	now    func() time.Time
	every  time.Duration
	board  board
	fleet  fleet
	timer  *time.Timer // nil while nothing is under way
	closed bool
}

// longestSilence is that of a log. CI systems end jobs that say nothing.
const longestSilence = 30 * time.Second

func newPlain(w io.Writer, now func() time.Time) *plain {
	return &plain{w: w, now: now, every: longestSilence}
}

func (p *plain) Event(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fleet.absorbs(e) {
		if e.Kind == event.Count && e.N > 0 && e.N%p.fleet.every() == 0 {
			p.write("bookci: " + p.fleet.line(len(p.board.steps)))
		}
		return
	}
	if e.Kind == event.Note {
		p.write("bookci: " + e.Text)
		return
	}
	if s, fresh := p.board.advance(e, p.now()); fresh {
		p.write("bookci: " + s.line())
	}
}

// write writes a line. The next sign of life is due when none follows.
func (p *plain) write(line string) {
	fmt.Fprintln(p.w, clean(line))
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.board.steps) > 0 && !p.closed {
		p.timer = time.AfterFunc(p.every, p.signOfLife)
	}
}

// signOfLife says what is under way, for how long, and what is left by the last time.
func (p *plain) signOfLife() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := p.now()
	if p.fleet.under() {
		p.write("bookci: " + p.fleet.line(len(p.board.steps)))
		return
	}
	for _, s := range p.board.steps {
		p.write("bookci: " + s.line() + " (" + s.clock(now) + ")")
	}
}

func (p *plain) Println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(text)
}

func (p *plain) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
}
