package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/build/event"
)

// This file owns the lines that a build shows while it runs. Rules:
// they go to stderr; a terminal gets one live line per variant, redrawn in
// place; anything else gets a line when something new begins, and a sign of
// life when a step takes long; quiet gets nothing. Whatever else is written
// meanwhile goes through Println, which keeps the live lines below it.

// progress shows what a build is doing.
type progress interface {
	// event takes in what happened.
	event(event.Event)
	// println writes lines that stay.
	println(text string)
	// close takes the live lines away.
	close()
}

// The values of --progress.
const (
	progressAuto  = "auto"
	progressTTY   = "tty"
	progressPlain = "plain"
	progressQuiet = "quiet"
)

// newProgress chooses the form that suits stderr.
func (a *app) newProgress(mode string) (progress, error) {
	if mode == progressAuto {
		mode = progressPlain
		if a.term && a.getenv("CI") == "" && a.getenv("TERM") != "dumb" {
			mode = progressTTY
		}
	}
	switch mode {
	case progressTTY:
		return newLiveProgress(a.stderr, a.width, time.Now), nil
	case progressPlain:
		return newPlainProgress(a.stderr, time.Now), nil
	case progressQuiet:
		return &quietProgress{w: a.stderr}, nil
	}
	return nil, usagef("", "--progress %q (one of auto, tty, plain, quiet)", mode)
}

// quietProgress shows what stays and nothing else.
type quietProgress struct {
	mu sync.Mutex
	w  io.Writer
}

func (q *quietProgress) event(event.Event) {}
func (q *quietProgress) close()            {}
func (q *quietProgress) println(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fmt.Fprintln(q.w, plainText(text))
}

// plainProgress writes a line for each step that begins, and a sign of life
// when nothing begins for long.
type plainProgress struct {
	mu     sync.Mutex
	w      io.Writer
	now    func() time.Time
	every  time.Duration
	board  board
	timer  *time.Timer // nil while nothing is under way
	closed bool
}

// signOfLife is how long a log may stay silent. CI systems end jobs that say nothing.
const signOfLife = 30 * time.Second

func newPlainProgress(w io.Writer, now func() time.Time) *plainProgress {
	return &plainProgress{w: w, now: now, every: signOfLife}
}

func (p *plainProgress) event(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == event.Note {
		p.write("bookci: " + e.Text)
		return
	}
	if s, fresh := p.board.take(e, p.now()); fresh {
		p.write("bookci: " + s.line())
	}
}

// write writes a line. The next sign of life is due when none follows.
func (p *plainProgress) write(line string) {
	fmt.Fprintln(p.w, plainText(line))
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.board.steps) > 0 && !p.closed {
		p.timer = time.AfterFunc(p.every, p.live)
	}
}

// live says what is under way, for how long, and what is left by the last time.
func (p *plainProgress) live() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := p.now()
	for _, s := range p.board.steps {
		p.write("bookci: " + s.line() + " (" + s.clock(now) + ")")
	}
}

func (p *plainProgress) println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(text)
}

func (p *plainProgress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// liveProgress redraws a line per variant.
type liveProgress struct {
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

func newLiveProgress(w io.Writer, width func() int, now func() time.Time) *liveProgress {
	p := &liveProgress{w: w, width: width, now: now, done: make(chan struct{})}
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

func (p *liveProgress) event(e event.Event) {
	if e.Kind == event.Note {
		p.println("bookci: " + e.Text)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.take(e, p.now())
}

func (p *liveProgress) println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.w, plainText(text))
	p.draw()
}

func (p *liveProgress) close() {
	p.closing.Do(func() { close(p.done) })
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.board = board{}
}

// erase takes the live lines away and leaves the cursor where they began.
func (p *liveProgress) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\r\x1b[J", p.drawn)
		p.drawn = 0
	}
}

func (p *liveProgress) draw() {
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", p.drawn)
	}
	now := p.now()
	width := p.width()
	for _, s := range p.board.steps {
		// A line that wraps could not be taken back.
		b.WriteString(runewidth.Truncate(plainText(s.line()+"  "+s.clock(now)), width-1, "…") + "\n")
	}
	p.drawn = len(p.board.steps)
	if b.Len() > 0 {
		_, _ = io.WriteString(p.w, b.String()) // a terminal that is gone is no reason to stop
	}
}
