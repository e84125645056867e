package links

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/bookci/bookci/internal/fsx"
)

// Memory is what was fine when it was last asked, so that it need not be asked
// at each run. Failures are not kept: they are asked again each time. All of it
// may be lost or damaged; that costs requests and nothing else.
type Memory struct {
	mu    sync.Mutex
	pages map[string]*memo
	saved bool // the file says the same
	name  string
}

// memo is what is remembered of a page.
type memo struct {
	*Item
	Archive string `json:"archive,omitempty"` // the one that BodyIn lies in
	Gone    bool   `json:"gone,omitempty"`    // it was fine then and is no more; its date is worth telling
}

const (
	memoryVersion = 1
	memoryLimit   = 64 << 20 // bytes of the file
)

type memoryFile struct {
	Version int              `json:"version"`
	Pages   map[string]*memo `json:"pages"`
}

// OpenMemory reads what is remembered in the file name. The Memory is good also with
// an error, which says why it is empty.
func OpenMemory(name string) (*Memory, error) {
	m := &Memory{pages: map[string]*memo{}, name: name}
	text, err := fsx.ReadBelow(filepath.Dir(name), name, memoryLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	var file memoryFile
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err == nil && file.Version != memoryVersion {
		err = fmt.Errorf("version %d is not known", file.Version)
	}
	if err != nil {
		return m, fmt.Errorf("reading %s: %w", name, err)
	}
	for url, one := range file.Pages {
		if one != nil && one.Item != nil {
			one.URL = url
			m.pages[url] = one
		}
	}
	m.saved = true
	return m, nil
}

// fine returns what is remembered of a page that was fine, and the archive that
// has its body.
func (m *Memory) fine(url string) (*Item, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := m.pages[url]
	if one == nil || one.Gone || one.class() != good {
		return nil, ""
	}
	return one.Item, one.Archive
}

// WasFine is when a page that is not fine now was fine last, and the archive and
// chunk that hold its body; "" for what is not known.
func (m *Memory) WasFine(url string) (at, archive, bodyIn string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if one := m.pages[url]; one != nil {
		return one.CrawledAt, one.Archive, one.BodyIn
	}
	return "", "", ""
}

// learn remembers a page that is fine, and marks another one as gone.
func (m *Memory) learn(i *Item, archive string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i.Remembered {
		return // from here
	}
	m.saved = false
	for _, v := range Judge(i) {
		if v.Kind == Fine {
			continue
		}
		if one := m.pages[i.URL]; one != nil {
			one.Gone = true
		}
		return
	}
	kept := *i
	kept.Cited, kept.Remembered, kept.First = nil, false, nil
	if kept.BodyIn == "" {
		archive = ""
		if old := m.pages[i.URL]; old != nil && old.BodyIn != "" && old.SHA256 == i.SHA256 {
			kept.BodyIn, archive = old.BodyIn, old.Archive
		}
	}
	m.pages[i.URL] = &memo{Item: &kept, Archive: archive}
}

// Save writes down what is remembered of the pages that the book still cites.
func (m *Memory) Save(pages []*Page) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	file := memoryFile{Version: memoryVersion, Pages: map[string]*memo{}}
	for _, p := range pages {
		if one := m.pages[p.URL]; one != nil {
			file.Pages[p.URL] = one
		}
	}
	if m.saved && len(file.Pages) == len(m.pages) {
		return nil
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	if err := fsx.WriteFile(m.name, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", m.name, err)
	}
	return nil
}
