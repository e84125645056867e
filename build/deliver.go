package build

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/internal/fault"
)

// Delivery brings the artifact at file, which entry tells of, to a second place,
// as name, and returns its address there. listed: the manifest has entry.
type Delivery func(ctx context.Context, entry Entry, name, file string, listed bool) (address string, err error)

// deliver brings a good artifact to its second place. One that is up to date goes
// too: an earlier delivery may have failed.
func (b *Builder) deliver(ctx context.Context, job Job, res *Result) {
	if b.Deliver == nil || job.first || res.Err != nil || res.Artifact.Path == "" {
		return
	}
	entry := Entry{Book: job.Book.Name, Target: res.Target, Artifact: res.Artifact, SourceDate: b.SourceDate}
	file := entry.file(b.Root)
	name, err := filepath.Rel(b.Artifacts, file)
	if err != nil {
		res.Err = fault.Environmentf("", "delivering %s: %w", res.Artifact.Path, err)
		return
	}
	listed := b.manifest.entry(res.Artifact.Path)
	if listed != nil {
		entry = *listed
	}
	if !res.UpToDate {
		b.emit(event.Event{Kind: event.Stage, Book: job.Book.Name, Target: res.Target, Text: "deliver"})
		defer b.emit(event.Event{Kind: event.Ended, Book: job.Book.Name, Target: res.Target})
	}
	address, err := b.Deliver(ctx, entry, name, file, listed != nil)
	if err != nil {
		res.Err, res.Kept = err, res.Artifact.Path
		return
	}
	res.Address = address
}

// entry is what the manifest says of a path, nil for nothing.
func (m *manifestFile) entry(path string) *Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.read()
	i := slices.IndexFunc(got.Artifacts, func(e Entry) bool { return e.Path == path })
	if i < 0 {
		return nil
	}
	return &got.Artifacts[i]
}
