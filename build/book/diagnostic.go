package book

// Severity of a Diagnostic.
type Severity string

// The severities. Lax marks what a maker lets pass with exit status 0 although
// the book is wrong (a missing image, a failed hook): a warning, and an error under --strict.
const (
	Error   Severity = "error"
	Lax     Severity = "lax"
	Warning Severity = "warning"

	// Note marks what may well be meant so: an image that no chapter shows.
	Note Severity = "note"
)

// Diagnostic is one thing that is wrong with the book, at its place in the manuscript.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`             // stable short name, such as "tex-undefined-command"
	File     string   `json:"file,omitempty"`   // slash path below the root, "" when unknown
	Line     int      `json:"line,omitempty"`   // counted from 1, 0 when unknown
	Column   int      `json:"column,omitempty"` // in characters, counted from 1, 0 when unknown
	Message  string   `json:"message"`          // one sentence, lower case, no full stop
	Hint     string   `json:"hint,omitempty"`   // what to do about it
	Source   string   `json:"source,omitempty"` // the manuscript's line at the place
	Count    int      `json:"count,omitempty"`  // how often it was said, when more than once
	Before   bool     `json:"-"`                // said by the build that made an artifact which is up to date
}

// Shown is a list as users are told it: what is Lax here is a warning to them, and
// an error where strict makes one of it.
func Shown(list []Diagnostic, strict bool) []Diagnostic {
	shown := append([]Diagnostic{}, list...)
	for i := range shown {
		switch {
		case shown[i].Severity != Lax:
		case strict:
			shown[i].Severity = Error
		default:
			shown[i].Severity = Warning
		}
	}
	return shown
}
