package build

import "fmt"

// Target is a kind of artifact that a book can be made into.
type Target string

// The targets, each named as on the command line.
const (
	PDF    Target = "pdf"
	EPUB   Target = "epub"
	Web    Target = "web"
	Text   Target = "text"
	IDGXML Target = "idgxml"
)

// Targets lists every target in the order in which they are built.
var Targets = []Target{PDF, EPUB, Web, Text, IDGXML}

// ParseTarget returns the target named s.
func ParseTarget(s string) (Target, error) {
	for _, t := range Targets {
		if string(t) == s {
			return t, nil
		}
	}
	return "", fmt.Errorf("unknown target %q (one of pdf, epub, web, text, idgxml)", s)
}

// maker is the program that makes a target.
func (t Target) maker() string {
	if t == Web || t == Text || t == IDGXML || t == PDF || t == EPUB {
		return "review-" + string(t) + "maker"
	}
	return ""
}
