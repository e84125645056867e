package event

import "github.com/bookci/bookci/build/book"

// EventKind says what an Event reports.
type EventKind string

// The kinds of event. A maker's programs report some of them themselves.
const (
	Stage        EventKind = "stage"   // Text is the stage that begins: image, prepare, make, collect
	ChapterBegun EventKind = "chapter" // Text is the chapter's ID, N of Total
	Pass         EventKind = "pass"    // TeX pass N of the program Text begins
	PassSkipped  EventKind = "skip"    // TeX pass N is not needed
	Page         EventKind = "page"    // TeX is done with page N
	Convert      EventKind = "dvi"     // the DVI file becomes a PDF
	ConvertPage  EventKind = "dvipage" // page N of it
	Transfer     EventKind = "bytes"   // Text is what is transferred, N of Total bytes
	Ended        EventKind = "ended"   // the target is made, or is not going to be
	Standing     EventKind = "at"      // Text says where the step stands
	Note         EventKind = "note"    // Text is worth knowing
	Count        EventKind = "count"   // N of Total books of a fleet are done with, Failed of them without an artifact
)

// Event is one step of a build.
type Event struct {
	Kind     EventKind
	Book     string // the variant's name, "" when it concerns all
	Target   book.Target
	Text     string
	N, Total int64
	Failed   int64
	Seconds  map[string]float64 // with the first Stage: how long the stages took the last time
}
