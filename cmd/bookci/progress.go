package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/build"
)

// This file owns the lines that a build shows while it runs. Rules:
// they go to stderr; a terminal gets one live line per variant, redrawn in
// place; anything else gets a line when something new begins, and a sign of
// life when a step takes long; quiet gets nothing. Whatever else is written
// meanwhile goes through Println, which keeps the live lines below it.

// progress shows what a build is doing.
type progress interface {
	// event takes in what happened.
	event(build.Event)
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

func (q *quietProgress) event(build.Event) {}
func (q *quietProgress) close()            {}
func (q *quietProgress) println(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fmt.Fprintln(q.w, plainText(text))
}

// step is where one variant's target stands.
type step struct {
	book    string // variant, "" for what all wait for
	name    string // variant and target
	begun   time.Time
	what    string
	usual   float64 // seconds that the making took the last time, 0 when unknown
	chapter string
	n       int64
	total   int64
	pass    int64
	program string
	page    int64
	convert bool
	bytes   bool
}

// take moves the step on, and reports whether something new began.
func (s *step) take(e build.Event, now time.Time) (fresh bool) {
	if s.begun.IsZero() {
		s.begun = now
	}
	switch e.Kind {
	case build.Stage:
		*s = step{book: s.book, name: s.name, begun: s.begun, usual: s.usual, what: e.Text}
		if e.Seconds != nil {
			s.usual = e.Seconds["make"]
		}
		if e.Text == "make" {
			s.begun = now
		}
		return true
	case build.ChapterBegun:
		fresh = s.total == 0
		s.chapter, s.n, s.total = e.Text, e.N, e.Total
	case build.Pass:
		s.pass, s.program, s.page, fresh = e.N, e.Text, 0, true
	case build.PassSkipped:
		return false
	case build.Page:
		s.page = e.N
	case build.Convert:
		s.convert, s.page, fresh = true, 0, true
	case build.ConvertPage:
		s.convert, s.page = true, e.N
	case build.Transfer:
		fresh = !s.bytes || s.what != e.Text
		s.bytes, s.what, s.n, s.total = true, e.Text, e.N, e.Total
	}
	return fresh
}

// board is where each variant stands, in the order in which they began.
type board struct {
	steps []*step
}

// take moves a step on and returns it, nil when it is over; fresh: something
// new began.
func (b *board) take(e build.Event, now time.Time) (s *step, fresh bool) {
	i := slices.IndexFunc(b.steps, func(s *step) bool { return s.book == e.Book })
	if e.Kind == build.Ended {
		if i >= 0 {
			b.steps = slices.Delete(b.steps, i, i+1)
		}
		if len(b.steps) == 1 && b.steps[0].book == "" {
			b.steps = nil // nobody waits for it any more
		}
		return nil, false
	}
	if e.Kind == build.Stage && e.Text == "make" {
		// What all waited for, such as the image, is there.
		b.steps = slices.DeleteFunc(b.steps, func(s *step) bool { return s.book == "" })
		i = slices.IndexFunc(b.steps, func(s *step) bool { return s.book == e.Book })
	}
	if i < 0 {
		b.steps = append(b.steps, &step{book: e.Book})
		i = len(b.steps) - 1
	}
	s = b.steps[i]
	if s.name != stepName(e) { // the variant's next target
		*s = step{book: e.Book, name: stepName(e)}
	}
	return s, s.take(e, now)
}

// stageWords are what the stages are called.
var stageWords = map[string]string{
	"prepare": "preparing the work tree",
	"make":    "starting the maker",
	"collect": "taking out the artifact",
}

// line is the step with its name.
func (s *step) line() string {
	if s.name == "" {
		return s.String()
	}
	return s.name + ": " + s.String()
}

// String says where the step stands.
func (s *step) String() string {
	var b strings.Builder
	switch {
	case s.bytes && s.total > 0:
		fmt.Fprintf(&b, "%s: %s of %s", s.what, size(s.n), size(s.total))
	case s.bytes:
		fmt.Fprintf(&b, "%s: %s", s.what, size(s.n))
	case s.convert:
		b.WriteString("converting to PDF")
	case s.pass > 0:
		fmt.Fprintf(&b, "TeX pass %d (%s)", s.pass, s.program)
	case s.total > 0:
		fmt.Fprintf(&b, "chapter %d/%d %s", s.n, s.total, s.chapter)
	case stageWords[s.what] != "":
		b.WriteString(stageWords[s.what])
	default:
		b.WriteString(s.what)
	}
	if s.page > 0 {
		fmt.Fprintf(&b, ", page %d", s.page)
	}
	return b.String()
}

// clock says how long the step has taken, and what is left by the last time.
func (s *step) clock(now time.Time) string {
	took := now.Sub(s.begun)
	text := seconds(took)
	if left := time.Duration(s.usual*float64(time.Second)) - took; s.usual > 2 && left > 0 {
		text += ", about " + seconds(left) + " left"
	}
	return text
}

func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

func stepName(e build.Event) string {
	switch {
	case e.Book == "":
		return ""
	case e.Target == "":
		return e.Book
	}
	return e.Book + " " + string(e.Target)
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

func (p *plainProgress) event(e build.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == build.Note {
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

func (p *liveProgress) event(e build.Event) {
	if e.Kind == build.Note {
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
