package screen

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
)

// Names and messages come from the manuscript, whatever shows them.
func TestNoProgressLetsTheManuscriptControlTheTerminal(t *testing.T) {
	const hostile = "a\x1b]0;renamed\x07\x1b[2J\x9b31mb\rc\u202ed\u2066"
	for name, show := range map[string]func(*strings.Builder) Show{
		"quiet": func(w *strings.Builder) Show { return &quiet{w: w} },
		"plain": func(w *strings.Builder) Show { return newPlain(w, time.Now) },
		"live": func(w *strings.Builder) Show {
			return newLive(w, func() (int, int) { return 80, 24 }, time.Now)
		},
	} {
		var out strings.Builder
		p := show(&out)
		p.Println(hostile)
		p.Event(event.Event{Kind: event.Note, Text: hostile})
		p.Event(event.Event{Kind: event.Stage, Book: hostile, Text: hostile})
		p.Println("")
		p.Close()
		text := out.String()
		if strings.Contains(text, "\x1b]") || strings.Contains(text, "\x1b[2J") || strings.ContainsAny(text, "\x07\u202e\u2066") || strings.Contains(text, "b\rc") {
			t.Errorf("%s wrote %q", name, text)
		}
	}
}

// says waits until what was written has a line that holds all words.
func (w *terminal) says(t *testing.T, words ...string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for line := range strings.Lines(w.String()) {
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
				return
			}
		}
	}
	t.Errorf("no line has %q:\n%s", words, w.String())
}

func TestALogIsNotSilentWhileAMakerIs(t *testing.T) {
	var out terminal
	var clock atomic.Int64
	p := newPlain(&out, func() time.Time { return time.Unix(clock.Load(), 0) })
	p.every = 5 * time.Millisecond
	ev := func(kind event.Kind, b, text string, n int64) {
		p.Event(event.Event{Kind: kind, Book: b, Target: book.PDF, Text: text, N: n, Seconds: map[string]float64{"make": 150}})
	}
	p.Event(event.Event{Kind: event.Stage, Text: "pulling vvakame/review:5.9"})
	ev(event.Stage, "print", "prepare", 0)
	ev(event.Stage, "ebook", "prepare", 0)
	clock.Add(40)
	out.says(t, "pulling vvakame/review:5.9 (40 s)")
	ev(event.Stage, "print", "make", 0)
	ev(event.Pass, "print", "uplatex", 2)
	ev(event.Page, "print", "", 31)
	clock.Add(90)
	out.says(t, "print pdf: TeX pass 1 (uplatex), page 31 (1 min 30 s, about 1 min 00 s left)")
	out.says(t, "ebook pdf: preparing the work tree (2 min 10 s")
	if n := strings.Count(out.String(), "pulling"); n == 0 {
		t.Error("the pull was not said")
	}

	// What is over is not spoken of any more.
	ev(event.Ended, "print", "", 0)
	clock.Add(30)
	out.says(t, "ebook pdf: preparing the work tree (2 min 40 s")
	ev(event.Ended, "ebook", "", 0)
	p.Println("all is said")
	before := out.String()
	if last := before[strings.LastIndex(strings.TrimSpace(before), "\n")+1:]; last != "all is said\n" {
		t.Errorf("the last line is %q", last)
	}
	if strings.Contains(before, "print pdf: TeX pass 1 (uplatex), page 31 (2 min 00 s") || strings.Contains(before, "pulling vvakame/review:5.9 (2 min") {
		t.Errorf("what is over is still spoken of:\n%s", before)
	}
	time.Sleep(10 * p.every)
	p.Close()
	time.Sleep(2 * p.every)
	if after := out.String(); after != before {
		t.Errorf("nothing is under way, and yet it says %q", strings.TrimPrefix(after, before))
	}
}

func TestASignOfLifeWaitsForSilence(t *testing.T) {
	var out terminal
	p := newPlain(&out, time.Now)
	p.every = time.Minute
	for i := range int64(200) {
		p.Event(event.Event{Kind: event.Page, Book: "book", Target: book.PDF, N: i})
	}
	p.Close()
	if out.String() != "" {
		t.Errorf("pages are said one by one: %s", out.String())
	}
}

// terminal keeps what is written to it, by several goroutines at a time.
type terminal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *terminal) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *terminal) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
