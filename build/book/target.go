package book

import (
	"fmt"
	"path"
	"strings"
)

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

// ParseTarget returns the target named s. The error names all that there are.
func ParseTarget(s string) (Target, error) {
	var names []string
	for _, t := range Targets {
		if string(t) == s {
			return t, nil
		}
		names = append(names, string(t))
	}
	return "", fmt.Errorf("unknown target %q (one of %s)", s, strings.Join(names, ", "))
}

// Maker is the program that makes a target.
func (t Target) Maker() string { return "review-" + string(t) + "maker" }

// IsFolder reports whether the artifact is a folder rather than a file.
func (t Target) IsFolder() bool { return t == Web || t == Text || t == IDGXML }

// Output is where the maker leaves what it made: a slash path below the work tree,
// for a book that Check finds no error with.
func (t Target) Output(b *Book) string {
	name := b.BooknameFor(t)
	switch t {
	case PDF, EPUB:
		name += "." + string(t)
	case Web:
		name = "webroot"
		if root, ok := b.Setting(t, "docroot").(string); ok && root != "" {
			name = root
		}
	default:
		name += "-" + string(t)
	}
	return path.Join(b.Dir, name)
}
