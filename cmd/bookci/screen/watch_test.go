package screen

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/watch"
)

// fakeTerminal is as much of a terminal as watchScreen needs: it wraps,
// scrolls, goes up and clears to its end.
type fakeTerminal struct {
	t          *testing.T
	cols, rows int
	lines      []string // with what has scrolled out
	row        int      // of the cursor in lines
	col        int
	written    int
}

func newFakeTerminal(t *testing.T, cols, rows int) *fakeTerminal {
	return &fakeTerminal{t: t, cols: cols, rows: rows, lines: []string{""}}
}

func (f *fakeTerminal) size() (int, int) { return f.cols, f.rows }

var csi = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)

func (f *fakeTerminal) Write(p []byte) (int, error) {
	f.written += len(p)
	for text := string(p); text != ""; {
		if m := csi.FindStringSubmatch(text); m != nil {
			f.control(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		f.put(r)
	}
	return len(p), nil
}

func (f *fakeTerminal) control(arg, kind string) {
	switch kind {
	case "A":
		n, err := strconv.Atoi(arg)
		if err != nil {
			f.t.Errorf("moves up by %q", arg)
		}
		f.row -= n
		if top := max(0, len(f.lines)-f.rows); f.row < top {
			f.t.Error("the cursor went above the screen")
			f.row = top
		}
	case "J":
		f.lines = f.lines[:f.row+1]
		f.lines[f.row] = ""
	case "m":
	default:
		f.t.Errorf("unexpected control %q", kind)
	}
}

func (f *fakeTerminal) put(r rune) {
	switch {
	case r == '\r':
		f.col = 0
	case r == '\n':
		f.row, f.col = f.row+1, 0
		if f.row == len(f.lines) {
			f.lines = append(f.lines, "")
		}
	case r < ' ':
		f.t.Errorf("control character %q reached the terminal", r)
	default:
		w := runewidth.RuneWidth(r)
		if f.col+w > f.cols {
			f.put('\n')
		}
		f.lines[f.row] += string(r)
		f.col += w
	}
}

func (f *fakeTerminal) text() string { return strings.TrimRight(strings.Join(f.lines, "\n"), "\n") }

func (f *fakeTerminal) want(want ...string) {
	f.t.Helper()
	if got := f.text(); got != strings.Join(want, "\n") {
		f.t.Errorf("the terminal shows\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func newTestScreen(f *fakeTerminal) *watchScreen {
	return newWatchScreen(f, f.size, func() time.Time { return time.Unix(0, 0) })
}

func TestWhatHappenedStaysAboveWhatHolds(t *testing.T) {
	f := newFakeTerminal(t, 60, 10)
	s := newTestScreen(f)
	s.Event(event.Event{Kind: event.Stage, Book: "book", Target: book.PDF, Text: "make"})
	s.Event(event.Event{Kind: event.Pass, Book: "book", Target: book.PDF, N: 2, Text: "uplatex"})
	s.Println("12:00:01 one")
	f.want("12:00:01 one", "book pdf: TeX pass 1 (uplatex)  0 s")
	s.Rest("watching")
	f.want("12:00:01 one", "watching")
	s.Println("12:00:02 two")
	f.want("12:00:01 one", "12:00:02 two", "watching")
	s.Close()
	s.Println("after")
	f.want("12:00:01 one", "12:00:02 two", "after")
}

func TestAnErrorGoesWhenItIsMended(t *testing.T) {
	f := newFakeTerminal(t, 40, 12)
	s := newTestScreen(f)
	s.Rest("watching")
	s.Println("failed")
	s.Pin("book pdf", []string{"ch01.re:3: error: bad\n    @<b>{"})
	f.want("failed", "ch01.re:3: error: bad", "    @<b>{", "watching")
	s.Pin("book pdf", []string{"ch01.re:4: error: worse"})
	f.want("failed", "ch01.re:4: error: worse", "watching")
	s.Pin("book pdf", nil)
	s.Println("good")
	f.want("failed", "good", "watching")
	s.Pin("book pdf", []string{"ch01.re:5: error: again"})
	s.Close()
	f.want("failed", "good", "ch01.re:5: error: again")
}

func TestAnErrorOfTwoVariantsIsShownOnceUntilBothAreMended(t *testing.T) {
	f := newFakeTerminal(t, 40, 12)
	s := newTestScreen(f)
	s.Rest("watching")
	s.Pin("print", []string{"ch01.re:3: error: bad"})
	s.Pin("ebook", []string{"ch01.re:3: error: bad"})
	f.want("ch01.re:3: error: bad", "watching")
	s.Pin("print", nil)
	f.want("ch01.re:3: error: bad", "watching")
	s.Pin("ebook", nil)
	f.want("watching")
}

func TestLinesAreMeasuredInCellsNotCharacters(t *testing.T) {
	f := newFakeTerminal(t, 21, 10)
	s := newTestScreen(f)
	s.Pin("book", []string{"\x1b[31;1mエラー\x1b[0m: 図「はじめての組版」がない"})
	s.Rest("監視中です。いまのところ問題はありません")
	f.want("エラー: 図「はじめて", "の組版」がない", "監視中です。いまのと")
	s.Println("done")
	f.want("done", "エラー: 図「はじめて", "の組版」がない", "監視中です。いまのと")
}

func TestMoreErrorsThanFitAreCounted(t *testing.T) {
	for rows := 1; rows < 12; rows++ {
		f := newFakeTerminal(t, 30, rows)
		s := newTestScreen(f)
		s.Rest("watching")
		var lines []string
		for i := range 30 {
			lines = append(lines, fmt.Sprintf("error %d", i))
		}
		for i := range 5 {
			s.Pin("book", lines)
			s.Println(fmt.Sprint("line ", i))
		}
		if rows >= 5 && !strings.Contains(f.text(), "more lines") {
			t.Errorf("%d rows: %s", rows, f.text())
		}
		if rows >= 3 {
			s.Pin("book", nil)
			f.want("line 0", "line 1", "line 2", "line 3", "line 4", "watching")
		}
	}
}

func TestAWarningThatWasThereIsCountedInWords(t *testing.T) {
	f := newFakeTerminal(t, 80, 24)
	s := newTestScreen(f)
	lines := NewWatchLines(Terminal{Out: f, Getenv: func(string) string { return "" }}, s, func(error) string { return "" })
	res := build.Result{Book: &book.Book{Name: "book"}, Target: book.EPUB, Diagnostics: []book.Diagnostic{{Severity: book.Lax, File: "ch01.re", Line: 1, Message: "old"}}}
	for range 2 {
		lines.Built(t.Context(), "/r", "/r", watch.Change{}, false, []build.Result{res})
		s.Rest(lines.Status(false))
	}
	if !strings.Contains(f.text(), "bookci: 1 warning; `bookci build` lists it\n") {
		t.Error(f.text())
	}
}

// On a screen of 24 rows what an edit has broken is seen, however much was
// wrong before, and is gone when it is mended.
func TestANewErrorIsSeenBeforeTheWarningsThatWereThere(t *testing.T) {
	f := newFakeTerminal(t, 80, 24)
	s := newTestScreen(f)
	lines := NewWatchLines(Terminal{Out: f, Getenv: func(string) string { return "" }}, s, func(error) string { return "" })
	var warnings []book.Diagnostic
	for i := range 20 {
		warnings = append(warnings, book.Diagnostic{Severity: book.Lax, Code: "w", File: "ch01.re", Line: i + 1, Message: fmt.Sprint("old ", i), Source: "line", Hint: "hint"})
	}
	built := func(err error, found ...book.Diagnostic) {
		res := build.Result{Book: &book.Book{Name: "book"}, Target: book.EPUB, Err: err, Diagnostics: found}
		lines.Built(t.Context(), "/r", "/r", watch.Change{}, false, []build.Result{res})
		s.Rest(lines.Status(false))
	}
	screen := func() string { return strings.Join(f.lines[max(0, len(f.lines)-24):], "\n") }
	fault := book.Diagnostic{Severity: book.Error, Code: "e", File: "ch02.re", Line: 3, Message: "broken"}

	built(nil, warnings...)
	if !strings.Contains(screen(), "15 more warnings; `bookci build` lists them") {
		t.Errorf("after the first build:\n%s", screen())
	}
	broken := slices.Concat(warnings, []book.Diagnostic{fault})
	built(errors.New("the maker failed"), broken...)
	if !strings.Contains(screen(), "ch02.re:3: error: broken") || strings.Contains(screen(), "old ") || !strings.Contains(screen(), "20 warnings") {
		t.Errorf("with an error:\n%s", screen())
	}
	// A second error stands before the first.
	second := book.Diagnostic{Severity: book.Error, Code: "e", File: "ch01.re", Line: 9, Message: "worse"}
	built(errors.New("the maker failed"), fault, second)
	if first, other := strings.Index(screen(), "worse"), strings.Index(screen(), "broken"); first < 0 || other < first {
		t.Errorf("with a new error:\n%s", screen())
	}
	built(nil, warnings[:1]...)
	if strings.Contains(f.text(), "error:") {
		t.Errorf("mended:\n%s", f.text())
	}
	// What comes from elsewhere does not hide it either.
	s.Pin("book epub", []string{"ch01.re:1: warning: old"})
	s.Pin("manuscript", []string{"ch03.re:1: \x1b[31;1merror:\x1b[0m new"})
	if first, other := strings.Index(screen(), "new"), strings.Index(screen(), "old"); first < 0 || other < first {
		t.Errorf("with an error of the manuscript:\n%s", screen())
	}
}

func TestADraftWithErrorsIsNotCalledOneWithWarnings(t *testing.T) {
	var s plainWatch
	s.Show, s.pins = &Caught{}, map[string][]string{}
	lines := NewWatchLines(Terminal{}, &s, func(error) string { return "" })
	built := func(severity book.Severity) {
		lines.Built(t.Context(), "/root", "/root", watch.Change{}, false, []build.Result{{
			Book: &book.Book{Name: "book"}, Target: book.PDF, Draft: true,
			Diagnostics: []book.Diagnostic{{Severity: severity, File: "ch.re", Line: 3, Message: "wrong"}},
		}})
	}
	built(book.Warning)
	if got := lines.Status(false); !strings.Contains(got, "with warnings") {
		t.Errorf("with a warning: %s", got)
	}
	if got := lines.Status(true); !strings.Contains(got, "with errors") {
		t.Errorf("with an error that is shown already: %s", got)
	}
	built(book.Error)
	if got := lines.Status(false); !strings.Contains(got, "with errors") {
		t.Errorf("with an error: %s", got)
	}
}

func TestPlainLinesAreNotSaidTwiceWhileTheyHold(t *testing.T) {
	var out Caught
	p := &plainWatch{Show: &out, pins: map[string][]string{}}
	p.Pin("first", []string{"error"})
	p.Pin("book", []string{"error", "failed"})
	p.Pin("first", nil)
	p.Pin("book", []string{"error"})
	if want := []string{"error", "failed", "error"}; !slices.Equal(out.Lines, want) {
		t.Errorf("said %q", out.Lines)
	}
}

func TestThousandsOfRedrawsDoNotScroll(t *testing.T) {
	f := newFakeTerminal(t, 80, 24)
	s := newTestScreen(f)
	for i := range 3000 {
		s.Event(event.Event{Kind: event.Page, Book: "book", Target: book.PDF, N: int64(i)})
		s.mu.Lock()
		s.draw("")
		s.mu.Unlock()
	}
	s.Rest("watching")
	f.want("watching")
}

func TestNothingIsWrittenWhileNothingChanges(t *testing.T) {
	f := newFakeTerminal(t, 80, 24)
	s := newTestScreen(f)
	s.Event(event.Event{Kind: event.Stage, Book: "book", Target: book.PDF, Text: "make"})
	s.Rest("watching")
	before := f.written
	time.Sleep(3 * redrawEvery)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.written != before || s.timer != nil {
		t.Error("the idle screen is redrawn")
	}
}

func TestManuscriptsDoNotControlTheTerminal(t *testing.T) {
	f := newFakeTerminal(t, 80, 24)
	s := newTestScreen(f)
	s.Pin("book", []string{"a\x1b]0;title\x07b\x1b[2Jc\rd\be\u009bf\xff"})
	s.Println("x\x1b[1;31mred\x1b[0m\x1b[3Ay")
	for _, bad := range []string{"title\x07", "\x1b[2J", "\b"} {
		if strings.Contains(f.text(), bad) {
			t.Errorf("%q got through", bad)
		}
	}
	f.want("xred[3Ay", "a]0;titleb[2Jcdef\ufffd")
}

func FuzzFold(f *testing.F) {
	f.Add("\x1b[31;1mエラー\x1b[0m: 図", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		text = strings.ReplaceAll(clean(text), "\n", "")
		width = 2 + abs(width)%200
		var bare strings.Builder
		for _, line := range fold(text, width) {
			if n := cells(line); n > width {
				t.Errorf("%q is %d cells, more than %d", line, n, width)
			}
			bare.WriteString(withoutColour(line))
		}
		if bare.String() != withoutColour(text) {
			t.Errorf("%q became %q", text, bare.String())
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
