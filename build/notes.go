package build

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
)

// NotesDir is the folder below Paths.Own where a session's programs leave what
// they noted about the last run; see ReadNotes.
const NotesDir = "run/notes"

// Notes is what was noted inside a session while a maker ran.
type Notes struct {
	Positions *Positions // nil when the maker noted none
	TeX       []byte     // TeX's own log of its last pass
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
		limited := io.LimitReader(files, notesLimit)
		switch path.Base(header.Name) {
		case "positions":
			if p, err := ReadPositions(limited); err == nil {
				notes.Positions = p
			}
		case "tex.log":
			notes.TeX, err = io.ReadAll(limited)
		case "tools.log":
			notes.Tools, err = io.ReadAll(limited)
		}
		if err != nil {
			return notes, fmt.Errorf("reading the session's notes: %w", err)
		}
	}
}
