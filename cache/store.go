package cache

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/gofrs/flock"

	"github.com/bookci/bookci/internal/fsx"
)

// Store is a folder of kept images.
//
// For a reference it holds, under a key made of the reference:
//
//	KEY.json           the index: what is kept, and in which file
//	KEY-HASH.tar.zst   the tarball that the index names
//	KEY.lock           locked while a process writes under this key
//	KEY.*.tmp          half-written by whoever holds the lock, else left by a process that was
//	                   killed and had no Reaper, or by a machine that lost its power
//
// and stats.json, what earlier pulls, loads and saves took on this machine.
//
// A Store may be used by several goroutines, and its folder by several processes.
type Store struct {
	Dir      string
	Daemon   Daemon
	Now      func() time.Time
	Progress func(Progress) // called from one goroutine at a time; nil for none
	Log      *slog.Logger   // nil for none
	Reaper   Reaper         // removes half-written files if this process is killed; nil for none
}

// Reaper removes files when this process has been killed.
type Reaper interface {
	// Remove has path removed if this process is killed, until Keep is called.
	Remove(path string) error
	Keep(path string) error
}

// Progress says how far a long step is.
type Progress struct {
	Step  string // "saving", "loading"
	Ref   string
	Done  int64 // bytes
	Total int64 // bytes, 0 when unknown
}

const (
	indexSuffix = ".json"
	tarSuffix   = ".tar.zst"
	lockSuffix  = ".lock"
	tempSuffix  = ".tmp"
	statsKey    = "stats"
	statsFile   = statsKey + indexSuffix // not an index
)

// normalize returns a reference as users write it: with a tag or digest and
// without the default registry.
func normalize(ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("image reference %q: %w", ref, err)
	}
	return reference.FamiliarString(reference.TagNameOnly(named)), nil
}

var unsafeInKey = regexp.MustCompile(`[^a-z0-9._-]+`)

// key returns the base of the file names for a normalized reference. The hash
// tells apart what the readable part does not.
func key(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	readable := strings.Trim(unsafeInKey.ReplaceAllString(strings.ToLower(ref), "_"), "._-")
	if len(readable) > 80 {
		readable = readable[:80]
	}
	return readable + "-" + hex.EncodeToString(sum[:4])
}

func (s *Store) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *Store) progress(p Progress) {
	if s.Progress != nil {
		s.Progress(p)
	}
}

func (s *Store) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// index reads and checks the index for a normalized reference. Whatever is wrong is a *Miss.
func (s *Store) index(ref string) (Index, error) {
	x, err := readIndex(s.path(key(ref) + indexSuffix))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Index{}, &Miss{Ref: ref, Why: Absent}
	case errors.Is(err, errNewerIndex):
		return Index{}, &Miss{Ref: ref, Why: Newer, Detail: "update bookci, or delete " + s.path(key(ref)+indexSuffix)}
	case err != nil:
		return Index{}, &Miss{Ref: ref, Why: Corrupted, Detail: err.Error()}
	case x.Reference != ref:
		return Index{}, &Miss{Ref: ref, Why: Foreign, Detail: "the index is for " + x.Reference}
	}
	return x, nil
}

func readIndex(name string) (Index, error) {
	text, err := fsx.ReadNamed(name, maxIndex)
	if err != nil {
		return Index{}, err
	}
	return decodeIndex(text)
}

// lock takes the lock of a reference, waiting for another process if need be.
func (s *Store) lock(ctx context.Context, ref string) (unlock func(), err error) {
	l := flock.New(s.path(key(ref) + lockSuffix))
	if _, err := l.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("locking %s: %w", l.Path(), err)
	}
	return s.unlock(l), nil
}

// tryLock takes the lock of a key unless another process holds it.
func (s *Store) tryLock(key string) (unlock func(), ok bool) {
	l := flock.New(s.path(key + lockSuffix))
	if ok, err := l.TryLock(); err != nil || !ok {
		return nil, false
	}
	return s.unlock(l), true
}

// unlock returns what releases a lock. The lock's file stays: removing it would let
// two processes hold "the" lock.
func (s *Store) unlock(l *flock.Flock) func() {
	return func() {
		if err := l.Unlock(); err != nil {
			s.log().Debug("unlocking", "file", l.Path(), "err", err)
		}
	}
}

// sweep removes what a killed process left under a key, a damaged index, and
// tarballs that no index names. The caller holds the key's lock.
func (s *Store) sweep(key string) (freed int64) {
	x, err := readIndex(s.path(key + indexSuffix))
	newer := errors.Is(err, errNewerIndex) // which tarball it names only a newer bookci can tell
	entries, dirErr := os.ReadDir(s.Dir)
	if dirErr != nil {
		return 0
	}
	var unreadable *fs.PathError
	if err != nil && key != statsKey && !newer && !errors.As(err, &unreadable) { // its content is damaged
		if info, statErr := os.Stat(s.path(key + indexSuffix)); statErr == nil && os.Remove(s.path(key+indexSuffix)) == nil {
			freed += info.Size()
		}
	}
	for _, e := range entries {
		name := e.Name()
		rest, ours := strings.CutPrefix(name, key)
		leftover := strings.HasPrefix(rest, ".") && strings.HasSuffix(rest, tempSuffix)
		unnamed := tarHash.MatchString(rest) && !newer && (err != nil || name != x.File)
		if !ours || !(leftover || unnamed) {
			continue
		}
		if info, err := e.Info(); err == nil && os.Remove(s.path(name)) == nil {
			freed += info.Size()
		}
	}
	return freed
}

var tarHash = regexp.MustCompile(`^-[0-9a-f]{16}\.tar\.zst$`)

// tarName is the name of a tarball with given segments. Their checksums cover every byte of it.
func tarName(key string, segments []Segment) string {
	sum := sha256.New()
	for _, seg := range segments {
		io.WriteString(sum, seg.wantSum()) // a hash takes everything
	}
	return key + "-" + hexSum(sum)[:16] + tarSuffix
}

// temp makes a file for what is to become a file under key. Nobody but its
// owner may read it until publish.
func (s *Store) temp(key string) (*os.File, error) {
	name, err := filepath.Abs(s.path(key + "." + rand.Text()[:10] + tempSuffix)) // the reaper stands elsewhere
	if err != nil {
		return nil, err
	}
	if s.Reaper != nil {
		if err := s.Reaper.Remove(name); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		s.settled(name)
	}
	return f, err
}

// discard takes a file of temp away.
func (s *Store) discard(f *os.File) {
	f.Close() // nobody wants its content any more
	if os.Remove(f.Name()) == nil {
		s.settled(f.Name())
	} // else the reaper does it, or the next sweep
}

// settled tells the reaper that a file of temp has its name or is gone.
func (s *Store) settled(name string) {
	if s.Reaper == nil {
		return
	}
	if err := s.Reaper.Keep(name); err != nil { // it will remove nothing, as nothing is there
		s.log().Debug("telling the reaper", "file", name, "err", err)
	}
}

// publish gives a finished temporary file its name, for good: both the file and
// its name are on the disk when it returns.
func publish(f *os.File, name string) error {
	if err := f.Chmod(0o644); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fsx.Rename(f.Name(), name); err != nil {
		return err
	}
	return fsx.Sync(filepath.Dir(name))
}

// writeFile replaces a small file by rename.
func (s *Store) writeFile(key, name string, text []byte) error {
	f, err := s.temp(key)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = publish(f, s.path(name))
	}
	if err != nil {
		s.discard(f) // the first error counts
		return err
	}
	s.settled(f.Name())
	return nil
}
