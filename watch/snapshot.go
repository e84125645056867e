package watch

import (
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// Sum is the SHA-256 of a file's content.
type Sum [sha256.Size]byte

// snapshot is what a look at the scope has found. It is not changed after the
// look, but for sums that are filled in later (loop.fill).
type snapshot struct {
	files   map[string]*entry
	folders map[string]fsx.FolderID // every folder that was walked
	// beside are folders to listen to beside those, with the names in them that count:
	// single files, targets of links, and what is missing.
	beside map[string]map[string]bool
	gone   bool // the first folder is not there
	moving bool // something changed while it was looked at
}

// entry is one file that counts. Folders are none: an empty one changes no build.
type entry struct {
	path  string
	stamp fsx.Stamp
	link  string // where it points, for a symbolic link; stamp and sum are the target's
	sum   Sum
	known bool // sum is filled in
	torn  bool // reading it failed because it changed: to be read in the next look

	seen   time.Duration // Clock.Mono when this stamp was first met
	hashed time.Duration // and when sum was last computed
}

// settled says that a later write would have shown in the stamp: the sum was
// computed long enough after the write, or after the stamp was first met.
func (e *entry) settled(start time.Time) bool {
	return e.hashed-e.seen >= e.stamp.Tick() || e.stamp.SettledAt(start.Add(e.hashed)) // the time of day of the hashing, roughly
}

// same says that a build cannot tell the two apart.
func same(a, b *entry) bool {
	if a.link != b.link || a.stamp.Mode.Type() != b.stamp.Mode.Type() || a.stamp.Mode&0o111 != b.stamp.Mode&0o111 {
		return false
	}
	if a.known && b.known {
		return a.sum == b.sum
	}
	return a.stamp == b.stamp
}

// diff returns what differs from a to b, sorted by path.
func diff(a, b *snapshot) []Edit {
	var edits []Edit
	for path, eb := range b.files {
		if ea, ok := a.files[path]; !ok {
			edits = append(edits, Edit{path, Created})
		} else if ea != eb && !same(ea, eb) {
			edits = append(edits, Edit{path, Changed})
		}
	}
	for path := range a.files {
		if _, ok := b.files[path]; !ok {
			edits = append(edits, Edit{path, Removed})
		}
	}
	slices.SortFunc(edits, func(x, y Edit) int {
		if x.Path < y.Path {
			return -1
		}
		return 1
	})
	return edits
}

// rewritten says that some file may have been written between a and b, also if
// its content is the same now. The files of known do not count: what a build read of
// them is known.
func rewritten(a, b *snapshot, known map[string]Sum) bool {
	for path, eb := range b.files {
		if _, ok := known[path]; ok {
			continue
		}
		if ea, ok := a.files[path]; !ok || ea.stamp != eb.stamp || ea.link != eb.link {
			return true
		}
	}
	for path := range a.files {
		if _, ok := b.files[path]; !ok {
			if _, ok := known[path]; !ok {
				return true
			}
		}
	}
	return false
}

// hollow says that an edit looks like the first half of a save: a file that
// had content is empty or away.
func hollow(a, b *snapshot, edits []Edit) bool {
	for _, e := range edits {
		old := a.files[e.Path]
		if old == nil || old.stamp.Size == 0 {
			continue
		}
		if now := b.files[e.Path]; now == nil || now.stamp.Size == 0 {
			return true
		}
	}
	return false
}

// withRead returns s with the sums that a build says it has read.
func (s *snapshot) withRead(read map[string]Sum) *snapshot {
	c := *s
	c.files = maps.Clone(s.files)
	for path, sum := range read {
		e := entry{path: path, stamp: fsx.Stamp{Mode: 0o644}}
		if old, ok := c.files[path]; ok {
			if old.known && old.sum == sum {
				continue
			}
			e = *old
		}
		e.sum, e.known = sum, true
		c.files[path] = &e
	}
	return &c
}

// rescoped returns s for the scope to in the place of from: without the files that
// only from covers, and with those of now that only to covers.
func (s *snapshot) rescoped(from, to Scope, now *snapshot) *snapshot {
	c := *s
	c.files = maps.Clone(s.files)
	maps.DeleteFunc(c.files, func(path string, _ *entry) bool { return !to.covers(path) })
	for path, e := range now.files {
		if _, ok := c.files[path]; !ok && !from.covers(path) {
			c.files[path] = e
		}
	}
	return &c
}

// covers says that path belongs to the scope, whether it exists or not.
func (s Scope) covers(path string) bool {
	return slices.Contains(s.Files, path) ||
		slices.ContainsFunc(s.Folders, func(dir string) bool { return within(path, dir) })
}
