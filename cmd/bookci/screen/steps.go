package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
)

// This file turns the events of a build into words: which step each variant is
// at, for how long, and what is left by the last time.

// board is where each variant stands, in the order in which they began.
type board struct {
	steps []*step
}

// advance moves the step of an event's book on and returns it, nil when it is over.
// fresh says that something new began.
func (b *board) advance(e event.Event, now time.Time) (s *step, fresh bool) {
	if e.Kind == event.Count {
		return nil, false // no step
	}
	i := slices.IndexFunc(b.steps, func(s *step) bool { return s.book == e.Book })
	if e.Kind == event.Ended {
		if i >= 0 {
			b.steps = slices.Delete(b.steps, i, i+1)
		}
		if len(b.steps) == 1 && b.steps[0].book == "" {
			b.steps = nil // nobody waits for it any more
		}
		return nil, false
	}
	if e.Kind == event.Stage && e.Text == "make" {
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
	return s, s.advance(e, now)
}

// step is where one variant's target stands.
type step struct {
	book    string // variant, "" for what all wait for
	name    string // variant and target
	begun   time.Time
	what    string  // the stage, or what is transferred
	usual   float64 // seconds that the making took the last time, 0 when unknown
	chapter string
	n       int64 // of total: chapters or bytes
	total   int64
	pass    int64 // of those that ran
	call    int64 // as it is numbered inside
	program string
	page    int64
	convert bool
	drawing bool // what is converted is the formulas of an EPUB, and not the book
	bytes   bool // n and total are bytes
}

// advance moves the step on, and reports whether something new began.
func (s *step) advance(e event.Event, now time.Time) (fresh bool) {
	if s.begun.IsZero() {
		s.begun = now
	}
	switch e.Kind {
	case event.Stage:
		*s = step{book: s.book, name: s.name, begun: s.begun, usual: s.usual, what: e.Text}
		if e.Seconds != nil {
			s.usual = e.Seconds["make"]
		}
		if e.Text == "make" {
			s.begun = now
		}
		return true
	case event.ChapterBegun:
		fresh = s.total == 0
		s.chapter, s.n, s.total = e.Text, e.N, e.Total
	case event.Pass:
		// Passes that were left out have numbers, too; who watches counts those that run.
		if e.N != s.call {
			s.pass, s.call = s.pass+1, e.N
		}
		s.program, s.page, fresh = e.Text, 0, true
	case event.PassSkipped:
		return false
	case event.Page:
		s.page = e.N
	case event.Convert:
		s.convert, s.page, fresh = true, 0, true
		s.drawing = e.Target != book.PDF
	case event.ConvertPage:
		s.convert, s.page = true, e.N
	case event.Standing:
		fresh = s.what == ""
		s.what = e.Text
	case event.Transfer:
		fresh = !s.bytes || s.what != e.Text
		s.bytes, s.what, s.n, s.total = true, e.Text, e.N, e.Total
	}
	return fresh
}

// stageWords are what the stages are called.
var stageWords = map[string]string{
	"prepare": "preparing the work tree",
	"make":    "starting the maker",
	"collect": "taking out the artifact",
	"deliver": "bringing it to the bucket",
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
		fmt.Fprintf(&b, "%s: %s of %s", s.what, Size(s.n), Size(s.total))
	case s.bytes:
		fmt.Fprintf(&b, "%s: %s", s.what, Size(s.n))
	case s.convert && s.drawing:
		b.WriteString("drawing formulas")
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
	text := Seconds(took)
	if left := time.Duration(s.usual*float64(time.Second)) - took; s.usual > 2 && left > 0 {
		text += ", about " + Seconds(left) + " left"
	}
	return text
}

func stepName(e event.Event) string {
	switch {
	case e.Book == "":
		return ""
	case e.Target == "":
		return e.Book
	}
	return e.Book + " " + string(e.Target)
}
