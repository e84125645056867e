package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"time"

	"github.com/bookci/bookci/internal/fsx"
	"golang.org/x/sync/errgroup"
)

// HashCache knows the content hash of files by their stamp, so that an
// unchanged book is recognised without reading it.
type HashCache struct {
	path  string // where it is kept
	root  string
	now   func() time.Time
	mu    sync.Mutex
	known map[string]hashed // by slash path below root
	dirty bool              // known is not what is kept
}

type hashed struct {
	Stamp fsx.Stamp
	Sum   string
	At    time.Time // when its reading began
}

// maxHashes bounds the cache, which has some 200 bytes a file.
const maxHashes = 64 << 20 // bytes

// OpenHashCache reads the cache at path. What cannot be read is an empty cache.
func OpenHashCache(path, root string, now func() time.Time) *HashCache {
	c := &HashCache{path: path, root: root, now: now, known: map[string]hashed{}}
	if text, err := fsx.ReadBelow(fsx.TopOf(root, filepath.Dir(path)), path, maxHashes); err == nil {
		if json.Unmarshal(text, &c.known) != nil || c.known == nil {
			c.known = map[string]hashed{}
		}
	}
	return c
}

// sum returns the content hash of f.
func (c *HashCache) sum(f File) (string, error) {
	c.mu.Lock()
	old, ok := c.known[f.Path]
	c.mu.Unlock()
	if ok && old.Stamp.SettledAt(old.At) {
		if now, err := fsx.StampAt(c.local(f), f.Mode&fs.ModeSymlink != 0); err == nil && now == old.Stamp {
			return old.Sum, nil
		}
	}
	at := c.now()
	file, err := c.open(f)
	if err != nil {
		return "", err
	}
	defer file.Close()
	before, err := fsx.StampOfOpen(file)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", f.Path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	after, err := fsx.StampOfOpen(file)
	if err != nil || after != before {
		return sum, nil // the file is being written: its hash is not kept
	}
	c.mu.Lock()
	c.known[f.Path] = hashed{Stamp: after, Sum: sum, At: at}
	c.dirty = true
	c.mu.Unlock()
	return sum, nil
}

// Holds tells whether the files of read, which Fingerprint returned, have the
// content that they had then.
func (c *HashCache) Holds(read map[string]string) bool {
	for name, was := range read {
		if now, err := c.sum(File{Path: name}); err != nil || now != was {
			return false
		}
	}
	return true
}

func (c *HashCache) local(f File) string { return filepath.Join(c.root, filepath.FromSlash(f.Path)) }

// open opens a regular file; one that has become something else is refused.
func (c *HashCache) open(f File) (*os.File, error) {
	file, err := fsx.OpenBelow(c.root, c.local(f))
	if errors.Is(err, fsx.ErrNotRegular) || errors.Is(err, fsx.ErrOutside) {
		return nil, fmt.Errorf("%w: %s is no regular file any more", ErrChanged, f.Path)
	}
	return file, err
}

// Save keeps the cache for the next run, without the files that are gone; nothing of
// a root that is gone itself, as a folder is that was renamed during a watch.
func (c *HashCache) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dirty {
		return nil
	}
	if _, err := os.Stat(c.root); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for name := range c.known {
		if _, err := fsx.StampAt(filepath.Join(c.root, filepath.FromSlash(name)), false); err != nil {
			delete(c.known, name)
		}
	}
	text, err := json.Marshal(c.known)
	if err != nil {
		return err
	}
	c.dirty = false
	return fsx.WriteFile(c.path, text, 0o644)
}

// Fingerprint hashes all that an artifact depends on: the inputs, by name,
// type, permission to execute and content, and recipe, which says the rest and is
// encoded as JSON. read are the content hashes of the regular files, by path.
func (c *HashCache) Fingerprint(inputs []File, recipe any) (sum string, read map[string]string, err error) {
	sums := make([]string, len(inputs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range inputs {
		switch {
		case f.Mode&fs.ModeSymlink != 0:
			sums[i] = "link " + f.Link
		case f.Mode.IsDir():
			sums[i] = "folder"
		default:
			g.Go(func() (err error) {
				sums[i], err = c.sum(f)
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return "", nil, err
	}
	lines := make([]string, len(inputs))
	read = make(map[string]string, len(inputs))
	for i, f := range inputs {
		if f.Mode.IsRegular() {
			read[f.Path] = sums[i]
		}
		lines[i] = fmt.Sprintf("%q %t %s", f.Path, f.Mode&0o100 != 0, sums[i])
	}
	sort.Strings(lines)
	h := sha256.New()
	enc := json.NewEncoder(h)
	if err := enc.Encode(recipe); err != nil {
		return "", nil, err
	}
	if err := enc.Encode(lines); err != nil {
		return "", nil, err
	}
	return hex.EncodeToString(h.Sum(nil)), read, nil
}
