package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// record is what bookci knows of the last good build of one target of one
// variant. It is kept in .bookci/state; a missing or damaged one knows nothing.
type record struct {
	Entry       Entry
	Makers      Makers
	Code        string            // the hash of what ran: what TeX learnt counts for the same code only
	Diagnostics []book.Diagnostic // its warnings: they are still true when nothing has changed
	Seconds     map[string]float64
	Stamp       fsx.Stamp // of an artifact that is a file
	At          time.Time // when Stamp was taken
	Pictures    []string  // hashes of the build's pictures
	PicturesOf  string    // what the memory of compressed pictures was bound to

	name string // of its file, without extension
	dir  string // .bookci/state
	root string

	artifacts string // the folder below which an artifact may lie
}

// maxRecord bounds a record: 200 diagnostics of a few kilobytes.
const maxRecord = 16 << 20

func (b *Builder) record(job Job, t book.Target) *record { return b.recordNamed(job, t, "") }

// recordNamed is record for an artifact beside the target's own.
func (b *Builder) recordNamed(job Job, t book.Target, suffix string) *record {
	r := &record{name: job.Book.Name + "-" + string(t) + suffix, dir: filepath.Join(b.State, "state"), root: b.Root, artifacts: b.Artifacts}
	if len(job.Only) > 0 {
		r.name += "-only"
	}
	text, err := fsx.ReadBelow(b.State, r.path(), maxRecord)
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
	return fsx.WriteFile(r.path(), text, 0o644)
}

// keep writes the artifact, which is in its place by now, into the manifest and
// into this record. A manifest that cannot be written is an error: others cannot
// know of the artifact. A record that cannot be written costs another build.
func (r *record) keep(b *Builder, e Entry, makers Makers, found []book.Diagnostic) error {
	r.Entry, r.Makers, r.Diagnostics, r.Seconds = e, makers, found, e.Seconds
	r.Stamp, _ = fsx.StampAt(e.file(b.Root), false) // without one the artifact is read again
	r.At = b.Now()
	if err := b.manifest.put(b.Version, e); err != nil {
		return fault.Environmentf("make room there, or give bookci leave to write, and build again", "%s is whole and new, but is not listed: %w", e.Path, err)
	}
	if err := r.save(); err != nil {
		b.emit(event.Event{Kind: event.Note, Book: e.Book, Target: e.Target, Text: fmt.Sprintf("the next build begins anew, as its state cannot be kept: %v", err)})
	}
	return nil
}

// upToDate tells whether the last good artifact has this fingerprint and lies at
// path as it was made.
func (r *record) upToDate(fingerprint, path string) (Entry, bool) {
	if r.Entry.Fingerprint != fingerprint || fingerprint == "" || r.Entry.Path != path {
		return Entry{}, false
	}
	return r.Entry, r.intact() != ""
}

// told is what the build that made the artifact said.
func (r *record) told() []book.Diagnostic {
	list := slices.Clone(r.Diagnostics)
	for i := range list {
		list[i].Before = true
	}
	return list
}

// intact returns the path of the last good artifact, "" when it is no longer
// as it was made.
func (r *record) intact() string {
	if r.Entry.Path == "" {
		return ""
	}
	name, ok := r.Entry.below(r.root, r.artifacts)
	if !ok {
		return ""
	}
	// A file that nobody has touched since it was published needs no reading.
	if st, err := fsx.StampAt(name, false); err == nil && st.Mode.IsRegular() && st == r.Stamp && r.Stamp.SettledAt(r.At) {
		return r.Entry.Path
	}
	if now, err := check(context.Background(), fsx.TopOf(r.root, r.artifacts), name, r.Entry.Target); err != nil || now.SHA256 != r.Entry.SHA256 {
		return ""
	}
	return r.Entry.Path
}

// and is a name for what these makers and a code leave behind.
func (m Makers) and(code string) string {
	sum := sha256.Sum256([]byte(m.Ref + "\n" + m.ID + "\n" + code))
	return hex.EncodeToString(sum[:])
}

// recipe is all that decides what an artifact will be, beside the inputs.
func (b *Builder) recipe(job Job, t book.Target) any {
	return struct {
		Surroundings any
		Target       book.Target
		Command      string
		Only         []string
		SourceDate   int64
		Strict       bool
		Separate     bool
	}{b.surroundings(job), t, job.Command[t], job.Only, b.SourceDate, b.Strict, b.Separate}
}

// surroundings are all that decides what runs, and how, beside the sources.
func (b *Builder) surroundings(job Job) any {
	return struct {
		Version, Image, Config string
		Env                    []string
		Settings               any
	}{b.Version, b.Image, job.Book.Config, slices.Sorted(slices.Values(b.Env)), b.Settings}
}

// code is the hash of all that runs in a session of a variant.
func (b *Builder) code(job Job) (string, error) {
	return b.hashes.Code(job.Tree, job.Inputs, []any{b.surroundings(job), job.Command})
}
