package preview

import (
	"fmt"
	"net/http"
	"slices"
)

// A draft comes without a PDF and without a room to draw it in: the browser
// draws its pages itself, from what stands on them (web/sheet.js). The typefaces
// are sent once.

// Sheets are the pages of a draft. They do not change.
type Sheets struct {
	Pages       []Sheet
	Outline     []Entry
	RightToLeft bool // bound at the right
}

// Sheet is one page of a draft. Its methods may be called at any time, from
// several goroutines.
type Sheet interface {
	Hash() string                  // sheets of the same hash look the same
	Size() (width, height float64) // in points
	Draw() Drawing
	Lines() []Line // in the order in which they are read
}

// Entry is a line of the table of contents.
type Entry struct {
	Title string `json:"title"`
	Page  int    `json:"page"` // counted from 1
	Level int    `json:"level"`
}

// Line is a line of print, in parts of the page's width and height.
type Line struct {
	Text                   string
	Left, Top, Right, Foot float64
}

// Drawing is what stands on a sheet, in points from its upper left corner, in
// the order in which it is drawn.
type Drawing struct {
	Width     float32   `json:"w"`
	Height    float32   `json:"h"`
	Typefaces []string  `json:"typefaces"` // names that Options.Typeface knows
	Fills     []Fill    `json:"fills"`
	Pictures  []Picture `json:"pictures"`
	Inks      []Ink     `json:"inks"`
}

// Fill is a rectangle of one colour.
type Fill struct {
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Width  float32 `json:"w"`
	Height float32 `json:"h"`
	Color  string  `json:"c"` // as CSS writes it
}

// Picture is an image, stretched to its rectangle.
type Picture struct {
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
	Width  float32 `json:"w"`
	Height float32 `json:"h"`
	File   string  `json:"file"`  // slash path below the root
	Stamp  string  `json:"stamp"` // another one for every content of the file
}

// Ink is letters on a line. Each stands Track behind the end of the one before.
type Ink struct {
	Typeface int     `json:"f"` // index into Drawing.Typefaces
	Size     float32 `json:"s"`
	X        float32 `json:"x"`
	Y        float32 `json:"y"` // of the baseline
	Color    string  `json:"c,omitempty"`
	Slant    bool    `json:"i,omitempty"`
	Track    float32 `json:"t,omitempty"`
	Text     string  `json:"g"`
}

// newDrawn is an edition whose pages the browser draws.
func newDrawn(sheets *Sheets) *edition {
	e := &edition{sheets: sheets.Pages, outline: sheets.Outline, rightToLeft: sheets.RightToLeft}
	for _, s := range sheets.Pages {
		w, h := s.Size()
		e.pages = append(e.pages, page{Hash: s.Hash(), Width: w, Height: h})
	}
	return e
}

// Drafts reports whether a book is shown as drafts: as long as it has no pages
// from its maker.
func (s *Server) Drafts(name string) bool {
	return slices.ContainsFunc(s.shelf(), func(b *book) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.Name == name && !b.typeset
	})
}

// Draft shows a book as a draft. It does nothing once the maker's own pages are there.
func (s *Server) Draft(name string, sheets *Sheets) {
	s.do(func() {
		for _, b := range s.shelf() {
			if b.Name != name || len(sheets.Pages) == 0 {
				continue
			}
			b.mu.Lock()
			typeset := b.typeset
			b.mu.Unlock()
			if typeset {
				continue
			}
			s.show(b, newDrawn(sheets))
			s.hub.send("state", s.state())
		}
	})
}

// lines are the words of a drawn edition's pages.
func (e *edition) lines() [][]line {
	pages := make([][]line, len(e.sheets))
	for i, s := range e.sheets {
		for _, l := range s.Lines() {
			if text := plain(l.Text); len(text) > 0 {
				pages[i] = append(pages[i], line{text: text, left: l.Left, top: l.Top, right: l.Right, foot: l.Foot})
			}
		}
	}
	return pages
}

// drawing answers with what stands on a page of a draft.
func (s *Server) drawing(w http.ResponseWriter, r *http.Request) {
	e, n, done := s.pageOf(w, r, true)
	defer done()
	if e != nil {
		answer(w, e.sheets[n-1].Draw())
	}
}

// typeface answers with a font file.
func (s *Server) typeface(w http.ResponseWriter, r *http.Request) {
	var data []byte
	if s.opts.Typeface != nil {
		data = s.opts.Typeface(r.PathValue("name"))
	}
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "font/ttf")
	w.Header().Set("Cache-Control", fmt.Sprintf("private, max-age=%d", 24*60*60))
	_, _ = w.Write(data) // the browser may be gone
}
