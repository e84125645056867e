package build

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/bookci/bookci/build/book"
	"github.com/google/renameio/v2"
)

// record is what bookci knows of the last good build of one target of one
// variant. It is kept in .bookci/state; a missing or damaged one knows nothing.
type record struct {
	Entry       Entry
	Makers      Makers
	Diagnostics []book.Diagnostic // its warnings: they are still true when nothing has changed
	Seconds     map[string]float64
	MTime       int64 // of an artifact that is a file, nanoseconds since 1970

	name string // of its file, without extension
	dir  string // .bookci/state
	root string
}

func (b *Builder) record(job Job, t book.Target) *record {
	r := &record{name: job.Book.Name + "-" + string(t), dir: filepath.Join(b.State, "state"), root: b.Root}
	if len(job.Only) > 0 {
		r.name += "-only"
	}
	text, err := os.ReadFile(r.path())
	if err != nil {
		return r
	}
	read := *r
	if json.Unmarshal(text, &read) != nil {
		return r
	}
	return &read
}

func (r *record) path() string { return filepath.Join(r.dir, r.name+".json") }

// learntDir is where what TeX learnt lies.
func (r *record) learntDir() string { return filepath.Join(r.dir, r.name+".tex") }

func (r *record) save() error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return renameio.WriteFile(r.path(), text, 0o644)
}

// upToDate tells whether the artifact that fingerprint would make is there, at
// path, and as it was made.
func (r *record) upToDate(fingerprint, path string) (Entry, bool) {
	if r.Entry.Fingerprint != fingerprint || fingerprint == "" || r.Entry.Path != path {
		return Entry{}, false
	}
	return r.Entry, r.intact() != ""
}

// intact returns the path of the last good artifact, "" when it is no longer
// as it was made.
func (r *record) intact() string {
	if r.Entry.Path == "" {
		return ""
	}
	name := r.Entry.file(r.root)
	// A file that nobody has touched since it was published needs no reading.
	if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() && st.Size() == r.Entry.Bytes && st.ModTime().UnixNano() == r.MTime {
		return r.Entry.Path
	}
	if now, err := check(context.Background(), name, r.Entry.Target); err != nil || now.SHA256 != r.Entry.SHA256 {
		return ""
	}
	return r.Entry.Path
}

// recipe is all but the inputs that decides what an artifact will be.
func (b *Builder) recipe(job Job, t book.Target) any {
	env := slices.Sorted(slices.Values(b.Env))
	return struct {
		Version, Image    string
		Target            book.Target
		Config, Command   string
		Only, Env         []string
		SourceDate        int64
		Fast, Strict, Sep bool
	}{b.Version, b.Image, t, job.Book.Config, job.Command[t], job.Only, env, b.SourceDate, b.Fast, b.Strict, b.Separate}
}
