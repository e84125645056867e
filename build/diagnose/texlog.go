package diagnose

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// texError is one error as TeX tells it.
type texError struct {
	file    string // as TeX names it, "" when it did not
	line    int    // line of file
	message string
	details []string // lines of a package's message after the first

	// The text at the place: what TeX had read of the line, and what it had not.
	// TeX cuts both and marks the cut with three dots. The innermost macro or
	// argument comes first in inner.
	before, after string
	inner         []string
	runaway       string // what an argument without end had swallowed

	open []string // the files that TeX was reading, outermost first
	read []string // the book's own files that it had read by then
	last string   // the last of the book's own files that TeX opened
}

// texWarning is one warning as TeX tells it.
type texWarning struct {
	kind string // "reference", "citation", "label", "overfull", "too-high", "character", "group", "rerun"
	name string // the label, the character, the group's opening
	line int    // line of file
	size float64
	file string // the file that TeX was reading, as far as its log tells
	page int    // the number of the page that is too high, 0 when it is not known
}

// texLog reads TeX's log: the terminal's output that Re:VIEW prints after a
// failed run, or a .log file.
type texLog struct {
	active   bool
	ran      bool // TeX has been seen at all
	finished bool // the last run got as far as its closing words

	wrapped  string // the beginning of a line that goes on in the next
	err      *texError
	want     int // what the next lines are: a want constant
	files    []string
	read     []string // the book's own, each once
	last     string
	skipText int  // lines of a box that TeX shows after complaining about it
	metafont bool // what follows was printed by METAFONT, called for a font
	font     string

	errors   []texError
	warnings []texWarning
	dropped  int
	fonts    []string // fonts that could not be made
}

// What the lines after an error's first line are.
const (
	wantNothing = iota
	wantDetails // a message of several lines, then the context
	wantInner   // the second half of an inner context
	wantAfter   // the second half of the l.NNN line
	wantRunaway
)

var (
	texBanner   = regexp.MustCompile(`^This is [A-Za-z-]*[Tt]e[Xx][^,]*, Version `)
	texFileLine = regexp.MustCompile(`^([^\s:<>|][^:<>|]*\.[A-Za-z0-9]+):(\d+): (.+)$`)
	texPlace    = regexp.MustCompile(`^l\.(\d+)(?: (.*))?$`)
	texRunaway  = regexp.MustCompile(`^Runaway (?:argument|definition|text|preamble)\?$`)
	texReading  = regexp.MustCompile(`\((?:"([^"()]+)"|([^\s()"]+))`)
	texFontTool = regexp.MustCompile(`^kpathsea: Running (mktex\w+) .*?(\S+)$`)
	texFontEnd  = regexp.MustCompile(`^(?:kpathsea: Appending|mktex\w+: )`)
	texTrouble  = regexp.MustCompile(`Error: (.*)$`)

	texUndefined = regexp.MustCompile("(?:Reference|Hyper reference|Citation) [`']([^']*)'.* undefined(?: on input line (\\d+))?")
	texMultiply  = regexp.MustCompile("Label [`']([^']*)' multiply defined")
	texOverfull  = regexp.MustCompile(`^Overfull \\[hv]box \(([0-9.]+)pt too (wide|high)\)(?:.* at lines? (\d+))?`)
	texMissing   = regexp.MustCompile(`^Missing character: There is no (.+) in font (\S+)`)
	texPage      = regexp.MustCompile(`(?:^|[^\w\[])\[(\d{1,6})(?:[\]\s{<]|$)`)
	texGroup     = regexp.MustCompile(`^### .*\(level \d+\) entered at line (\d+) \((.*)\)`)
)

// begin starts reading a .log file, whose first line says so itself.
func (t *texLog) begin() {
	t.flush()
	*t = texLog{active: true, ran: true, errors: t.errors, warnings: t.warnings, fonts: t.fonts}
}

// end is called when something else than TeX prints.
func (t *texLog) end() {
	if t.active {
		t.flush()
		t.active = false
	}
}

// line takes one line and tells whether it was TeX's.
func (t *texLog) line(s string) bool {
	if texBanner.MatchString(s) {
		t.begin()
		return true
	}
	if !t.active {
		return false
	}
	if t.wrapped != "" {
		if beginsAnew(s) {
			t.unwrapped(t.wrapped)
			t.wrapped = ""
		} else if len(t.wrapped) < headLimit {
			s, t.wrapped = t.wrapped+s, s
		}
	}
	last := s
	if t.wrapped != "" {
		last = t.wrapped
		t.wrapped = ""
	}
	if t.mayWrap(last, s) {
		t.wrapped = s
		return true
	}
	t.unwrapped(s)
	return true
}

// mayWrap tells whether a line that ends in last may go on in the next one: TeX
// breaks at 79 bytes, before a character that would cross that column.
func (t *texLog) mayWrap(last, whole string) bool {
	if len(last) < 77 || len(last) > 79 {
		return false
	}
	if len(last) < 79 && last[len(last)-1] < 0x80 && !strings.ContainsFunc(whole, func(r rune) bool { return r >= 0x80 }) {
		return false
	}
	// The text at the place of an error is cut by rules of its own.
	return t.want != wantAfter && t.want != wantInner && t.want != wantRunaway && !texPlace.MatchString(whole) && !strings.HasPrefix(whole, "<")
}

// beginsAnew tells whether s cannot be the rest of a line.
func beginsAnew(s string) bool {
	return s == "" || strings.HasPrefix(s, "! ") || strings.HasPrefix(s, "<") || texPlace.MatchString(s) || texFileLine.MatchString(s) ||
		strings.HasPrefix(s, "LaTeX Warning: ") || strings.HasPrefix(s, "Overfull ") || strings.HasPrefix(s, "Underfull ")
}

func (t *texLog) unwrapped(s string) {
	if t.metafont {
		if texFontEnd.MatchString(s) {
			t.metafont = false
			if strings.Contains(s, "failed to make") && len(t.fonts) < keepFindings {
				t.fonts = append(t.fonts, t.font)
			}
		}
		return
	}
	if m := texFontTool.FindStringSubmatch(s); m != nil {
		t.metafont, t.font = true, m[2]
		return
	}
	if strings.HasPrefix(s, "kpathsea: Appending font creation commands") {
		return
	}
	if texRunaway.MatchString(s) {
		t.flush()
		t.err = &texError{open: t.opened(), read: t.read, last: t.last}
		t.want = wantRunaway
		return
	}
	if t.want == wantRunaway {
		t.err.runaway = s
		t.want = wantNothing
		return
	}
	if m := texFileLine.FindStringSubmatch(s); m != nil && t.isError(m[1], m[3]) {
		if strings.HasPrefix(strings.TrimSpace(m[3]), "==>") {
			t.flush()
			t.finished = true
			return
		}
		line, _ := strconv.Atoi(m[2])
		t.start(m[1], line, m[3])
		return
	}
	if rest, ok := strings.CutPrefix(s, "! "); ok {
		if strings.HasPrefix(strings.TrimSpace(rest), "==>") {
			t.flush()
			t.finished = true
			return
		}
		t.start("", 0, rest)
		return
	}
	if t.err != nil && t.context(s) {
		return
	}
	t.warning(s)
}

// isError tells an error's first line from other text with a colon and a number.
func (t *texLog) isError(file, message string) bool {
	return strings.Contains(file, "/") || strings.HasPrefix(message, "LaTeX") || strings.HasPrefix(message, "Package") || t.last != ""
}

func (t *texLog) start(file string, line int, message string) {
	if e := t.err; e != nil && e.message == "" && e.runaway != "" {
		// The runaway text comes before the error that it belongs to.
		e.file, e.line, e.message = file, line, message
		t.want = wantDetails
		return
	}
	if e := t.err; e != nil && strings.HasPrefix(message, "Emergency stop") && e.message != "" {
		// Only now does TeX say where it was.
		if e.file == "" {
			e.file, e.line = file, line
		}
		t.want = wantDetails
		return
	}
	t.flush()
	t.err = &texError{file: file, line: line, message: message, open: t.opened(), read: t.read, last: t.last}
	t.want = wantDetails
}

func (t *texLog) opened() []string {
	var open []string
	for _, f := range t.files {
		if f != "" {
			open = append(open, f)
		}
	}
	return open
}

// context takes a line after an error's first one and tells whether it was part
// of what TeX says about the error.
func (t *texLog) context(s string) bool {
	e := t.err
	if m := texPlace.FindStringSubmatch(s); m != nil {
		if e.line == 0 {
			e.line, _ = strconv.Atoi(m[1])
		}
		e.before = m[2]
		t.want = wantAfter
		return true
	}
	switch t.want {
	case wantAfter:
		e.after = strings.TrimSpace(s)
		t.want = wantNothing
		t.flush()
		return true
	case wantInner:
		if len(e.inner) > 0 {
			e.inner[len(e.inner)-1] += "\x00" + strings.TrimSpace(s)
		}
		t.want = wantDetails
		return true
	case wantDetails:
		switch {
		case strings.HasPrefix(s, "<"), strings.HasPrefix(s, `\`) && strings.Contains(s, " ->"), strings.HasPrefix(s, `\`) && strings.Contains(s, "..."):
			if len(e.inner) < 10 {
				e.inner = append(e.inner, s)
				t.want = wantInner
			}
		case len(e.details) < 6 && strings.TrimSpace(s) != "" && !isBoilerplate(s):
			e.details = append(e.details, strings.TrimSpace(s))
		}
		return true
	}
	return false
}

// isBoilerplate tells what TeX says after every error.
func isBoilerplate(s string) bool {
	s = strings.TrimSpace(s)
	return s == "..." || strings.HasPrefix(s, "See the ") || strings.HasPrefix(s, "Type ") || strings.HasPrefix(s, "or enter new name") ||
		strings.HasPrefix(s, "Enter file name") || strings.HasPrefix(s, "For immediate help") || strings.HasPrefix(s, "Output written") || strings.HasPrefix(s, "Transcript written")
}

func (t *texLog) flush() {
	e := t.err
	t.err, t.want = nil, wantNothing
	if e == nil || e.message == "" {
		return
	}
	if len(t.errors) >= keepFindings {
		t.dropped++
		return
	}
	t.errors = append(t.errors, *e)
}

func (t *texLog) warning(s string) {
	if t.skipText > 0 {
		t.skipText--
		return
	}
	add := func(w texWarning) {
		if w.file = t.last; len(t.warnings) < keepFindings {
			t.warnings = append(t.warnings, w)
		}
	}
	switch {
	case strings.HasPrefix(s, "LaTeX Warning: "), strings.HasPrefix(s, "Package "), strings.HasPrefix(s, "pdfTeX warning"):
		if m := texUndefined.FindStringSubmatch(s); m != nil {
			add(texWarning{kind: "reference", name: m[1], line: atoi(m[2])})
		} else if m := texMultiply.FindStringSubmatch(s); m != nil {
			add(texWarning{kind: "label", name: m[1]})
		} else if strings.Contains(s, "Rerun to get") || strings.Contains(s, "Label(s) may have changed") {
			add(texWarning{kind: "rerun"})
		}
		return
	case strings.HasPrefix(s, "Overfull "):
		if m := texOverfull.FindStringSubmatch(s); m != nil {
			size, _ := strconv.ParseFloat(m[1], 64)
			kind := "overfull"
			if m[2] == "high" {
				kind = "too-high"
			}
			add(texWarning{kind: kind, line: atoi(m[3]), size: size})
			t.skipText = 1
		}
		return
	case strings.HasPrefix(s, "Underfull "):
		t.skipText = 1
		return
	case strings.HasPrefix(s, "Missing character: "):
		if m := texMissing.FindStringSubmatch(s); m != nil {
			add(texWarning{kind: "character", name: m[1]})
		}
		return
	case strings.HasPrefix(s, "### "):
		if m := texGroup.FindStringSubmatch(s); m != nil {
			add(texWarning{kind: "group", line: atoi(m[1]), name: m[2]})
		}
		return
	case strings.HasPrefix(s, "Output written on"), strings.HasPrefix(s, "No pages of output"), strings.HasPrefix(s, "Transcript written"):
		t.finished = true
		return
	}
	for _, m := range texPage.FindAllStringSubmatch(s, -1) {
		t.page(atoi(m[1]))
	}
	t.follow(s)
}

// page takes the number of a page that TeX has finished. What TeX found too high since the page before stands on it.
func (t *texLog) page(n int) {
	for i := len(t.warnings) - 1; i >= 0 && t.warnings[i].page == 0; i-- {
		if w := &t.warnings[i]; w.kind == "too-high" && w.line == 0 {
			w.page = n
		}
	}
}

// follow keeps track of the files that TeX opens and closes. It may be led
// astray by brackets in text that TeX shows; the book's own files, which begin
// in "./", set it right again.
func (t *texLog) follow(s string) {
	for s != "" {
		i := strings.IndexAny(s, "()")
		if i < 0 {
			return
		}
		if s[i] == ')' {
			if len(t.files) > 0 {
				t.files = t.files[:len(t.files)-1]
			}
			s = s[i+1:]
			continue
		}
		name := ""
		if m := texReading.FindStringSubmatch(s[i:]); m != nil && strings.HasPrefix(s[i:], m[0]) {
			name = m[1] + m[2]
			if !strings.Contains(name, "/") && !strings.Contains(name, ".") {
				name = ""
			}
		}
		if len(t.files) < 1000 {
			t.files = append(t.files, name)
		}
		if strings.HasPrefix(name, "./") && strings.HasSuffix(name, ".tex") {
			t.last = name
		}
		if strings.HasPrefix(name, "./") && len(t.read) < 1000 && !slices.Contains(t.read, name) {
			t.read = append(t.read, name)
		}
		s = s[i+1:]
	}
}

// cause returns a message without the words that only say who is speaking.
func (e *texError) cause() string {
	m := e.message
	if found := texTrouble.FindStringSubmatch(m); found != nil && (strings.HasPrefix(m, "LaTeX") || strings.HasPrefix(m, "Package") || strings.HasPrefix(m, "Class") || strings.HasPrefix(m, "pdfTeX")) {
		m = found[1]
	}
	return strings.TrimSuffix(strings.TrimSpace(m), ".")
}
