package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/event"
)

// begin has n books of a fleet of total begin.
func begin(s Show, n, total int) {
	s.Event(event.Event{Kind: event.Count, Total: int64(total)})
	for i := range n {
		s.Event(event.Event{Kind: event.Stage, Book: fmt.Sprintf("book%03d", i), Target: "pdf", Text: "prepare"})
	}
}

func TestATerminalShowsAFleetByItsCounts(t *testing.T) {
	var out strings.Builder
	p := newLive(&out, func() (int, int) { return 60, 12 }, time.Now)
	begin(p, 50, 500)
	p.Event(event.Event{Kind: event.Count, N: 7, Total: 500, Failed: 2})
	lines := p.lines(time.Now(), 12)
	if len(lines) > 11 || lines[0] != "7 of 500 books done, 2 of them failed, 50 at work" || !strings.HasPrefix(lines[1], "book000 pdf: ") || lines[len(lines)-1] != "and 42 more" {
		t.Errorf("%q", lines)
	}
	if big := p.lines(time.Now(), 100); len(big) != 51 {
		t.Errorf("a tall terminal shows %d lines", len(big))
	}
	p.Close()
}

// A line breaks anew when its terminal becomes narrower, and is taken back whole.
func TestLiveLinesAreTakenBackFromANarrowerTerminal(t *testing.T) {
	var out strings.Builder
	cols := 80
	p := newLive(&out, func() (int, int) { return cols, 24 }, time.Now)
	defer p.Close()
	p.Event(event.Event{Kind: event.Stage, Text: "pulling an image whose name is longer than half a line"})
	p.Println("one")
	p.mu.Lock()
	out.Reset()
	cols = 40
	p.mu.Unlock()
	p.Println("two")
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.HasPrefix(out.String(), "\x1b[2A") {
		t.Errorf("wrote %q", out.String())
	}
}

// What each of fifty books waits for is said once, and a log has a line for every
// twentieth part.
func TestALogOfAFleetIsShort(t *testing.T) {
	var out strings.Builder
	p := newPlain(&out, time.Now)
	begin(p, 50, 500)
	out.Reset()
	for i := range 50 {
		p.Event(event.Event{Kind: event.Note, Book: fmt.Sprintf("book%03d", i), Text: "waiting for the task, pending for 20s"})
	}
	for i := range 100 {
		p.Event(event.Event{Kind: event.Count, N: int64(i + 1), Total: 500})
	}
	p.Close()
	if got := strings.Count(out.String(), "\n"); got != 5 || !strings.Contains(out.String(), "bookci: 100 of 500 books done, 50 at work") {
		t.Errorf("%d lines:\n%s", got, out.String())
	}
}
