package diagnose

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// reviewEntry is one line that Re:VIEW logged, and what followed it unmarked.
type reviewEntry struct {
	severity string // ERROR, WARN, INFO, DEBUG, FATAL, SUCCESS
	location string // the chapter's base name, "" when it named none
	line     int
	message  string
	more     []string
}

// The forms that Re:VIEW has logged in. 5.1 and later with tty-logger:
//
//	⨯ ERROR   ch01.re:12: message
//
// 3.0 and later without it, and 2.x, where the program's name may be missing:
//
//	ERROR review-pdfmaker: ch01.re:12: message
//	ERROR: review-pdfmaker: message
//	WARN: ch01.re:12: message
var (
	reviewPlain = regexp.MustCompile(`^(ERROR|WARN|INFO|DEBUG|FATAL|UNKNOWN):? ((?:review-[a-z0-9-]+|--|rake|review|[A-Za-z0-9_.-]+(?:maker|compile)): )?(.*)$`)
	reviewTTY   = regexp.MustCompile(`^(?:\S{1,3}\s+)?(ERROR|WARN|INFO|DEBUG|FATAL|SUCCESS|WAIT)\s+(.*)$`)

	reviewNamed = regexp.MustCompile(`^([^:\s]+\.re): (.*)$`)
	reviewPlace = regexp.MustCompile(`^(?:\./)?([^:\s][^:]*\.re):(\d+|nil): *(.*)$`)

	// 2.x prints warnings of chapters and the chapter's name without any mark.
	reviewBare      = regexp.MustCompile(`^([^:\s][^:]*\.re):(\d+): (warning|error): (.*)$`)
	reviewCompiling = regexp.MustCompile(`^compiling (\S.*\.(?:tex|re|html))$`)
)

func parseReviewLine(line string) (reviewEntry, bool) {
	var e reviewEntry
	if m := reviewPlain.FindStringSubmatch(line); m != nil {
		e = reviewEntry{severity: m[1], message: m[3]}
	} else if m := reviewTTY.FindStringSubmatch(line); m != nil {
		e = reviewEntry{severity: m[1], message: m[2]}
	} else if m := reviewBare.FindStringSubmatch(line); m != nil {
		e = reviewEntry{severity: "WARN", message: line}
		if m[3] == "error" {
			e.severity = "ERROR"
		}
	} else if m := reviewCompiling.FindStringSubmatch(line); m != nil {
		return reviewEntry{severity: "INFO", message: line}, true
	} else {
		return e, false
	}
	e.message = strings.TrimSpace(e.message)
	if m := reviewPlace.FindStringSubmatch(e.message); m != nil {
		e.location = path.Base(m[1])
		e.line, _ = strconv.Atoi(m[2])
		e.message = m[3]
		// 2.x to 4.x say "error:" again after the place, and log it as a warning.
		if rest, ok := strings.CutPrefix(e.message, "error: "); ok {
			e.severity, e.message = "ERROR", rest
		}
		e.message = strings.TrimPrefix(e.message, "warning: ")
	} else if m := reviewNamed.FindStringSubmatch(e.message); m != nil {
		e.location, e.message = path.Base(m[1]), m[2]
	} else if e.severity == "WARN" && strings.HasPrefix(e.message, "compile error in ") {
		e.severity = "ERROR"
	}
	return e, true
}

// reviewLog keeps the errors and warnings that Re:VIEW logged.
type reviewLog struct {
	entries []reviewEntry
	open    bool // whether the next unmarked line may belong to the last entry
}

func (r *reviewLog) add(e reviewEntry) {
	r.open = false
	switch e.severity {
	case "ERROR", "FATAL", "WARN":
		if len(r.entries) < keepFindings {
			r.entries = append(r.entries, e)
			r.open = true
		}
	}
}

// more takes a line that follows an entry: messages may have several.
func (r *reviewLog) more(line string) {
	if !r.open {
		return
	}
	last := &r.entries[len(r.entries)-1]
	if len(last.more) >= 20 {
		r.open = false
		return
	}
	if strings.TrimSpace(line) != "" {
		last.more = append(last.more, line)
	}
}
