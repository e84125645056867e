package screen

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/build/event"
)

// live redraws a line per variant.
type live struct {
	mu      sync.Mutex
	region  region
	now     func() time.Time
	board   board
	fleet   fleet
	done    chan struct{}
	closing sync.Once
	ended   sync.WaitGroup
}

// redrawEvery is slow enough for the eye and for slow terminals.
const redrawEvery = 100 * time.Millisecond

func newLive(w io.Writer, size func() (cols, rows int), now func() time.Time) *live {
	p := &live{region: region{w: w, size: size}, now: now, done: make(chan struct{})}
	p.ended.Go(func() {
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
				p.mu.Lock()
				p.draw("")
				p.mu.Unlock()
			}
		}
	})
	return p
}

func (p *live) Event(e event.Event) {
	p.mu.Lock()
	silent := p.fleet.absorbs(e)
	p.mu.Unlock()
	if silent {
		return
	}
	if e.Kind == event.Note {
		p.Println("bookci: " + e.Text)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.advance(e, p.now())
}

func (p *live) Println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(clean(text) + "\n")
}

func (p *live) Close() {
	p.closing.Do(func() { close(p.done) })
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board, p.fleet = board{}, fleet{}
	p.draw("")
}

// draw writes what is to stay, and the live lines anew.
func (p *live) draw(stay string) {
	width, rows := p.region.size()
	lines := p.lines(p.now(), rows)
	for i, line := range lines {
		lines[i] = runewidth.Truncate(clean(line), width-1, "…")
	}
	p.region.redraw(stay, lines)
}

// lines are what is shown: the fleet's counts, and a line for each step as far as
// the terminal has room.
func (p *live) lines(now time.Time, rows int) []string {
	var lines []string
	if p.fleet.under() {
		lines = append(lines, p.fleet.line(len(p.board.steps)))
	}
	room := max(rows-2-len(lines), 2)
	for i, s := range p.board.steps {
		if more := len(p.board.steps) - i; i == room-1 && more > 1 {
			lines = append(lines, fmt.Sprintf("and %d more", more))
			break
		}
		lines = append(lines, s.line()+"  "+s.clock(now))
	}
	return lines
}
