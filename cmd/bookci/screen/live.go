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
	size    func() (cols, rows int)
	now     func() time.Time
	board   board
	fleet   fleet
	drawn   int // lines on the screen
	done    chan struct{}
	closing sync.Once
	ended   sync.WaitGroup
}

// redrawEvery is slow enough for the eye and for slow terminals.
const redrawEvery = 100 * time.Millisecond

func newLive(w io.Writer, size func() (cols, rows int), now func() time.Time) *live {
	p := &live{w: w, size: size, now: now, done: make(chan struct{})}
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
	p.mu.Lock()
	silent := p.fleet.take(e)
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
	p.board, p.fleet = board{}, fleet{}
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
	width, rows := p.size()
	lines := p.lines(now, rows)
	for _, line := range lines {
		// A line that wraps could not be taken back.
		b.WriteString(runewidth.Truncate(clean(line), width-1, "…") + "\n")
	}
	p.drawn = len(lines)
	if b.Len() > 0 {
		_, _ = io.WriteString(p.w, b.String()) // a terminal that is gone is no reason to stop
	}
}

// lines are what is shown: the fleet's counts, and a line for each step as far as
// the terminal has room. Lines that scroll away could not be taken back.
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
