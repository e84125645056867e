package diagnose

import (
	"bytes"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/internal/text"
)

// LogOptions says whose log a Log reads.
type LogOptions struct {
	Book    *book.Book
	Target  book.Target
	Work    string            // the session's work tree, as paths in the log begin
	Tee     io.Writer         // gets the log without the event lines; may be nil
	OnEvent func(event.Event) // called as things happen, never concurrently; may be nil

	// Reader says what the reader of the language finds wrong with what is made.
	// It is called when the maker has ended; may be nil.
	Reader func() []book.Diagnostic
}

// Log reads what a maker prints, as it comes. It keeps what matters and no more:
// its memory does not grow with the log. Write the maker's stdout and stderr to it.
type Log struct {
	opts LogOptions

	mu      sync.Mutex
	line    clippedLine
	event   []byte // an event line that has begun, its mark included
	tee     error  // the first error of Tee, after which it gets no more
	chapter int

	review reviewLog
	tex    texLog
	tools  toolLog
	hooks  []hookSignal
}

// NewLog returns an empty Log.
func NewLog(opts LogOptions) *Log {
	if opts.Book == nil {
		opts.Book = &book.Book{Dir: "."}
	}
	return &Log{opts: opts}
}

// Write takes the next bytes of the log. It fails only when Tee does, and keeps
// reading the log even then.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		if l.event != nil {
			rest = l.takeEvent(rest)
			continue
		}
		text := rest
		mark := bytes.IndexByte(rest, inside.EventMark)
		if mark >= 0 {
			text, rest = rest[:mark], rest[mark+1:]
			l.event = []byte{inside.EventMark}
		} else {
			rest = nil
		}
		l.takeText(text)
	}
	if l.tee != nil {
		return len(p), l.tee
	}
	return len(p), nil
}

// takeEvent moves bytes of an event line out of p and returns the others.
func (l *Log) takeEvent(p []byte) []byte {
	end := bytes.IndexByte(p, '\n')
	if end < 0 && len(l.event)+len(p) < inside.EventLimit {
		l.event = append(l.event, p...)
		return nil
	}
	if end < 0 || len(l.event)+end >= inside.EventLimit {
		// No event is that long. What looked like one is text.
		text := l.event
		l.event = nil
		l.takeText(text)
		return p
	}
	line := append(l.event, p[:end]...)
	l.event = nil
	if s, ok := parseSignal(string(line[1:])); !ok {
		l.takeText(append(line, '\n'))
	} else if s.hook != nil {
		if len(l.hooks) < keepFindings {
			l.hooks = append(l.hooks, *s.hook)
		}
	} else {
		l.emit(s.event)
	}
	return p[end+1:]
}

func (l *Log) takeText(text []byte) {
	if len(text) == 0 {
		return
	}
	if l.opts.Tee != nil && l.tee == nil {
		_, l.tee = l.opts.Tee.Write(text)
	}
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			l.line.add(text)
			return
		}
		l.line.add(text[:end])
		l.takeLine(l.line.take())
		text = text[end+1:]
	}
}

func (l *Log) takeLine(line string) {
	line = text.PlainLine(line)
	if entry, ok := parseReviewLine(line); ok {
		l.tex.end()
		l.progress(entry)
		l.review.add(entry)
		return
	}
	if l.tex.line(line) {
		return
	}
	l.review.more(line)
	l.tools.line(line)
}

// progress turns what a maker says it is doing into events.
func (l *Log) progress(e reviewEntry) {
	if e.severity != "INFO" {
		return
	}
	if name, ok := strings.CutPrefix(e.message, "compiling "); ok {
		l.chapter++
		id := strings.TrimSuffix(strings.TrimSpace(name), path.Ext(name))
		total := max(l.chapter, len(l.opts.Book.Chapters))
		l.emit(event.Event{Kind: event.ChapterBegun, Text: id, N: int64(l.chapter), Total: int64(total)})
		return
	}
	program, _, _ := strings.Cut(e.message, " ")
	if e.location == "" && isProgram(path.Base(program)) {
		l.tools.command(e.message)
	}
}

func (l *Log) emit(e event.Event) {
	if l.opts.OnEvent != nil {
		l.opts.OnEvent(e)
	}
}

// finish takes a last line that has no line break.
func (l *Log) finish() {
	if l.event != nil {
		text := l.event
		l.event = nil
		l.takeText(text)
	}
	if l.line.any() {
		l.takeLine(l.line.take())
	}
	l.tex.end()
}

// isProgram tells whether a maker announces that it runs name.
func isProgram(name string) bool {
	return strings.HasSuffix(name, "tex") || strings.HasSuffix(name, "mendex") ||
		strings.HasSuffix(name, "makeindex") || strings.HasPrefix(name, "dvipdf") || name == "xdvipdfmx"
}

// How much of one line is kept: enough for every message that is of use. The
// longest that was seen, a Ruby object's innards, had 19 MB.
const (
	headLimit = 4096
	tailLimit = 512
)

// keepFindings bounds how many findings of one sort are kept.
const keepFindings = 500

// clippedLine collects one line and keeps the head and the tail of a long one.
type clippedLine struct {
	head, tail []byte
	begun      bool
}

func (c *clippedLine) any() bool { return c.begun }

func (c *clippedLine) add(p []byte) {
	c.begun = c.begun || len(p) > 0
	if room := headLimit - len(c.head); room > 0 {
		n := min(room, len(p))
		c.head = append(c.head, p[:n]...)
		p = p[n:]
	}
	if len(p) > tailLimit {
		p = p[len(p)-tailLimit:]
	}
	c.tail = append(c.tail, p...)
	if len(c.tail) > 2*tailLimit {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-tailLimit:]...)
	}
}

func (c *clippedLine) take() string {
	line := string(c.head)
	if len(c.tail) > tailLimit {
		line += " … " + string(c.tail[len(c.tail)-tailLimit:])
	} else {
		line += string(c.tail)
	}
	c.head, c.tail, c.begun = c.head[:0], c.tail[:0], false
	return line
}
