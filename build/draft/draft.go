package draft

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/bookci/bookci/build/draft/layout"
	"github.com/bookci/bookci/build/draft/pdf"
	"github.com/bookci/bookci/build/draft/picture"
	"github.com/bookci/bookci/build/review"
)

// Options are what a draft is made of beside the manuscript.
type Options struct {
	Files   fs.FS        // the root; images are read from it
	Dir     string       // slash path of the config's folder below the root
	Keep    picture.Keep // what was worked out for images, nil to keep nothing
	Created time.Time    // of the manuscript, for the PDF's date and that of a book without one; may be zero
}

// Draft sets a book again and again. What has not changed since the last time
// is kept. The zero Draft is ready; its methods are for one goroutine at a time.
type Draft struct {
	typesetter layout.Typesetter
	images     images
}

// Pages is a book that has been set.
type Pages struct {
	layout.Result
	book    *review.Book
	options Options
	images  *images
}

// Set sets a book. The error is the end of ctx, or that the typefaces cannot be read.
func (d *Draft) Set(ctx context.Context, book *review.Book, options Options) (*Pages, error) {
	d.images.begin(options.Files, options.Keep)
	in := layout.Input{Book: book, Dir: options.Dir, Pictures: &d.images, Readings: readings(options.Files, options.Dir, book.Settings)}
	if !options.Created.IsZero() {
		in.Date = options.Created.UTC().Format(time.DateOnly)
	}
	result, err := d.typesetter.Set(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("setting the draft: %w", err)
	}
	return &Pages{Result: *result, book: book, options: options, images: &d.images}, nil
}

// Trouble is an image that could not be shown.
type Trouble struct {
	File string // slash path below the root
	Err  error
}

// WritePDF writes the pages. Images that cannot be shown are gray areas, and
// are returned.
func (p *Pages) WritePDF(ctx context.Context, w io.Writer) ([]Trouble, error) {
	set := p.book.Settings
	var found []Trouble
	doc := &pdf.Document{
		Title: set.Text("booktitle", ""), Author: strings.Join(set.List("aut"), ", "), Subject: set.Text("subtitle", ""),
		Language: set.Text("language", "ja"), Creator: "bookci (draft)", Created: p.options.Created,
		Sheets: p.Sheets, Anchors: make(map[string]pdf.Anchor, len(p.Anchors)),
		Picture: p.images.object,
		Failed:  func(file string, err error) { found = append(found, Trouble{file, err}) },
	}
	for name, a := range p.Anchors {
		doc.Anchors[name] = pdf.Anchor(a)
	}
	for _, b := range p.Outline {
		doc.Outline = append(doc.Outline, pdf.Bookmark{Title: b.Title, Level: b.Level, To: pdf.Anchor(b.To)})
	}
	err := pdf.Write(ctx, w, doc)
	return found, err
}

// Stamp is a text that is another one after each change of an image's file, a slash
// path below the root; "" when there is no such file. It is asked before the book is
// set again.
func (p *Pages) Stamp(file string) string { return p.images.stamp(file) }
