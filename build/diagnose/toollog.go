package diagnose

import (
	"regexp"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// toolFinding is a line that some program other than Re:VIEW and TeX printed and
// that tells of trouble.
type toolFinding struct {
	kind    string // "ruby", "shell", "dvipdfmx", "mendex", "system"
	path    string // as printed
	line    int
	message string
	page    int // the page that dvipdfmx was on, 0 when unknown
	fatal   bool
	trace   []rubyFrame
	command string // the program that was running
}

type rubyFrame struct {
	path string
	line int
}

// toolLog reads what shells, Ruby, mendex and dvipdfmx print.
type toolLog struct {
	findings []toolFinding
	running  string // the program that Re:VIEW started last
	started  string // its whole command line
	trace    bool   // whether the last finding's backtrace may go on
	page     int
	pending  *toolFinding // dvipdfmx explains a warning in the lines after it
}

var (
	rubyRaised = regexp.MustCompile("^(?:\\S*ruby[\\d.]*: )?([^:\\s][^:]*):(\\d+):in [`'](?:[^']*)': (.*)$")
	rubySyntax = regexp.MustCompile(`^(?:\S*ruby[\d.]*: )?([^:\s][^:]*\.rb):(\d+): (.*(?:\(SyntaxError\)|syntax errors? .*))$`)
	rubyFrom   = regexp.MustCompile(`^\s+(?:\d+: )?from ([^:]+):(\d+)(?::in .*)?$`)
	rubyInner  = regexp.MustCompile(`^(/[^:]+):(\d+): (.*)$`)

	shellLine = regexp.MustCompile(`^([^:\s][^:]*): (?:line )?(\d+): (.*(?:not found|No such file or directory|Permission denied|cannot execute|syntax error|unexpected|parameter not set|unbound variable).*)$`)
	shellSays = regexp.MustCompile(`^(?:[^:\s]*/)?(?:sh|bash|dash|env|ash|exec): (.*(?:not found|No such file or directory|Permission denied).*)$`)

	dviPage    = regexp.MustCompile(`\[(\d+)`)
	dviSays    = regexp.MustCompile(`^(?:x?dvipdfmx):(warning|error|fatal): (.*)$`)
	mendexSays = regexp.MustCompile(`(?i)^(?:(?:up)?mendex: )?(.*(?:does not exist|no such|cannot open|can't open|error[: ]|illegal).*)$`)
	systemSays = regexp.MustCompile(`No space left on device|Cannot allocate memory|Resource temporarily unavailable|Network is unreachable|Could not resolve|Temporary failure in name resolution|getaddrinfo|Read-only file system`)
)

// command notes that Re:VIEW starts a program.
func (t *toolLog) command(line string) {
	t.flush()
	t.started = line
	t.running, _, _ = strings.Cut(line, " ")
	t.running = t.running[strings.LastIndexByte(t.running, '/')+1:]
	t.page = 0
}

func (t *toolLog) line(s string) {
	if t.trace {
		if m := rubyFrom.FindStringSubmatch(s); m != nil {
			f := &t.findings[len(t.findings)-1]
			if len(f.trace) < 100 {
				f.trace = append(f.trace, rubyFrame{m[1], atoi(m[2])})
			}
			return
		}
		if s != "" && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "\t") {
			t.trace = false
		}
	}
	if t.pending != nil {
		if strings.HasPrefix(s, " ") {
			t.pending.message += ";" + s
			return
		}
		t.flush()
	}
	switch {
	case rubyRaised.MatchString(s):
		m := rubyRaised.FindStringSubmatch(s)
		f := toolFinding{kind: "ruby", path: m[1], line: atoi(m[2]), message: m[3]}
		f.trace = []rubyFrame{{m[1], f.line}}
		if inner := rubyInner.FindStringSubmatch(m[3]); inner != nil {
			// A file that cannot be parsed is named in the message.
			f.trace = append([]rubyFrame{{inner[1], atoi(inner[2])}}, f.trace...)
			f.message = inner[3]
		}
		t.trace = t.add(f)
	case rubySyntax.MatchString(s):
		m := rubySyntax.FindStringSubmatch(s)
		t.trace = t.add(toolFinding{kind: "ruby", path: m[1], line: atoi(m[2]), message: m[3], trace: []rubyFrame{{m[1], atoi(m[2])}}})
	case dviSays.MatchString(s):
		m := dviSays.FindStringSubmatch(s)
		t.pending = &toolFinding{kind: "dvipdfmx", message: m[2], page: t.page, fatal: m[1] != "warning"}
	case strings.Contains(t.running, "dvipdf") && dviPage.MatchString(s):
		for _, m := range dviPage.FindAllStringSubmatch(s, -1) {
			t.page = atoi(m[1])
		}
	case systemSays.MatchString(s):
		t.add(toolFinding{kind: "system", message: s})
	case shellLine.MatchString(s):
		m := shellLine.FindStringSubmatch(s)
		t.add(toolFinding{kind: "shell", path: m[1], line: atoi(m[2]), message: m[3]})
	case shellSays.MatchString(s):
		t.add(toolFinding{kind: "shell", message: shellSays.FindStringSubmatch(s)[1]})
	case strings.Contains(t.running, "mendex") && mendexSays.MatchString(s) && !strings.HasSuffix(s, " log:"):
		t.add(toolFinding{kind: "mendex", message: mendexSays.FindStringSubmatch(s)[1], fatal: true})
	}
}

func (t *toolLog) add(f toolFinding) bool {
	if len(t.findings) >= keepFindings {
		return false
	}
	f.command = t.started
	t.findings = append(t.findings, f)
	return true
}

func (t *toolLog) flush() {
	if t.pending != nil {
		t.add(*t.pending)
		t.pending = nil
	}
}

// tools reads the notes' tools.log, where each program's output stands below
// a line "# NAME STATUS".
func (t *toolLog) tools(txt []byte) {
	t.flush()
	for line := range strings.Lines(string(txt)) {
		line = text.PlainLine(strings.TrimRight(line, "\n"))
		if name, ok := strings.CutPrefix(line, "# "); ok {
			t.command(name)
			continue
		}
		t.line(line)
	}
	t.flush()
}
