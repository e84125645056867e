package preview

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// Chapter is a file of the manuscript.
type Chapter struct {
	ID   string `json:"id"`   // base name without .re
	File string `json:"file"` // slash path below the root
}

// Problem is something wrong with the book.
type Problem struct {
	Severity string `json:"severity"` // "error" or "warning"
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	Source   string `json:"source,omitempty"` // the manuscript's line
}

// texts shows the chapters of one book as HTML. The process behind it is
// started when a chapter is first looked at.
type texts struct {
	book   *book
	root   string
	helper *helper

	mu      sync.Mutex
	started bool            // somebody has looked at a chapter
	edited  map[string]bool // files, slash paths below the root, that differ from those the room was filled with
	loaded  *bookInfo
	shown   map[string]*shownChapter // by ID
	epoch   int                      // grows when the book is loaded anew
}

// bookInfo is what Re:VIEW knows of a book.
type bookInfo struct {
	Styles   []string `json:"styles"` // slash paths below the config's folder
	Language string   `json:"language"`
	Title    string   `json:"title"`
	Chapters []struct {
		ID     string `json:"id"`
		Title  string `json:"title"`
		Number string `json:"number"`
	} `json:"chapters"`
	Problems []Problem `json:"problems"`
	Error    string    `json:"error"`
}

// shownChapter is a chapter as HTML.
type shownChapter struct {
	HTML     string    `json:"html"`
	Title    string    `json:"title"`
	Problems []Problem `json:"problems"`
	Error    string    `json:"error,omitempty"`
	Version  int       `json:"version"`
	text     string    // the manuscript that it was made from
	epoch    int       // that of texts when it was made
}

const (
	textLimit    = 30 * time.Second
	chapterLimit = 8 << 20
)

func newTexts(b *book, root string, rooms *rooms) *texts {
	t := &texts{book: b, root: root, edited: map[string]bool{}, shown: map[string]*shownChapter{}}
	t.helper = &helper{rooms: rooms, limit: textLimit, start: t.begin, make: func(own string) Program {
		return Program{
			Argv: []string{"ruby", own + "/lib/bookci_text.rb", b.Config},
			// What is preloaded into the makers has no business here.
			Env: []string{"BOOKCI_TEXT_DIR=" + b.Dir, "RUBYOPT="},
		}
	}}
	return t
}

// refilled is told that a new room holds the sources as they are now.
func (t *texts) refilled() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.edited)
}

// renewed is told that the next room may show the chapters otherwise, and
// reports whether anybody has looked at one.
func (t *texts) renewed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loaded = nil
	t.epoch++
	return t.started
}

// begin tells a new process what was edited since the room was filled, and
// lets it read the book.
func (t *texts) begin(c *conversation) error {
	t.mu.Lock()
	var files []string
	for f := range t.edited {
		files = append(files, f)
	}
	t.mu.Unlock()
	for _, f := range files {
		if err := t.exchange(c, t.writeRequest(f), nil); err != nil {
			return err
		}
	}
	var info bookInfo
	if err := t.exchange(c, map[string]any{"op": "load"}, &info); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loaded = &info
	t.epoch++
	return nil
}

// exchange asks within a conversation that begins; ask asks the running process.
func (t *texts) exchange(c *conversation, request map[string]any, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return t.helper.exchange(c, append(line, '\n'), decodeInto(answer))
}

func (t *texts) ask(request map[string]any, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return t.helper.ask(append(line, '\n'), decodeInto(answer))
}

const answerLimit = 64 << 20

// decodeInto reads a line of JSON into answer, nil for an answer that nobody needs.
func decodeInto(answer any) func(*bufio.Reader) error {
	return func(r *bufio.Reader) error {
		var text []byte
		for {
			part, err := r.ReadSlice('\n')
			text = append(text, part...)
			if err == nil {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return err
			}
			if len(text) > answerLimit {
				return errors.New("an answer without an end")
			}
		}
		if answer == nil {
			return nil
		}
		return json.Unmarshal(text, answer)
	}
}

// writeRequest is what asks a process to bring a file of its work tree up to date.
func (t *texts) writeRequest(name string) map[string]any {
	request := map[string]any{"op": "write", "path": name}
	if data, err := readBelow(t.root, name, 64<<20); err == nil {
		request["data"] = data // as base64
	}
	return request
}

// readBelow reads the file at a slash path below root.
func readBelow(root, name string, limit int64) ([]byte, error) {
	return fsx.ReadBelow(root, filepath.Join(root, filepath.FromSlash(name)), limit)
}

// info is what Re:VIEW knows of the book.
func (t *texts) info() (*bookInfo, error) {
	t.mu.Lock()
	t.started = true
	loaded := t.loaded
	t.mu.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	return t.reload()
}

// reload has the process load the book anew.
func (t *texts) reload() (*bookInfo, error) {
	t.mu.Lock()
	epoch := t.epoch
	t.mu.Unlock()
	var info bookInfo
	if err := t.ask(map[string]any{"op": "load"}, &info); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch == epoch { // a new process has loaded it already
		t.epoch++
	}
	t.loaded = &info
	return &info, nil
}

// show returns a chapter as its file is now.
func (t *texts) show(id string) (*shownChapter, error) {
	ch, ok := t.book.chapter(id)
	if !ok {
		return nil, fs.ErrNotExist
	}
	if _, err := t.info(); err != nil {
		return nil, err
	}
	data, err := readBelow(t.root, ch.File, chapterLimit)
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(strings.ToValidUTF8(string(data), "\uFFFD"), "\uFEFF")
	t.mu.Lock()
	old, epoch := t.shown[id], t.epoch
	t.mu.Unlock()
	if old != nil && old.text == text && old.epoch == epoch {
		return old, nil
	}
	var got shownChapter
	if err := t.ask(map[string]any{"op": "show", "chapter": id, "text": text}, &got); err != nil {
		return nil, err
	}
	got.text, got.epoch, got.Version = text, epoch, 1
	for i, p := range got.Problems {
		if p.File == "" || strings.TrimSuffix(path.Base(p.File), ".re") == id {
			got.Problems[i].File = ch.File
			got.Problems[i].Source = sourceLine(text, p.Line)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.shown[id]; old != nil {
		got.Version = old.Version + 1
	}
	t.shown[id] = &got
	return &got, nil
}

// saved is told that files below the root were saved. It returns the IDs of the
// chapters that read otherwise now, or "*" for all.
func (t *texts) saved(names []string) (chapters []string, styles bool) {
	t.mu.Lock()
	for _, n := range names {
		t.edited[n] = true
	}
	started := t.started
	t.mu.Unlock()
	if !started {
		return nil, false
	}
	now := t.book.now()
	var later []string
	for _, n := range names {
		if i := slices.IndexFunc(now, func(c Chapter) bool { return c.File == n }); i >= 0 {
			if _, err := t.show(now[i].ID); err == nil {
				chapters = append(chapters, now[i].ID)
				continue
			}
		}
		later = append(later, n)
	}
	styles, reloaded := t.update(later)
	if reloaded {
		chapters = []string{"*"}
	}
	return chapters, styles
}

// latest is the chapter as it was last shown, if it is one alone.
func (t *texts) latest(ids []string) *shownChapter {
	if len(ids) != 1 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown[ids[0]]
}

// update brings files of the work tree up to date that are no chapters of their own.
// It tells whether a stylesheet is among them, and whether the book was loaded anew.
func (t *texts) update(names []string) (styles, reloaded bool) {
	reload := false
	for _, n := range names {
		if err := t.ask(t.writeRequest(n), &struct{}{}); err != nil {
			continue // the next process reads it
		}
		if strings.EqualFold(path.Ext(n), ".css") {
			styles = true
			continue
		}
		reload = true
	}
	if reload {
		_, err := t.reload()
		reloaded = err == nil
	}
	return styles, reloaded
}

// settle writes saved chapters into the work tree, where the next load and
// references from other chapters read them.
func (t *texts) settle(names []string) {
	t.mu.Lock()
	started := t.started
	t.mu.Unlock()
	for _, n := range names {
		if started && slices.ContainsFunc(t.book.now(), func(c Chapter) bool { return c.File == n }) {
			_ = t.ask(t.writeRequest(n), &struct{}{}) // a new process is told again
		}
	}
}
