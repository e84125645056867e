package preview

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// book is a Book with what is known of it.
type book struct {
	Book
	texts *texts

	mu       sync.Mutex
	chapters []Chapter // as they are now
	edition  *edition
	typeset  bool // the edition is the maker's, and not to be replaced by a draft
	alone    bool // there is nothing but drafts
	version  int  // of the edition; it grows with each new one
	changed  []int

	wordsMu sync.Mutex
	words   [][]line // of wordsOf
	wordsOf *edition // nil until words were asked for
}

func (b *book) chapter(id string) (Chapter, bool) {
	chapters := b.now()
	i := slices.IndexFunc(chapters, func(c Chapter) bool { return c.ID == id })
	if i < 0 {
		return Chapter{}, false
	}
	return chapters[i], true
}

// now are the book's chapters as they are now.
func (b *book) now() []Chapter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chapters
}

func (s *Server) newBook(given Book) *book {
	b := &book{Book: given, chapters: given.Chapters, typeset: given.PDF != "", alone: given.Drafts}
	b.texts = newTexts(b, s.opts.Root, s.rooms)
	return b
}

// close lets go of what a book holds.
func (b *book) close() {
	b.texts.helper.close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.edition != nil {
		b.edition.close(func() {})
		b.edition = nil
	}
}

// publish shows a new PDF.
func (s *Server) publish(b *book, path string) {
	next, err := openEdition(s.ctx, path, rand.Text()+".pdf")
	if err != nil {
		s.opts.Note(fmt.Sprintf("showing the pages: %v", err))
		b.mu.Lock()
		b.typeset = b.edition != nil && b.edition.sheets == nil
		b.mu.Unlock()
		return
	}
	s.show(b, next)
}

// show puts an edition in the place of the one that is shown.
func (s *Server) show(b *book, next *edition) {
	b.mu.Lock()
	old, version := b.edition, b.version+1
	b.mu.Unlock()
	var changed []int
	if old != nil && (old.sheets == nil) == (next.sheets == nil) { // a draft and a PDF have nothing in common
		if changed = next.changed(old); len(changed) == 0 && len(old.pages) == len(next.pages) {
			next.close(func() {})
			return
		}
	}
	b.mu.Lock()
	b.edition, b.version, b.changed = next, version, changed
	b.typeset = next.sheets == nil
	b.mu.Unlock()
	if old != nil {
		old.close(func() { s.paint.forget(old) })
	}
}

// current is the edition that is shown, nil when there is none. Its file stays
// open until done is called.
func (b *book) current() (e *edition, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.edition == nil {
		return nil, func() {}
	}
	return b.edition, b.edition.use()
}

// blank reports whether no edition is shown.
func (b *book) blank() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.edition == nil
}

// print returns the edition that is shown, and the words of its pages.
func (s *Server) print(ctx context.Context, b *book) (*edition, [][]line, error) {
	e, done := b.current()
	defer done()
	if e == nil {
		return nil, nil, errNoPages
	}
	b.wordsMu.Lock()
	defer b.wordsMu.Unlock()
	if b.wordsOf == e {
		return e, b.words, nil
	}
	pages := e.lines()
	if e.sheets == nil {
		var err error
		if pages, err = s.paint.words(ctx, e); err != nil {
			return nil, nil, err
		}
	}
	b.words, b.wordsOf = pages, e
	return e, pages, nil
}

var errNoPages = errors.New("there is no PDF yet")
