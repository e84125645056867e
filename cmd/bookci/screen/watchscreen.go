package screen

import (
	"fmt"
	"io"
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
	region region
	now    func() time.Time
	board  board // of the build that runs
	pins   []pinned
	status string
	timer  *time.Timer
	closed bool
}

type pinned struct {
	name  string
	lines []string
}

func newWatchScreen(w io.Writer, size func() (int, int), now func() time.Time) *watchScreen {
	return &watchScreen{region: region{w: w, size: size}, now: now}
}

func (s *watchScreen) Event(e event.Event) {
	if e.Kind == event.Note {
		s.Println("bookci: " + e.Text)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.advance(e, s.now())
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
		fmt.Fprintln(s.region.w, clean(text))
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

// Close leaves the errors that hold on the screen, and the cursor below them.
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
	if s.closed && len(s.region.drawn) == 0 && stay == "" {
		return
	}
	s.region.redraw(stay, s.below(s.region.size()))
}

// below are the lines of the part that is redrawn, for a terminal of this size.
func (s *watchScreen) below(cols, rows int) []string {
	var steps []string
	now := s.now()
	for _, st := range s.board.steps {
		steps = append(steps, fold(st.line()+"  "+st.clock(now), cols-1)[0])
	}
	if len(s.board.steps) == 0 && s.status != "" {
		steps = append(steps, fold(s.status, cols-1)[0])
	}
	var errs []string
	for _, text := range s.holds() {
		for line := range strings.SplitSeq(text, "\n") {
			errs = append(errs, fold(line, cols-1)...)
		}
	}
	steps = steps[:min(len(steps), max(0, rows-1))]
	if room := max(rows-2-len(steps), 0); len(errs) > room {
		rest := len(errs) - room + 1
		errs = errs[:max(room-1, 0)]
		if room > 0 {
			errs = append(errs, fold(fmt.Sprintf("... and %d more lines", rest), cols-1)[0])
		}
	}
	return append(errs, steps...)
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
	switch first = withoutColour(first); {
	case strings.Contains(first, "error: "):
		return 0
	case strings.Contains(first, "warning: "), strings.Contains(first, "`bookci build` lists "):
		return 2
	}
	return 1
}
