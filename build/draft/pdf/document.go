package pdf

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/picture"
	"github.com/bookci/bookci/build/draft/sheet"
)

// Document is what Write writes.
type Document struct {
	Title    string
	Author   string
	Subject  string
	Language string // as in HTML's lang, "ja"
	Creator  string
	Created  time.Time // of the manuscript; the zero Time leaves the date out
	Sheets   []*sheet.Sheet
	Outline  []Bookmark
	Anchors  map[string]Anchor // what links lead to

	// Picture brings an image of the sheets. It is called from several
	// goroutines, once for each file. An image that fails is a gray area, and
	// Failed is told why, on the goroutine of Write.
	Picture func(file string) (*picture.Object, error)
	Failed  func(file string, err error)
}

// Anchor is a place in the document.
type Anchor struct {
	Sheet int // index into Sheets
	Y     float32
}

// Bookmark is an entry of the outline.
type Bookmark struct {
	Title string
	Level int // 1 for the outermost; at most one more than the entry before
	To    Anchor
}

// Write writes a document. The error is of w, or the end of ctx.
func Write(ctx context.Context, w io.Writer, doc *Document) error {
	p := &writer{w: w, doc: doc, jobs: runtime.GOMAXPROCS(0), fontOf: map[*fonts.Face]*usedFont{}, imageOf: map[string]int{}}
	for _, step := range []func(context.Context) error{p.begin, p.pages, p.pictures, p.fonts, p.outline, p.finish} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin numbers what all pages refer to.
func (p *writer) begin(context.Context) error {
	p.catalog, p.root, p.info, p.resources = p.number(), p.number(), p.number(), p.number()
	p.firstPage = p.last + 1
	p.last += 2 * len(p.doc.Sheets) // a page and its content, by turns
	p.used = usedFonts(p.doc.Sheets)
	for _, f := range p.used {
		f.object = p.number()
		p.fontOf[f.face] = f
	}
	p.numberPictures()
	p.print("%%PDF-1.7\n%%\xE2\xE3\xCF\xD3\n")
	return p.err
}

// page returns the number of a page's object.
func (p *writer) page(sheet int) int { return p.firstPage + 2*sheet }

// finish writes what holds the document together.
func (p *writer) finish(context.Context) error {
	kids := make([]byte, 0, 8*len(p.doc.Sheets))
	for i := range p.doc.Sheets {
		kids = fmt.Appendf(kids, " %d 0 R", p.page(i))
	}
	p.object(p.root, "<< /Type /Pages /Count %d /Kids [%s ] >>", len(p.doc.Sheets), kids)

	p.begun(p.resources)
	p.print("<< /Font <<")
	for i, f := range p.used {
		p.print(" /F%d %d 0 R", i, f.object)
	}
	p.print(" >> /XObject <<")
	for i := range p.images {
		p.print(" /I%d %d 0 R", i, p.firstImage+i)
	}
	p.print(" >> >>\nendobj\n")

	p.begun(p.info)
	p.print("<<")
	for _, entry := range []struct{ key, text string }{
		{"Title", p.doc.Title}, {"Author", p.doc.Author}, {"Subject", p.doc.Subject}, {"Creator", p.doc.Creator}, {"Producer", "bookci"},
	} {
		if entry.text != "" {
			p.print(" /%s %s", entry.key, text(entry.text))
		}
	}
	if !p.doc.Created.IsZero() {
		date := p.doc.Created.UTC().Format("20060102150405")
		p.print(" /CreationDate (D:%sZ) /ModDate (D:%sZ)", date, date)
	}
	p.print(" >>\nendobj\n")

	p.begun(p.catalog)
	p.print("<< /Type /Catalog /Pages %d 0 R /ViewerPreferences << /DisplayDocTitle true >>", p.root)
	if p.outlines != 0 {
		p.print(" /Outlines %d 0 R /PageMode /UseOutlines", p.outlines)
	}
	if p.doc.Language != "" {
		p.print(" /Lang %s", text(p.doc.Language))
	}
	p.labels()
	p.print(" >>\nendobj\n")
	p.trailer()
	return p.err
}

// labels writes the page labels: a range for each run of numbers that count on.
func (p *writer) labels() {
	if len(p.doc.Sheets) == 0 {
		return
	}
	p.print(" /PageLabels << /Nums [")
	var before label
	for i, s := range p.doc.Sheets {
		l := readLabel(s.Label)
		if i == 0 || !l.follows(before) {
			p.print(" %d %s", i, l.dict())
		}
		before = l
	}
	p.print(" ] >>")
}
