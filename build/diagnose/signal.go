package diagnose

import (
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/internal/text"
)

// signal is an event line as the programs inside a session write it, without
// its mark and line break.
type signal struct {
	event event.Event
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
	switch event.Kind(kind) {
	case event.Pass, event.PassSkipped:
		number, program, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return signal{}, false
		}
		return signal{event: event.Event{Kind: event.Kind(kind), N: int64(n), Text: text.Printable(program)}}, true
	case event.Page, event.ConvertPage:
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return signal{}, false
		}
		return signal{event: event.Event{Kind: event.Kind(kind), N: int64(n)}}, true
	case event.Convert:
		return signal{event: event.Event{Kind: event.Convert}}, true
	case "hook":
		name, rest, _ := strings.Cut(rest, " ")
		status, file, ok := strings.Cut(rest, " ")
		if !ok {
			return signal{}, false
		}
		return signal{hook: &hookSignal{name: text.Printable(name), status: text.Printable(status), file: text.Printable(file)}}, true
	}
	return signal{}, false
}
