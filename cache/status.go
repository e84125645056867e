package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Status tells what a cache folder holds.
type Status struct {
	Dir    string  `json:"dir"`
	Images []Entry `json:"images"` // newest first
	Bytes  int64   `json:"bytes"`  // all that the folder holds
	// Unowned is the bytes of half-written or superseded files: what a prune would
	// free at once, unless another process is writing them now.
	Unowned int64 `json:"unowned_bytes"`
}

// Entry is one kept image. What is not known is zero.
type Entry struct {
	Ref      string        `json:"reference"`
	Config   string        `json:"config,omitempty"`
	Platform string        `json:"platform,omitempty"`
	Bytes    int64         `json:"bytes"`     // on disk
	TarBytes int64         `json:"tar_bytes"` // unpacked
	Created  time.Time     `json:"created"`
	Age      time.Duration `json:"age_ns"`
	Problem  string        `json:"problem,omitempty"` // why it cannot be used
	InDaemon bool          `json:"in_daemon"`         // the daemon has the same content under this reference
	// What each way to the image took on this machine, the median of those measured.
	Pull    time.Duration `json:"pull_ns,omitempty"`
	Restore time.Duration `json:"restore_ns,omitempty"`
	Save    time.Duration `json:"save_ns,omitempty"`
}

// Use says where an image would come from.
type Use string

// The uses.
const (
	FromDaemon Use = "daemon"   // it is there already
	FromCache  Use = "tarball"  // it would be restored
	FromRemote Use = "registry" // it would be pulled
)

// Use returns where the entry's image would come from now.
func (e Entry) Use() Use {
	switch {
	case e.InDaemon:
		return FromDaemon
	case e.Problem == "":
		return FromCache
	}
	return FromRemote
}

// owned takes a file name of the folder apart into its key and the rest.
var owned = regexp.MustCompile(`^(.+-[0-9a-f]{8}|stats)(\.json|\.lock|-[0-9a-f]{16}\.tar\.zst|\..*\.tmp)$`)

// keys returns the keys that have files in the folder, in order.
func (s *Store) keys() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var keys []string
	for _, e := range entries {
		if m := owned.FindStringSubmatch(e.Name()); m != nil && m[1] != statsKey {
			keys = append(keys, m[1])
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// Status tells what is kept. A nil Daemon, or one that does not answer, leaves
// InDaemon false. lock may be nil; what it does not allow cannot be used.
func (s *Store) Status(ctx context.Context, lock *Lock) (Status, error) {
	st := Status{Dir: s.Dir, Images: []Entry{}}
	keys, err := s.keys()
	if err != nil {
		return st, err
	}
	timings := s.timings()
	named := map[string]bool{}
	for _, k := range keys {
		x, err := readIndex(s.path(k + indexSuffix))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		e := Entry{Ref: x.Reference}
		if err != nil {
			e.Ref, e.Problem = k, err.Error()
		} else {
			named[x.File] = true
			e = s.entry(ctx, x, lock, timings)
		}
		st.Images = append(st.Images, e)
	}
	slices.SortStableFunc(st.Images, func(a, b Entry) int { return b.Created.Compare(a.Created) })
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return st, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || owned.FindString(e.Name()) == "" {
			continue
		}
		st.Bytes += info.Size()
		if strings.HasSuffix(e.Name(), tempSuffix) || strings.HasSuffix(e.Name(), tarSuffix) && !named[e.Name()] {
			st.Unowned += info.Size()
		}
	}
	return st, nil
}

func (s *Store) entry(ctx context.Context, x Index, lock *Lock, timings []Timing) Entry {
	e := Entry{
		Ref: x.Reference, Config: x.Content.Config, Platform: x.Content.Platform,
		Bytes: x.Bytes, TarBytes: x.TarBytes, Created: x.Created, Age: s.Now().Sub(x.Created),
		Pull:    typical(timings, x.Reference, TimedPull),
		Restore: typical(timings, x.Reference, TimedRestore),
		Save:    typical(timings, x.Reference, TimedSave),
	}
	f, err := s.open(x)
	if err == nil {
		f.Close() // only opened to see it
		if lock != nil {
			err = lock.Pin(x.Reference).check(x.Reference, x)
		}
	}
	var miss *Miss
	switch {
	case errors.As(err, &miss):
		e.Problem = string(miss.Why)
		if miss.Detail != "" {
			e.Problem += ": " + miss.Detail
		}
	case err != nil:
		e.Problem = err.Error()
	}
	if s.Daemon != nil {
		img, err := s.Daemon.ImageInspect(ctx, x.Reference)
		e.InDaemon = err == nil && x.Content.Same(ContentOf(img))
	}
	return e
}
