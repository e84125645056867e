package screen

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build/event"
)

// This file owns the terminal during a watch, which lasts for hours. Rules:
// what happened is one line that stays; below these lines, and redrawn in
// place, stand the errors that hold at the moment, then what is being built,
// or how things are. So an error goes away when it is mended, and the screen
// never scrolls for what is only passing. Nothing is drawn while nothing
// changes. Anything that is not a terminal gets plain lines.

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

func (s *watchScreen) Event(e event.Event) {
	if e.Kind == event.Note {
		s.Println("bookci: " + e.Text)
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

func (s *watchScreen) Println(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		fmt.Fprintln(s.w, clean(text))
		return
	}
	s.draw(clean(text) + "\n")
}

func (s *watchScreen) Pin(name string, lines []string) {
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

func (s *watchScreen) Rest(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board, s.status = board{}, status
	s.draw("")
}

// close leaves the errors that hold on the screen, and the cursor below them.
func (s *watchScreen) Close() {
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

// holds is what is pinned, errors before all else: the screen may be too low for
// the rest. An error that several variants have is shown once.
func (s *watchScreen) holds() []string {
	var texts []string
	seen := map[string]bool{}
	for _, p := range s.pins {
		for _, text := range p.lines {
			if text = clean(text); !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
		}
	}
	slices.SortStableFunc(texts, func(a, b string) int { return weight(a) - weight(b) })
	return texts
}

// weight is lower for what has to be seen first.
func weight(text string) int {
	first, _, _ := strings.Cut(text, "\n")
	switch first = uncoloured.ReplaceAllString(first, ""); {
	case strings.Contains(first, "error: "):
		return 0
	case strings.Contains(first, "warning: "), strings.Contains(first, "`bookci build` lists them"):
		return 2
	}
	return 1
}

var uncoloured = regexp.MustCompile("\x1b\\[[0-9;]*m")
