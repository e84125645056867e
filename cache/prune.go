package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// PruneOptions says what to drop. A limit that is 0 is none.
type PruneOptions struct {
	Keep    int           // images to keep, the newest
	MaxAge  time.Duration // since the image was saved
	MaxSize int64         // bytes of all kept tarballs together; the oldest are dropped
	InUse   []string      // references that are never dropped
	DryRun  bool
}

// Pruned says what a prune dropped.
type Pruned struct {
	Dropped []string // references
	Busy    []string // references that should have gone but that another process is writing
	Freed   int64    // bytes, leftovers included
}

// Prune drops kept images by count, age and size, and what killed processes
// left. An index goes before its tarball, so that no index ever names a
// tarball that is gone.
func (s *Store) Prune(opts PruneOptions) (Pruned, error) {
	keys, err := s.keys()
	if err != nil {
		return Pruned{}, fmt.Errorf("pruning the cache: %w", err)
	}
	inUse := map[string]bool{}
	for _, ref := range opts.InUse {
		n, err := normalize(ref)
		if err != nil {
			return Pruned{}, err
		}
		inUse[n] = true
	}
	type kept struct {
		key string
		Index
	}
	var list []kept
	var size int64
	for _, k := range keys {
		if x, err := readIndex(s.path(k + indexSuffix)); err == nil {
			list = append(list, kept{k, x})
			size += x.Bytes
		}
	}
	slices.SortStableFunc(list, func(a, b kept) int { return b.Created.Compare(a.Created) })
	// Images in use count towards the limits, and before all others.
	slices.SortStableFunc(list, func(a, b kept) int {
		return boolOrder(inUse[b.Reference]) - boolOrder(inUse[a.Reference])
	})
	var p Pruned
	now := s.Now()
	for i := len(list) - 1; i >= 0; i-- {
		x := list[i]
		old := opts.MaxAge > 0 && now.Sub(x.Created) > opts.MaxAge
		many := opts.Keep > 0 && i >= opts.Keep
		large := opts.MaxSize > 0 && size > opts.MaxSize
		if inUse[x.Reference] || !(old || many || large) {
			continue
		}
		size -= x.Bytes
		if opts.DryRun {
			p.Dropped, p.Freed = append(p.Dropped, x.Reference), p.Freed+x.Bytes
			continue
		}
		freed, err := s.drop(x.key, x.Index)
		switch {
		case errors.Is(err, errBusy):
			p.Busy = append(p.Busy, x.Reference)
		case err != nil:
			return p, fmt.Errorf("dropping %s: %w", x.Reference, err)
		default:
			p.Dropped, p.Freed = append(p.Dropped, x.Reference), p.Freed+freed
		}
	}
	if !opts.DryRun {
		for _, k := range append(keys, statsKey) {
			if unlock, ok := s.tryLock(k); ok {
				p.Freed += s.sweep(k)
				unlock()
			}
		}
	}
	return p, nil
}

var errBusy = errors.New("in use by another process")

// drop removes a kept image unless it has been replaced since x was read.
func (s *Store) drop(key string, x Index) (int64, error) {
	unlock, ok := s.tryLock(key)
	if !ok {
		return 0, errBusy
	}
	defer unlock()
	if now, err := readIndex(s.path(key + indexSuffix)); err != nil || now.Sum != x.Sum {
		return 0, errBusy
	}
	if err := os.Remove(s.path(key + indexSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if err := os.Remove(s.path(x.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return x.Bytes, fsx.Sync(s.Dir)
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}
