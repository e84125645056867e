package links

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/objects"
)

// An archive is a folder, or a prefix of a bucket, with a folder for each book
// and in it one for each run:
//
//	{book}/{time}/items.{chunk:07d}.jl.gz
//
// A chunk has a hundred items at most, a line of JSON each, and its number is
// that of its first item. Chunks are written whole and once.

// chunkItems is how many items a chunk holds.
const chunkItems = 100

// lineLimit is the longest line that is read: a page of the largest size whose
// every byte became an escape.
const lineLimit = 8*bodyLimit + 1<<20

var chunkName = regexp.MustCompile(`^items\.([0-9]{7,})\.jl\.gz$`)

// chunkKey is the key of the chunk that begins with item first of a run.
func chunkKey(prefix string, first int) string {
	return path.Join(prefix, fmt.Sprintf("items.%07d.jl.gz", first))
}

// chunkFirst is the number of a chunk's first item.
func chunkFirst(key string) (int, bool) {
	m := chunkName.FindStringSubmatch(path.Base(key))
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// keyName is a name as a part of a key that folders of all systems can bear.
func keyName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(name))
	if name = strings.Trim(name, "."); name == "" {
		return "book"
	}
	return name
}

// putChunk compresses the lines of a journal into a chunk of the archive. The
// same lines give the same bytes. A chunk that is there already is no error: a run
// that was killed after writing a chunk writes it again.
func putChunk(ctx context.Context, store objects.Store, key, journal string) error {
	from, err := fsx.OpenBelow(filepath.Dir(journal), journal)
	if err != nil {
		return err
	}
	defer from.Close()
	whole, err := os.CreateTemp(filepath.Dir(journal), "chunk-*")
	if err != nil {
		return err
	}
	defer os.Remove(whole.Name())
	defer whole.Close()
	z := gzip.NewWriter(whole) // without a time or a name
	if _, err := io.Copy(z, from); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err = store.Put(ctx, key, whole, objects.PutOptions{IfAbsent: true, ContentType: "application/gzip"})
	if errors.Is(err, objects.ErrExists) {
		return holds(ctx, store, key, whole)
	}
	return err
}

// holds returns an error when the object at key is another than a file holds: two
// runs of a book that begin in the same second have one name.
func holds(ctx context.Context, store objects.Store, key string, whole *os.File) error {
	there, _, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	defer there.Close()
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return err
	}
	a, b := sha256.New(), sha256.New()
	if _, err := io.Copy(a, there); err != nil {
		return err
	}
	if _, err := io.Copy(b, whole); err != nil {
		return err
	}
	if !bytes.Equal(a.Sum(nil), b.Sum(nil)) {
		return fmt.Errorf("%s is in the archive already, from another run that began in the same second", key)
	}
	return nil
}

// runChunks are the keys of a run's chunks, in the order of their items.
func runChunks(ctx context.Context, store objects.Store, prefix string) ([]string, error) {
	var keys []string
	for info, err := range store.List(ctx, prefix+"/") {
		if err != nil {
			return nil, err
		}
		if _, ok := chunkFirst(info.Name); ok && path.Dir(info.Name) == path.Clean(prefix) {
			keys = append(keys, info.Name)
		}
	}
	sortChunks(keys)
	return keys, nil
}

func sortChunks(keys []string) {
	slices.SortFunc(keys, func(a, b string) int {
		x, _ := chunkFirst(a)
		y, _ := chunkFirst(b)
		return x - y
	})
}

// readChunk calls f with each item of a chunk.
func readChunk(ctx context.Context, store objects.Store, key string, f func(*Item) error) error {
	body, _, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	z, err := gzip.NewReader(body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	if err := readLines(z, f); err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	return nil
}

// readLines calls f with the item of each line.
func readLines(from io.Reader, f func(*Item) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), lineLimit)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var item Item
		if err := json.Unmarshal(lines.Bytes(), &item); err != nil {
			return err
		}
		if item.URL == "" {
			return errors.New("a line without a url")
		}
		if err := f(&item); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Run is one run of an archive.
type Run struct {
	Prefix string // the key of its folder
	Chunks []string
}

// Time is the name of the run's folder, which is when it began.
func (r Run) Time() string { return path.Base(r.Prefix) }

// Book is the name of the book's folder, "" when the archive is that of one run
// or one book alone.
func (r Run) Book() string {
	if dir := path.Dir(path.Clean(r.Prefix)); dir != "." {
		return path.Base(dir)
	}
	return ""
}

// Runs are the runs of an archive whose keys begin with prefix, oldest first. The
// prefix may be that of one run, and "" is that of all.
func Runs(ctx context.Context, store objects.Store, prefix string) ([]Run, error) {
	byPrefix := map[string]*Run{}
	for info, err := range store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if _, ok := chunkFirst(info.Name); ok {
			p := path.Dir(info.Name)
			if byPrefix[p] == nil {
				byPrefix[p] = &Run{Prefix: p}
			}
			byPrefix[p].Chunks = append(byPrefix[p].Chunks, info.Name)
		}
	}
	var runs []Run
	for _, run := range byPrefix {
		sortChunks(run.Chunks)
		runs = append(runs, *run)
	}
	slices.SortFunc(runs, func(a, b Run) int {
		if c := strings.Compare(a.Time(), b.Time()); c != 0 {
			return c
		}
		return strings.Compare(a.Prefix, b.Prefix)
	})
	return runs, nil
}

// Reread returns the items of a run as they were seen, without their bodies.
// What a body says of its fragments is looked up again.
func Reread(ctx context.Context, store objects.Store, run Run) ([]*Item, error) {
	var items []*Item
	at := map[string]int{}
	for _, key := range run.Chunks {
		err := readChunk(ctx, store, key, func(i *Item) error {
			i.putAside(key)
			if n, ok := at[i.URL]; ok {
				items[n] = i
				return nil
			}
			at[i.URL] = len(items)
			items = append(items, i)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// putAside takes the body out of an item: it lies in the chunk at key. What the body
// says of fragments is looked up first.
func (i *Item) putAside(key string) {
	if i.Body == "" && len(i.BodyBytes) == 0 {
		return
	}
	if i.Body != "" {
		i.lookAt((&Page{Cited: i.Cited}).fragments())
	}
	i.Body, i.BodyBytes, i.BodyIn = "", nil, key
}

// Copy is a page that an archive holds.
type Copy struct {
	Key string // of the chunk
	At  string // when it was asked
}

// FindCopies looks up the newest copy of each URL in the runs of a book, but for the
// run at prefix except.
func FindCopies(ctx context.Context, store objects.Store, book, except string, urls []string) (map[string]Copy, error) {
	runs, err := Runs(ctx, store, keyName(book)+"/")
	if err != nil {
		return nil, err
	}
	found := map[string]Copy{}
	for _, run := range slices.Backward(runs) {
		if run.Prefix == except {
			continue
		}
		for _, key := range run.Chunks {
			if len(found) == len(urls) {
				return found, nil
			}
			err := readChunk(ctx, store, key, func(i *Item) error {
				_, known := found[i.URL]
				if !known && slices.Contains(urls, i.URL) && i.class() == good && (i.Body != "" || len(i.BodyBytes) > 0) {
					found[i.URL] = Copy{Key: key, At: i.CrawledAt}
				}
				return nil
			})
			if err != nil {
				return found, err
			}
		}
	}
	return found, nil
}
