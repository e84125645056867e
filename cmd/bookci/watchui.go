package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"github.com/bookci/bookci/build/event"
)

// This file owns the terminal during a watch, which lasts for hours. Rules:
// what happened is one line that stays; below these lines, and redrawn in
// place, stand the errors that hold at the moment, then what is being built,
// or how things are. So an error goes away when it is mended, and the screen
// never scrolls for what is only passing. Nothing is drawn while nothing
// changes. Anything that is not a terminal gets plain lines.

// watchShow is a progress that also knows what holds at the moment.
type watchShow interface {
	progress
	// pin shows lines about name until others are pinned to it, none to take them away.
	pin(name string, lines []string)
	// rest ends what a build shows while it runs, and says how things are.
	rest(status string)
}

// newWatchShow chooses the form that suits stderr.
func (a *app) newWatchShow(mode string) (watchShow, error) {
	p, err := a.newProgress(mode)
	if err != nil {
		return nil, err
	}
	if _, ok := p.(*liveProgress); ok {
		p.close()
		return newWatchScreen(a.stderr, a.screenSize, time.Now), nil
	}
	return plainWatch{p}, nil
}

// screenSize is that of the terminal, in cells.
func (a *app) screenSize() (cols, rows int) {
	if f, ok := a.stderr.(*os.File); ok {
		if cols, rows, err := term.GetSize(int(f.Fd())); err == nil && cols > 0 && rows > 0 {
			return cols, rows
		}
	}
	return 80, 24
}

// plainWatch writes everything as lines that stay.
type plainWatch struct{ progress }

func (p plainWatch) rest(string) {}

func (p plainWatch) pin(_ string, lines []string) {
	for _, line := range lines {
		p.println(line)
	}
}

// caught keeps what would be printed.
type caught struct{ lines []string }

func (c *caught) event(event.Event)   {}
func (c *caught) println(text string) { c.lines = append(c.lines, text) }
func (c *caught) close()              {}

// watchScreen is the terminal form.
type watchScreen struct {
	mu     sync.Mutex
	w      io.Writer
	size   func() (cols, rows int)
	now    func() time.Time
	board  board // of the build that runs
	pins   []pinned
	status string
	drawn  []int // width of each line of the part that is redrawn
	timer  *time.Timer
	closed bool
}

type pinned struct {
	name  string
	lines []string
}

func newWatchScreen(w io.Writer, size func() (int, int), now func() time.Time) *watchScreen {
	return &watchScreen{w: w, size: size, now: now}
}

func (s *watchScreen) event(e event.Event) {
	if e.Kind == event.Note {
		s.println("bookci: " + e.Text)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.take(e, s.now())
	if s.timer == nil && !s.closed {
		s.timer = time.AfterFunc(redrawEvery, s.tick)
	}
}

// tick redraws while something is being built.
func (s *watchScreen) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	if s.closed || len(s.board.steps) == 0 {
		return
	}
	s.draw("")
	s.timer = time.AfterFunc(redrawEvery, s.tick)
}

func (s *watchScreen) println(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		fmt.Fprintln(s.w, plainText(text))
		return
	}
	s.draw(plainText(text) + "\n")
}

func (s *watchScreen) pin(name string, lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.pins, func(p pinned) bool { return p.name == name })
	switch {
	case i < 0 && len(lines) > 0:
		s.pins = append(s.pins, pinned{name, lines})
	case i >= 0 && len(lines) > 0:
		s.pins[i].lines = lines
	case i >= 0:
		s.pins = slices.Delete(s.pins, i, i+1)
	default:
		return
	}
	s.draw("")
}

func (s *watchScreen) rest(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board, s.status = board{}, status
	s.draw("")
}

// close leaves the errors that hold on the screen, and the cursor below them.
func (s *watchScreen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	var last strings.Builder
	for _, text := range s.holds() {
		last.WriteString(text + "\n")
	}
	s.board, s.pins, s.status = board{}, nil, ""
	s.draw(last.String())
}

// draw writes what is to stay above the part that is redrawn, and that part anew.
func (s *watchScreen) draw(stay string) {
	if s.closed && len(s.drawn) == 0 && stay == "" {
		return
	}
	cols, rows := s.size()
	var b strings.Builder
	if up := rowsOf(s.drawn, cols); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	if len(s.drawn) > 0 {
		b.WriteString("\r\x1b[J")
	}
	b.WriteString(stay)
	s.drawn = s.drawn[:0]
	for _, line := range s.live(cols, rows) {
		b.WriteString(line + "\n")
		s.drawn = append(s.drawn, cells(line))
	}
	_, _ = io.WriteString(s.w, b.String()) // a terminal that is gone is no reason to stop
}

// live is the part that is redrawn, each line shorter than the screen is wide
// and all of them fewer than it is high: what scrolls out cannot be taken back.
func (s *watchScreen) live(cols, rows int) []string {
	var below []string
	now := s.now()
	for _, st := range s.board.steps {
		below = append(below, fold(st.line()+"  "+st.clock(now), cols-1)[0])
	}
	if len(s.board.steps) == 0 && s.status != "" {
		below = append(below, fold(s.status, cols-1)[0])
	}
	var errs []string
	for _, text := range s.holds() {
		for line := range strings.SplitSeq(text, "\n") {
			errs = append(errs, fold(line, cols-1)...)
		}
	}
	below = below[:min(len(below), max(0, rows-1))]
	if room := max(rows-2-len(below), 0); len(errs) > room {
		rest := len(errs) - room + 1
		errs = errs[:max(room-1, 0)]
		if room > 0 {
			errs = append(errs, fold(fmt.Sprintf("... and %d more lines", rest), cols-1)[0])
		}
	}
	return append(errs, below...)
}

// holds is what is pinned. An error that several variants have is shown once.
func (s *watchScreen) holds() []string {
	var texts []string
	seen := map[string]bool{}
	for _, p := range s.pins {
		for _, text := range p.lines {
			if text = plainText(text); !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// rowsOf is how many rows lines of these widths take on a screen of cols
// columns. Most terminals break longer lines anew when they become narrower.
func rowsOf(widths []int, cols int) int {
	rows := 0
	for _, w := range widths {
		rows += max(1, (w+cols-1)/max(cols, 1))
	}
	return rows
}

// fold breaks text into lines of at most width cells. Colours take no room, and
// a colour that is on at the end of a line is taken up in the next.
func fold(text string, width int) []string {
	width = max(width, 2) // one wide character
	var lines []string
	var b strings.Builder
	used, colour := 0, ""
	for len(text) > 0 {
		if esc := colourAt(text); esc > 0 {
			colour = text[:esc]
			if colour == "\x1b[0m" {
				colour = ""
			}
			b.WriteString(text[:esc])
			text = text[esc:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		w := runewidth.RuneWidth(r)
		if used+w > width {
			if colour != "" {
				b.WriteString("\x1b[0m")
			}
			lines = append(lines, b.String())
			b.Reset()
			b.WriteString(colour)
			used = 0
		}
		b.WriteRune(r)
		used += w
		text = text[n:]
	}
	return append(lines, b.String())
}

// cells is the width of a line, colours left out.
func cells(line string) int {
	n := 0
	for len(line) > 0 {
		if esc := colourAt(line); esc > 0 {
			line = line[esc:]
			continue
		}
		r, size := utf8.DecodeRuneInString(line)
		n += runewidth.RuneWidth(r)
		line = line[size:]
	}
	return n
}

// colourAt is the length of the colour sequence that text begins with, 0 for none.
func colourAt(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	n := 2 + len(text[2:]) - len(strings.TrimLeft(text[2:], "0123456789;"))
	if n < len(text) && text[n] == 'm' {
		return n + 1
	}
	return 0
}

// plainText is text without control characters but for line ends and colours:
// a manuscript must not move the cursor or rename the terminal.
func plainText(text string) string {
	var b strings.Builder
	text = strings.ToValidUTF8(text, "\ufffd")
	for i := 0; i < len(text); {
		if esc := colourAt(text[i:]); esc > 0 {
			b.WriteString(text[i : i+esc])
			i += esc
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == '\n' || r >= ' ' && r != 0x7f && (r < 0x80 || r >= 0xa0):
			b.WriteRune(r)
		}
	}
	return b.String()
}
