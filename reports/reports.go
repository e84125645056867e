// Package reports tells of a build in the forms that CI systems show: JUnit's
// XML, GitLab's Code Quality, SARIF, GitHub's annotations and job summaries.
// It knows neither books nor Docker, and writes to no file.
package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Run is one build, of one or several books.
type Run struct {
	Version string    // bookci's
	Begun   time.Time // when the build began
	Seconds float64   // how long it took
	Results []Result
	Err     string // why there are no results, "" when there are some
	Hint    string // what to do about Err
	Config  string // a file to show Err at; as Finding.File
}

// Status says what became of one target of one book.
type Status string

// The statuses. Failed is the book's fault, Broken somebody else's: Docker's,
// the disk's, the clock's.
const (
	Built    Status = "built"
	UpToDate Status = "up to date"
	Failed   Status = "failed"
	Broken   Status = "broken"
)

// Result is one target of one book.
type Result struct {
	Book, Target string
	Status       Status
	Err, Hint    string // why it failed, and what to do about it
	Config       string // the book's config; as Finding.File
	Checked      bool   // a maker has seen the chapters, now or in the build that still holds
	Chapters     []Chapter
	Findings     []Finding
	Seconds      float64
	Artifact     Artifact // of the last good build when this one failed; Path is empty when there is none
}

// Artifact is what was made.
type Artifact struct {
	Path  string // as Finding.File
	Bytes int64
	Pages int // 0 when it has none to count
}

// Chapter is one file of the manuscript.
type Chapter struct {
	ID   string
	File string // as Finding.File
}

// Level of a Finding.
type Level string

// The levels. Only an Error makes a build fail.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note" // what may well be meant so
)

// rank orders levels by how bad they are.
func (l Level) rank() int { return slices.Index([]Level{Error, Warning, Note}, l) }

// Finding is one thing that is wrong with a book.
type Finding struct {
	Level   Level
	Code    string // stable short name
	File    string // slash path below the top of the repository, "" when unknown
	Line    int    // counted from 1, 0 when unknown
	Column  int    // in characters, counted from 1, 0 when unknown
	Message string
	Hint    string
	Source  string // the manuscript's line
	Count   int    // how often it was said, when more than once
}

// place is where the finding is, as compilers write it, "" when unknown.
func (f Finding) place() string {
	if f.File == "" || f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// sentence is the message with how often it was said.
func (f Finding) sentence() string {
	if f.Count > 1 {
		return fmt.Sprintf("%s (%d times)", f.Message, f.Count)
	}
	return f.Message
}

// text is all there is to say about the finding but its place, on lines of its own.
func (f Finding) text() string {
	lines := []string{f.sentence()}
	if s := strings.TrimSpace(f.Source); s != "" {
		lines = append(lines, "    "+s)
	}
	if f.Hint != "" {
		lines = append(lines, "hint: "+f.Hint)
	}
	return strings.Join(lines, "\n")
}

func (r Result) failed() bool { return r.Status == Failed || r.Status == Broken }

// name is what people call the result.
func (r Result) name() string { return r.Book + " " + r.Target }

// located are the findings of a run: errors first, then by place, those that several
// targets share once. One without a file has its book's config as its place. A failure
// that no error explains is among them, so that no failed build looks sound.
func (r Run) located() []Finding {
	var all []Finding
	if r.Err != "" {
		all = append(all, Finding{Level: Error, Code: "build", File: r.Config, Message: r.Err, Hint: r.Hint})
	}
	for _, res := range r.Results {
		explained := false
		for _, f := range res.Findings {
			explained = explained || f.Level == Error
			all = append(all, f)
			if f.File == "" {
				last := &all[len(all)-1]
				last.File = res.Config
			}
		}
		if res.failed() && !explained {
			all = append(all, Finding{Level: Error, Code: "build", File: res.Config, Message: res.name() + ": " + res.Err, Hint: res.Hint})
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Level.rank(), b.Level.rank()), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(all, func(a, b Finding) bool {
		return a.Level == b.Level && a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.Message == b.Message
	})
}
