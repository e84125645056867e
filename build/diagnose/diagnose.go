package diagnose

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// maxDiagnostics bounds what is told about one build. Nobody mends more at once.
const (
	maxDiagnostics = 200
	maxTeXErrors   = 20
)

// Diagnostics says what was wrong, errors first, each in the order in which it
// was met. Status is the maker's exit status; notes may be nil. Source reads a
// file of the book by its slash path below the root. Write must not be called
// any more.
//
// When status is not 0 there is at least one Error.
func (l *Log) Diagnostics(status int, notes *Notes, source func(path string) ([]byte, error)) []book.Diagnostic {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish()
	d := &diagnoser{log: l, status: status}
	d.manuscript = newManuscript(l.opts.Book, source)
	d.locator = &locator{manuscript: d.manuscript}
	tex := l.tex
	if notes != nil {
		d.locator.positions = notes.Positions
		if status == 0 {
			// Otherwise Re:VIEW has printed the output of what failed.
			tex = readTeXLog(notes.TeX)
			d.labels = readLabels(notes.Labels)
			l.tools.tools(notes.Tools)
		}
	}
	l.tools.flush()

	d.fromReview()
	d.fromTeX(&tex)
	d.fromTools()
	d.fromHooks()
	if status != 0 && source != nil {
		d.fromEncoding()
	}
	d.fromReader()
	d.fromStatus(&tex)
	return d.result()
}

func readTeXLog(txt []byte) texLog {
	var t texLog
	if len(txt) == 0 {
		return t
	}
	t.begin()
	for line := range strings.Lines(string(txt)) {
		t.line(text.Printable(strings.TrimRight(line, "\r\n")))
	}
	t.end()
	return t
}

type diagnoser struct {
	*manuscript
	log        *Log
	locator    *locator
	labels     []texLabel
	duplicates map[string]int // how often an id of a chapter was said to be given twice
	status     int
	list       []book.Diagnostic
	later      []book.Diagnostic // what only follows from something else, for want of better
}

func (d *diagnoser) add(severity book.Severity, code string, at place, message, hint string) {
	d.list = append(d.list, book.Diagnostic{Severity: severity, Code: code, File: at.file, Line: at.line, Message: sentence(message), Hint: hint})
}

// oldHint replaces the hint about a macro of Re:VIEW's own that an old book's
// style files do not load: a newer Re:VIEW writes it, the one of its time does not.
func (d *diagnoser) oldHint(message, hint string) string {
	if d.book == nil || !d.book.IsOld() || !strings.Contains(message, "review") {
		return hint
	}
	image, _ := d.book.Image()
	return "the book is of the time of Re:VIEW 1 and 2: build it with its Re:VIEW, `bookci build --image " + image + "`"
}

// sentence makes a message one line of bounded length without a full stop.
func sentence(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}

// fromStatus makes sure that a failure says something.
func (d *diagnoser) fromStatus(t *texLog) {
	if d.status == 0 || slices.ContainsFunc(d.list, func(x book.Diagnostic) bool { return x.Severity == book.Error }) {
		return
	}
	switch {
	case d.status == 137:
		d.add(book.Error, "killed", place{}, "the maker was killed, most likely because it ran out of memory", "raise limits.memory in bookci.yml")
	case t.ran && !t.finished:
		d.add(book.Error, "tex-killed", place{}, "TeX was killed in the middle of its work, most likely because it ran out of memory", "raise limits.memory in bookci.yml")
	case d.log.opts.Target == book.PDF && strings.Contains(d.log.tools.running, "dvipdf"):
		d.add(book.Error, "dvipdfmx-error", d.configKey("dvioptions"), "dvipdfmx failed", "see its words in the log")
	case len(d.later) > 0:
		d.list = append(d.list, d.later[0])
	case d.status == 127:
		d.add(book.Error, "command-missing", place{}, "the maker's command was not found", "check command in bookci.yml and the image")
	default:
		d.add(book.Error, "maker-failed", place{}, "the maker failed with status "+strconv.Itoa(d.status), "see the log")
	}
}

// result folds what is said more than once, sorts, and adds the source lines.
func (d *diagnoser) result() []book.Diagnostic {
	type key struct {
		code, file, message string
		line                int
	}
	index := map[key]int{}
	var folded []book.Diagnostic
	for _, x := range d.list {
		k := key{x.Code, x.File, x.Message, x.Line}
		if i, ok := index[k]; ok {
			// Re:VIEW reads a chapter several times: an error said twice is one error.
			if x.Severity != book.Error {
				folded[i].Count = max(1, folded[i].Count) + 1
			}
			continue
		}
		index[k] = len(folded)
		folded = append(folded, x)
	}
	rank := map[book.Severity]int{book.Error: 0, book.Lax: 1, book.Warning: 2}
	sort.SliceStable(folded, func(i, j int) bool { return rank[folded[i].Severity] < rank[folded[j].Severity] })
	if len(folded) > maxDiagnostics {
		folded = folded[:maxDiagnostics]
	}
	for i := range folded {
		x := &folded[i]
		source := []rune(text.Printable(strings.TrimRight(d.line(x.File, x.Line), " \t")))
		if len(source) > 200 {
			source = append(source[:200], '…')
		}
		x.Source = string(source)
	}
	return folded
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// The reader of the language knows the line of a fault and what was most likely
// meant. The maker decides what is an error; the reader's words then take the place
// of the maker's. Codes that begin so are faults that no maker tells.
const readersOwn = "markup-"

func (d *diagnoser) fromReader() {
	if d.log.opts.Reader == nil {
		return
	}
	said := d.log.opts.Reader()
	if d.book.IsOld() {
		return // an old book's Re:VIEW has other rules than the reader
	}
	d.dropFollowing(said)
	for _, r := range said {
		same := func(x book.Diagnostic) bool {
			return x.File == r.File && x.Line == r.Line && (x.Code == r.Code || stopsTeX[r.Code] && strings.HasPrefix(x.Code, "tex-") || stopsRuby[r.Code] && rubyStopped[x.Code])
		}
		if i := slices.IndexFunc(d.list, same); i >= 0 {
			if n := slices.IndexFunc(d.list[i:], func(x book.Diagnostic) bool { return same(x) && x.Message == r.Message }); n >= 0 {
				i += n // of several in one line
			}
			d.list[i].Message, d.list[i].Hint = r.Message, r.Hint
			if stopsRuby[r.Code] {
				d.list[i].Code = r.Code
			}
			continue
		}
		r.Column, r.Source = 0, ""
		switch {
		case d.explainsTeX(r):
			r.Severity = book.Error
			d.list = append(d.list, r)
		case strings.HasPrefix(r.Code, readersOwn):
			d.list = append(d.list, r)
		}
	}
}

// dropFollowing leaves out references to what has become the text of another
// block: the block is what is wrong.
func (d *diagnoser) dropFollowing(said []book.Diagnostic) {
	swallowed := func(x book.Diagnostic) bool { return x.Code == "markup-swallowed" }
	if !slices.ContainsFunc(said, swallowed) {
		return
	}
	before := len(d.list)
	d.list = slices.DeleteFunc(d.list, func(x book.Diagnostic) bool {
		return x.Code == "review-unknown-reference" && !slices.ContainsFunc(said, func(r book.Diagnostic) bool {
			return r.Code == x.Code && r.File == x.File && r.Line == x.Line
		})
	})
	if len(d.list) == before {
		return
	}
	for i := range said {
		if swallowed(said[i]) {
			said[i].Severity = book.Error
		}
	}
}

// explainsTeX tells whether a fault of the markup is what TeX has stopped at,
// though Re:VIEW let it pass; what TeX said without a place is then left out.
func (d *diagnoser) explainsTeX(r book.Diagnostic) bool {
	if d.status == 0 || !stopsTeX[r.Code] && (r.Severity != book.Error || !strings.HasPrefix(r.Code, "review-")) {
		return false
	}
	ofTeX := func(x book.Diagnostic) bool { return strings.HasPrefix(x.Code, "tex-") }
	placed := false // an error that TeX has nothing to do with, or that has its place
	without := false
	for _, x := range d.list {
		if x.Severity == book.Error {
			// TeX reads on behind what it stumbles over in the end.
			follows := x.File == "" || x.Code == "tex-brace" && x.File == r.File && x.Line > r.Line
			placed = placed || !ofTeX(x) || !follows && stopsTeX[r.Code]
			without = without || ofTeX(x)
		}
	}
	if placed || !without {
		return false
	}
	d.list = slices.DeleteFunc(d.list, func(x book.Diagnostic) bool {
		return ofTeX(x) && x.Severity == book.Error && (x.File == "" || stopsTeX[r.Code])
	})
	return true
}

// stopsTeX are the faults of markup that Re:VIEW lets pass and TeX does not.
var stopsTeX = map[string]bool{"markup-brace": true, "markup-metric": true, "markup-empty": true}

// stopsRuby are the faults of markup at which Re:VIEW stops without knowing them:
// Ruby says something of its own, which has one of the codes rubyStopped.
var (
	stopsRuby   = map[string]bool{"review-empty-inline": true}
	rubyStopped = map[string]bool{"ruby-error": true, "review-error": true}
)
