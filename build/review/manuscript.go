package review

// Manuscript is what Read reads: a book as its config and catalog describe it.
type Manuscript struct {
	Dir      string         // slash path of the config's folder below the root
	Config   map[string]any // the config with its parents merged in
	Chapters []Entry        // what the catalog names, in its order
	Files    Files

	// Builders are Re:VIEW's names for the kinds of output that the book is made
	// with, the one whose images are looked for first; latex when there is none.
	// What one of them refuses is a fault.
	Builders []string
}

// Entry is one line of the catalog.
type Entry struct {
	ID   string // base name without .re, or the title of a part without a file
	File string // slash path below the root, "" for a part that is a mere title
	Kind Kind
	Part string // the title or file of the part it stands in, "" outside parts
}

// Files reads the manuscript's files. All paths are slash paths below the root.
type Files interface {
	// Read returns a file's bytes. Any error means that there is no such file.
	Read(path string) ([]byte, error)
	// Images lists all files below a folder. A folder that is not there has none.
	Images(folder string) []string
}
