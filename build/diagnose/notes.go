package diagnose

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/bookci/bookci/internal/fsx"
)

// Notes is what was noted inside a session while a maker ran.
type Notes struct {
	Positions *Positions // nil when the maker noted none
	TeX       []byte     // TeX's own log of its last pass
	Labels    []byte     // the .aux file that it wrote in that pass
	Tools     []byte     // what mendex and the DVI converter printed
}

// How much of each file is read. TeX's complaints stand at both
// ends of its log; more than this is a run gone mad.
const notesLimit = 16 << 20

// ReadNotes reads a tar of NotesDir. A file that is missing, damaged or too
// long is left out; the error is that of the tar.
func ReadNotes(r io.Reader) (*Notes, error) {
	notes := &Notes{}
	files := tar.NewReader(r)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return notes, nil
		}
		if err != nil {
			return notes, fmt.Errorf("reading the session's notes: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := notes.take(path.Base(header.Name), files); err != nil {
			return notes, err
		}
	}
}

// ReadNotesIn is ReadNotes for a folder that has been taken out already.
func ReadNotesIn(dir string) *Notes {
	notes := &Notes{}
	for _, name := range []string{"positions", "tex.log", "tex.aux", "tools.log"} {
		f, err := fsx.OpenBelow(dir, filepath.Join(dir, name))
		if err != nil {
			continue
		}
		_ = notes.take(name, f) // what cannot be read is left out
		f.Close()
	}
	return notes
}

// take reads one file of the notes.
func (n *Notes) take(name string, r io.Reader) (err error) {
	limited := io.LimitReader(r, notesLimit)
	switch name {
	case "positions":
		if p, err := ReadPositions(limited); err == nil {
			n.Positions = p
		}
	case "tex.log":
		n.TeX, err = io.ReadAll(limited)
	case "tex.aux":
		n.Labels, err = io.ReadAll(limited)
	case "tools.log":
		n.Tools, err = io.ReadAll(limited)
	}
	if err != nil {
		return fmt.Errorf("reading the session's notes: %w", err)
	}
	return nil
}
