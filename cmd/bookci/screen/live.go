package screen

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/build/event"
)

// live redraws a line per variant.
type live struct {
	mu      sync.Mutex
	w       io.Writer
	width   func() int
	now     func() time.Time
	board   board
	drawn   int // lines on the screen
	done    chan struct{}
	closing sync.Once
	ended   sync.WaitGroup
}

// redrawEvery is slow enough for the eye and for slow terminals.
const redrawEvery = 100 * time.Millisecond

func newLive(w io.Writer, width func() int, now func() time.Time) *live {
	p := &live{w: w, width: width, now: now, done: make(chan struct{})}
	p.ended.Go(func() {
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
				p.mu.Lock()
				p.draw()
				p.mu.Unlock()
			}
		}
	})
	return p
}

func (p *live) Event(e event.Event) {
	if e.Kind == event.Note {
		p.Println("bookci: " + e.Text)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.take(e, p.now())
}

func (p *live) Println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.w, clean(text))
	p.draw()
}

func (p *live) Close() {
	p.closing.Do(func() { close(p.done) })
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.board = board{}
}

// erase takes the live lines away and leaves the cursor where they began.
func (p *live) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\r\x1b[J", p.drawn)
		p.drawn = 0
	}
}

func (p *live) draw() {
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", p.drawn)
	}
	now := p.now()
	width := p.width()
	for _, s := range p.board.steps {
		// A line that wraps could not be taken back.
		b.WriteString(runewidth.Truncate(clean(s.line()+"  "+s.clock(now)), width-1, "…") + "\n")
	}
	p.drawn = len(p.board.steps)
	if b.Len() > 0 {
		_, _ = io.WriteString(p.w, b.String()) // a terminal that is gone is no reason to stop
	}
}
