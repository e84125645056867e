package build

import (
	"strconv"
	"strings"
)

const (
	eventMark  = 0x1e // begins an event line: a record separator, which no maker prints
	eventLimit = 4096 // longest event line, its mark and line break included
)

// signal is an event line as the programs inside a session write it, without
// its mark and line break.
type signal struct {
	event Event
	hook  *hookSignal
}

// hookSignal tells of a hook that a maker left out or that ended badly.
type hookSignal struct {
	name   string // its key in the config
	status string // "missing", "not-executable", an exit status, or "signal-N"
	file   string
}

// parseSignal reads an event line. What it does not know is not ok: it comes
// from inside the session and may be anything.
func parseSignal(line string) (signal, bool) {
	kind, rest, _ := strings.Cut(line, " ")
	switch EventKind(kind) {
	case Pass, PassSkipped:
		number, program, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return signal{}, false
		}
		return signal{event: Event{Kind: EventKind(kind), N: int64(n), Text: printable(program)}}, true
	case Page, ConvertPage:
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return signal{}, false
		}
		return signal{event: Event{Kind: EventKind(kind), N: int64(n)}}, true
	case Convert:
		return signal{event: Event{Kind: Convert}}, true
	case "hook":
		name, rest, _ := strings.Cut(rest, " ")
		status, file, ok := strings.Cut(rest, " ")
		if !ok {
			return signal{}, false
		}
		return signal{hook: &hookSignal{name: printable(name), status: printable(status), file: printable(file)}}, true
	}
	return signal{}, false
}
