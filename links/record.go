package links

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/objects"
)

// A run that is killed at any moment can go on later. What it has seen lies in
// a journal, a line of JSON for each page, that is turned into a chunk of the
// archive when it has a hundred; only then is the journal removed. After a kill
// in between, the chunk is there and the journal as well: the chunk counts. A
// last line without its end is what was being written; its page is asked again.

const (
	runFile     = "run.json"
	journalGlob = "items.*.jl"
)

// RecordOptions say what a run keeps, and where.
type RecordOptions struct {
	Dir    string // bookci's own folder for the unfinished run
	Memory *Memory
	Book   string        // the book's name
	Store  objects.Store // the archive, nil for none
	Dest   string        // the archive as the user names it; tells archives apart
	Bodies bool          // keep bodies in the archive
	Begun  time.Time
	Resume bool // go on with an unfinished run, where there is one
}

// Record is what a run keeps. Its methods may be called from several goroutines.
type Record struct {
	opts   RecordOptions
	prefix string          // of the run in the archive
	ctx    context.Context // outlives the run's own: an interrupted run closes its chunk

	mu      sync.Mutex
	before  map[string]*Item // what the unfinished run had seen
	n       int              // items so far
	first   int              // the number of the open chunk's first item
	journal *os.File         // of the open chunk, nil before its first item
	failed  error            // why nothing more is written: the journal's last line may be half of one, or a full journal is no chunk yet; --resume mends both
}

// unfinished is what a run says of itself, for one that goes on with it.
type unfinished struct {
	Book   string `json:"book"`
	Time   string `json:"time"`
	Dest   string `json:"archive,omitempty"`
	Bodies bool   `json:"bodies,omitempty"`
}

// OtherArchiveError is an unfinished run whose archive is another one.
type OtherArchiveError struct{ Dest string }

func (e *OtherArchiveError) Error() string {
	if e.Dest == "" {
		return "the unfinished run has no archive"
	}
	return fmt.Sprintf("the unfinished run has another archive, %s", e.Dest)
}

// Unfinished tells whether a run in dir was not finished, and when it began.
func Unfinished(dir string) (begun string, ok bool) {
	u, err := readUnfinished(dir)
	return u.Time, err == nil
}

func readUnfinished(dir string) (u unfinished, err error) {
	text, err := fsx.ReadBelow(dir, filepath.Join(dir, runFile), 1<<20)
	if err == nil {
		err = json.Unmarshal(text, &u)
	}
	if err == nil {
		_, err = time.Parse(runTime, u.Time) // it becomes a part of keys, which must not lead elsewhere
	}
	return u, err
}

// putTime bounds the writing of one chunk.
const putTime = 5 * time.Minute

// runTime is the form of a run's time in keys: no colon, as Windows has none in names.
const runTime = "20060102T150405Z"

// OpenRecord begins a run, or goes on with the unfinished one.
func OpenRecord(ctx context.Context, o RecordOptions) (*Record, error) {
	r := &Record{opts: o, ctx: context.WithoutCancel(ctx), before: map[string]*Item{}}
	u, err := readUnfinished(o.Dir)
	if o.Resume && err == nil && u.Book == o.Book {
		if u.Dest != o.Dest || u.Bodies != o.Bodies && o.Store != nil {
			return nil, &OtherArchiveError{u.Dest}
		}
		r.prefix = keyName(o.Book) + "/" + u.Time
		return r, r.goOn()
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	u = unfinished{Book: o.Book, Time: o.Begun.UTC().Format(runTime), Dest: o.Dest, Bodies: o.Bodies}
	r.prefix = keyName(o.Book) + "/" + u.Time
	text, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	return r, fsx.WriteFile(filepath.Join(o.Dir, runFile), text, 0o644)
}

// Prefix is the key of the run's folder in the archive.
func (r *Record) Prefix() string { return r.prefix }

// goOn reads what an unfinished run has seen.
func (r *Record) goOn() error {
	if err := r.readChunks(); err != nil {
		return err
	}
	journals, err := r.journals()
	if err != nil {
		return err
	}
	for _, name := range journals {
		if err := r.readJournal(name); err != nil {
			return fmt.Errorf("going on with the unfinished run: %w", err)
		}
	}
	return nil
}

// journals are the paths of the run's journals, in the order of their items.
func (r *Record) journals() ([]string, error) {
	entries, err := os.ReadDir(r.opts.Dir)
	var names []string
	for _, e := range entries {
		if ok, _ := path.Match(journalGlob, e.Name()); ok {
			names = append(names, filepath.Join(r.opts.Dir, e.Name()))
		}
	}
	return names, err
}

// readChunks takes in what has reached the archive.
func (r *Record) readChunks() error {
	if r.opts.Store == nil {
		return nil
	}
	chunks, err := runChunks(r.ctx, r.opts.Store, r.prefix)
	if err != nil {
		return fmt.Errorf("listing the unfinished run: %w", err)
	}
	items, err := Reread(r.ctx, r.opts.Store, Run{Prefix: r.prefix, Chunks: chunks})
	if err != nil {
		return err
	}
	for _, i := range items {
		r.before[i.URL] = i
		r.n++
	}
	r.first = r.n
	return nil
}

// readJournal goes on with the journal of the chunk that was open. That of a
// chunk which is in the archive is only removed.
func (r *Record) readJournal(name string) error {
	var first int
	if _, err := fmt.Sscanf(filepath.Base(name), "items.%d.jl", &first); err != nil {
		return nil // not ours
	}
	if first != r.n {
		if first < r.n {
			return os.Remove(name)
		}
		return fmt.Errorf("%s begins with item %d, but the archive has %d", filepath.Base(name), first, r.n)
	}
	f, err := fsx.EditBelow(r.opts.Dir, name)
	if err != nil {
		return err
	}
	whole, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err == nil {
		err = readLines(f, func(i *Item) error {
			i.putAside(chunkKey(r.prefix, first))
			r.before[i.URL] = i
			r.n++
			return nil
		})
	}
	if err != nil {
		f.Close()
		return err
	}
	r.journal, r.first = f, first
	if r.opts.Store != nil && r.n-r.first >= chunkItems {
		return r.closeChunk() // killed when it was full
	}
	return nil
}

// wholeLines is the length of a file up to its last line break.
func wholeLines(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for end := st.Size(); end > 0; {
		from := max(0, end-int64(len(buf)))
		part := buf[:end-from]
		if _, err := f.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// resumed is what the unfinished run saw of a page, nil when it had not come to it.
func (r *Record) resumed(p *Page) *Item {
	i := r.before[p.URL]
	if i == nil {
		return nil
	}
	item := *i
	item.Cited = p.Cited
	r.opts.Memory.learn(&item, r.opts.Dest)
	return &item
}

// remembered is what is known of a page that was fine, nil when that is of no
// use now: a fragment was not looked for, or this archive has no body of it.
func (r *Record) remembered(p *Page) *Item {
	known, dest := r.opts.Memory.fine(p.URL)
	if known == nil {
		return nil
	}
	if r.opts.Store != nil && r.opts.Bodies && (known.BodyIn == "" || dest != r.opts.Dest) {
		return nil
	}
	for _, f := range p.fragments() {
		if _, found := slices.BinarySearch(known.Found, f); !found && !scripted(f) && isHTML(known.ContentType, "") {
			return nil
		}
	}
	item := *known
	if r.opts.Store == nil || !r.opts.Bodies || dest != r.opts.Dest {
		item.BodyIn = "" // the chunk is another archive's
	}
	return &item
}

// add writes an item down, and leaves it without its body.
func (r *Record) add(i *Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return r.failed
	}
	if i.Remembered && r.opts.Store == nil {
		return nil // the memory still has it when the run goes on
	}
	if i.SHA256 != "" && i.BodyIn == "" && i.BodyBytes != nil {
		if text, name, ok := decodeText(i.ContentType, i.BodyBytes, i.Truncated); ok {
			i.Body, i.Charset, i.BodyBytes = text, name, nil
		}
		i.lookAt((&Page{Cited: i.Cited}).fragments())
	}
	hasBody := i.Body != "" || len(i.BodyBytes) > 0
	if r.opts.Store == nil || !r.opts.Bodies {
		i.Body, i.BodyBytes, hasBody = "", nil, false
	}
	if r.journal == nil {
		if err := r.openJournal(); err != nil {
			return err
		}
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(i); err != nil {
		return fmt.Errorf("writing down %s: %w", i.URL, err)
	}
	if _, err := r.journal.Write(line.Bytes()); err != nil {
		r.failed = fmt.Errorf("writing down %s: %w", i.URL, err)
		return r.failed
	}
	i.Body, i.BodyBytes = "", nil
	if hasBody {
		i.BodyIn = chunkKey(r.prefix, r.first)
	}
	r.opts.Memory.learn(i, r.opts.Dest)
	r.n++
	if r.opts.Store != nil && r.n-r.first == chunkItems {
		r.failed = r.closeChunk()
	}
	return r.failed
}

func (r *Record) openJournal() error {
	name := filepath.Join(r.opts.Dir, fmt.Sprintf("items.%07d.jl", r.n))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	r.journal, r.first = f, r.n
	return nil
}

// closeChunk makes the journal a chunk of the archive.
func (r *Record) closeChunk() error {
	name := r.journal.Name()
	err := r.journal.Close()
	r.journal = nil
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.ctx, putTime)
	defer cancel()
	if err := putChunk(ctx, r.opts.Store, chunkKey(r.prefix, r.first), name); err != nil {
		return err
	}
	r.first = r.n
	return os.Remove(name)
}

// Close writes the open chunk. When the run came to its end, it removes what
// --resume would need.
func (r *Record) Close(finished bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil {
		// A journal whose first line was being written has no item: an empty chunk
		// would stand in the way of the one that it becomes.
		if r.opts.Store != nil && r.failed == nil && r.n > r.first {
			if err := r.closeChunk(); err != nil {
				return err
			}
		} else {
			err := r.journal.Close()
			r.journal = nil
			if err != nil {
				return err
			}
		}
	}
	if finished && r.failed == nil {
		return os.RemoveAll(r.opts.Dir)
	}
	return nil
}

// Discard forgets a run that has learnt nothing.
func (r *Record) Discard() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil {
		_ = r.journal.Close() // what is in it goes
		r.journal = nil
	}
	return os.RemoveAll(r.opts.Dir)
}
