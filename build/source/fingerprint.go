package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"
)

// HashCache knows the content hash of files by their size and times, so that
// an unchanged book is recognised without reading it.
//
// An entry counts only when the file was last touched well before it was
// hashed: a file system's clock may tick slower than an editor saves.
type HashCache struct {
	path  string // where it is kept
	root  string
	now   func() time.Time
	mu    sync.Mutex
	known map[string]hashed
	dirty bool
}

type hashed struct {
	Size  int64  `json:"n"`
	MTime int64  `json:"m"` // nanoseconds since 1970
	Sum   string `json:"h"`
	At    int64  `json:"t"` // when it was hashed, likewise
}

// settledAfter is how much older than its hash a file must be. FAT counts
// time in steps of two seconds.
const settledAfter = int64(2 * time.Second)

// OpenHashCache reads the cache at path. What cannot be read is an empty cache.
func OpenHashCache(path, root string, now func() time.Time) *HashCache {
	c := &HashCache{path: path, root: root, now: now, known: map[string]hashed{}}
	if text, err := os.ReadFile(path); err == nil {
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
	if ok && old.Size == f.Size && old.MTime == f.MTime && old.MTime+settledAfter < old.At {
		return old.Sum, nil
	}
	at := c.now().UnixNano()
	file, err := os.Open(filepath.Join(c.root, filepath.FromSlash(f.Path)))
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", f.Path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if st, err := file.Stat(); err != nil || !f.isAsListed(st) {
		return sum, nil // of another file than f by now
	}
	c.mu.Lock()
	c.known[f.Path] = hashed{Size: f.Size, MTime: f.MTime, Sum: sum, At: at}
	c.dirty = true
	c.mu.Unlock()
	return sum, nil
}

// Save keeps the cache for the next run.
func (c *HashCache) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dirty {
		return nil
	}
	text, err := json.Marshal(c.known)
	if err != nil {
		return err
	}
	c.dirty = false
	return renameio.WriteFile(c.path, text, 0o644)
}

// Fingerprint hashes all that an artifact depends on: the inputs, by name,
// type, permission to execute and content, and recipe, which says the rest.
//
// read are the content hashes that it is made of, by path.
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
