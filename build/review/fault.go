package review

// Severity of a Fault.
type Severity string

// The severities. Lax marks what Re:VIEW lets pass with exit status 0 although
// the book is wrong (a missing image): a warning, and an error under --strict.
const (
	Error   Severity = "error"
	Lax     Severity = "lax"
	Warning Severity = "warning"
)

// Fault is one thing that is wrong with the manuscript, at its place.
type Fault struct {
	Place
	Severity Severity
	Code     string // stable short name, such as "review-unknown-inline"
	Message  string // one sentence, lower case, no full stop
	Hint     string // what to do about it
}
