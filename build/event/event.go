package event

import "github.com/bookci/bookci/build/book"

// Kind says what an Event reports.
type Kind string

// The kinds of event. A maker's programs report some of them themselves.
const (
	Stage        Kind = "stage"   // Text is the stage that begins: image, prepare, make, collect
	ChapterBegun Kind = "chapter" // Text is the chapter's ID, N of Total
	Pass         Kind = "pass"    // TeX pass N of the program Text begins
	PassSkipped  Kind = "skip"    // TeX pass N is not needed
	Page         Kind = "page"    // TeX is done with page N
	Convert      Kind = "dvi"     // the DVI file becomes a PDF
	ConvertPage  Kind = "dvipage" // page N of it
	Transfer     Kind = "bytes"   // Text is what is transferred, N of Total bytes
	Ended        Kind = "ended"   // the target is made, or is not going to be
	Standing     Kind = "at"      // Text says where the step stands
	Note         Kind = "note"    // Text is worth knowing
	Count        Kind = "count"   // N of Total books of a fleet are done with, Failed of them without an artifact
)

// Event is one step of a build.
type Event struct {
	Kind     Kind
	Book     string // the variant's name, "" when it concerns all
	Target   book.Target
	Text     string // this and the numbers mean what the Kind says
	N, Total int64
	Failed   int64
	Seconds  map[string]float64 // with the first Stage: how long the stages took the last time
}
