package preview

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/pdf"
)

// edition is one PDF of a book, or a draft of it.
type edition struct {
	name    string   // of its file in the room, unlike that of any other edition; "" for a draft
	file    *os.File // nil for a draft
	size    int64
	pages   []page
	outline []Entry
	sheets  []Sheet // of a draft, one for each page; nil for a PDF

	rightToLeft bool // bound at the right, as a book set vertically

	foundMu sync.Mutex
	found   []Entry // the headings that stand in for an outline, nil until asked for

	mu     sync.Mutex
	users  int    // requests that may still read the file
	retire func() // closes the file once nobody uses it; nil while the edition is shown
}

// use keeps the file open until done is called.
func (e *edition) use() (done func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users++
	return sync.OnceFunc(func() {
		e.mu.Lock()
		e.users--
		last := e.users == 0 && e.retire != nil
		e.mu.Unlock()
		if last {
			e.retire()
		}
	})
}

// close closes the file when nobody uses it any more, and then calls then. The
// caller sees to it that nobody begins to use it.
func (e *edition) close(then func()) {
	e.mu.Lock()
	e.retire = func() {
		if e.file != nil {
			e.file.Close() // read only: nothing can be lost
		}
		then()
	}
	idle := e.users == 0
	e.mu.Unlock()
	if idle {
		e.retire()
	}
}

// page is one page of an edition.
type page struct {
	Hash   string  `json:"hash"` // pages of the same hash look the same
	Width  float64 `json:"w"`    // points
	Height float64 `json:"h"`
	Trim   *part   `json:"trim,omitempty"` // what is left when the page has been cut, nil for all
}

// part is a part of a page, from its upper left corner, in parts of its width
// and height.
type part struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// openEdition reads the PDF at path. Whatever cannot be read in it is left
// out: a page that cannot be understood counts as changed each time. A PDF that
// asks for more work than any book is not shown.
func openEdition(ctx context.Context, path, name string) (_ *edition, err error) {
	f, err := fsx.OpenBelow(filepath.Dir(path), path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	defer pdf.Recovered(&err)
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	e := &edition{name: name, file: f, size: st.Size()}
	r, err := pdf.Open(ctx, f, e.size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	d := &document{pdf: r, drawn: map[int64]string{}, numbers: map[pdf.Ref]int{}}
	e.pages = d.pages()
	if len(e.pages) == 0 {
		return nil, fmt.Errorf("reading %s: no pages found", path)
	}
	for i := range e.pages {
		if e.pages[i].Hash == "" {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i))
			e.pages[i].Hash = hex.EncodeToString(sum[:8])
		}
	}
	e.rightToLeft = r.Root().Key("ViewerPreferences").Key("Direction").Name() == "R2L"
	d.outline(r.Root().Key("Outlines").Key("First"), 1, &e.outline)
	if err := r.Ended(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return e, nil
}

// number is that of the page with a hash, counted from 1, or 0 where there is none.
// Pages may look the same; near is tried first.
func (e *edition) number(hash string, near int) int {
	if near >= 1 && near <= len(e.pages) && e.pages[near-1].Hash == hash {
		return near
	}
	for i, p := range e.pages {
		if p.Hash == hash {
			return i + 1
		}
	}
	return 0
}

// changed are the numbers of the pages that old does not have, none where old is nil.
func (e *edition) changed(old *edition) []int {
	if old == nil {
		return nil
	}
	had := map[string]bool{}
	for _, p := range old.pages {
		had[p.Hash] = true
	}
	var list []int
	for i, p := range e.pages {
		if !had[p.Hash] {
			list = append(list, i+1)
		}
	}
	return list
}
