package preview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/bookci/bookci/internal/pdf"
)

// This file finds out what a PDF's pages look like, without drawing them, and its
// table of contents.

// document reads one PDF.
type document struct {
	pdf     *pdf.Document
	drawn   map[int64]string     // what a stream draws, by its place in the file
	numbers map[pdf.Ref]int      // of pages
	dests   map[string]pdf.Value // named destinations, nil until one is asked for
	steps   int                  // taken so far
}

// mostSteps ends the reading of a PDF whose parts refer to each other in circles.
const mostSteps = 200000

// step tells whether to go on.
func (d *document) step() bool {
	d.steps++
	return d.steps <= mostSteps && d.pdf.Ended() == nil
}

const (
	mostPages  = 10000
	mostLevels = 64
	mostDrawn  = 64 << 20 // bytes of a content stream
)

var (
	errNoEnd  = errors.New("the PDF has no end")
	errEnough = errors.New("the PDF has more pages than are shown")
)

// pages are all of the PDF's. One that cannot be read has no hash.
func (d *document) pages() []page {
	var pages []page
	// An error ends the walk; the pages before it are kept.
	_ = d.pdf.EachPage(func(v pdf.Page) error {
		faults := d.pdf.Faults()
		p, err := d.page(v)
		if err != nil || d.pdf.Faults() > faults || p.Width <= 0 || p.Height <= 0 {
			p = page{Width: 420, Height: 595}
		}
		pages = append(pages, p)
		if v.Ref != (pdf.Ref{}) {
			d.numbers[v.Ref] = len(pages)
		}
		if len(pages) >= mostPages {
			return errEnough
		}
		return nil
	})
	return pages
}

func (d *document) page(v pdf.Page) (page, error) {
	box := v.Key("CropBox")
	if box.Len() != 4 {
		box = v.Key("MediaBox")
	}
	p := page{Width: math.Abs(box.Index(2).Float64() - box.Index(0).Float64()), Height: math.Abs(box.Index(3).Float64() - box.Index(1).Float64())}
	turn := v.Key("Rotate").Int64()
	if turn == 0 {
		p.Trim = trimmed(box, v.Key("TrimBox"))
	}
	if turn%180 != 0 {
		p.Width, p.Height = p.Height, p.Width
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", box.String(), turn)
	contents := v.Key("Contents")
	if !contents.IsArray() {
		if err := d.content(h, contents, v.Key("Resources"), 0); err != nil {
			return page{}, err
		}
	}
	for i := range contents.Len() {
		if err := d.content(h, contents.Index(i), v.Key("Resources"), 0); err != nil {
			return page{}, err
		}
	}
	p.Hash = hex.EncodeToString(h.Sum(nil)[:8])
	return p, nil
}

// trimmed is the part of a page's box that its trim box leaves, nil when that
// is all or makes no sense.
func trimmed(box, trim pdf.Value) *part {
	if box.Len() != 4 || trim.Len() != 4 {
		return nil
	}
	var b, t [4]float64
	for i := range 4 {
		b[i], t[i] = box.Index(i).Float64(), trim.Index(i).Float64()
	}
	w, h := b[2]-b[0], b[3]-b[1]
	p := part{X: (t[0] - b[0]) / w, Y: (b[3] - t[3]) / h, W: (t[2] - t[0]) / w, H: (t[3] - t[1]) / h}
	sane := w > 0 && h > 0 && p.X >= 0 && p.Y >= 0 && p.W > 0.2 && p.H > 0.2 && p.X+p.W <= 1.0001 && p.Y+p.H <= 1.0001
	if !sane || p.W > 0.995 && p.H > 0.995 {
		return nil
	}
	return &p
}

// content writes what a content stream draws. The names of fonts and pictures
// ("/F31") change from run to run of the maker, so what they stand for is written.
func (d *document) content(w io.Writer, stream, resources pdf.Value, level int) error {
	if !d.step() {
		return errNoEnd
	}
	names := map[string]string{}
	fonts := resources.Key("Font")
	for _, k := range fonts.Keys() {
		base := string(fonts.Key(k).Key("BaseFont").Name())
		// A subset's name begins with six letters made up for it.
		if _, rest, ok := strings.Cut(base, "+"); ok {
			base = rest
		}
		names[string(k)] = "font " + base
	}
	objects := resources.Key("XObject")
	for _, k := range objects.Keys() {
		sum, err := d.object(objects.Key(k), level)
		if err != nil {
			return err
		}
		names[string(k)] = "object " + sum
	}
	// The text comes last: no two are held while forms hold forms.
	text, err := stream.Content(mostDrawn)
	if err != nil {
		return err
	}
	for len(text) > 0 {
		i := bytes.IndexByte(text, '/')
		if i < 0 {
			break
		}
		end := i + 1
		for end < len(text) && strings.IndexByte(" \t\r\n/[]<>(){}%", text[end]) < 0 {
			end++
		}
		name, known := names[string(text[i+1:end])]
		if !known {
			name = string(text[i:end])
		}
		_, _ = w.Write(text[:i]) // a hash does not fail
		_, _ = io.WriteString(w, name)
		text = text[end:]
	}
	_, _ = w.Write(text)
	return nil
}

// object is a hash of a picture or form: of its bytes as they stand in the file.
func (d *document) object(v pdf.Value, level int) (string, error) {
	at, ok := v.Offset()
	if !ok {
		return "", errors.New("not a stream")
	}
	if sum, ok := d.drawn[at]; ok {
		return sum, nil
	}
	h := sha256.New()
	fmt.Fprintln(h, v.Key("Width").Int64(), v.Key("Height").Int64(), v.Key("BBox").String(), v.Key("Matrix").String())
	var err error
	if v.Key("Subtype").Name() == "Form" && level < 8 {
		err = d.content(h, v, v.Key("Resources"), level+1)
	} else {
		err = v.CopyRaw(h)
	}
	if err != nil {
		return "", err
	}
	if mask := v.Key("SMask"); mask.IsStream() && level < 8 {
		sum, err := d.object(mask, level+1)
		if err != nil {
			return "", err
		}
		_, _ = io.WriteString(h, sum)
	}
	d.drawn[at] = string(h.Sum(nil))
	return d.drawn[at], nil
}

const mostEntries = 5000

// outline adds an entry of the PDF's outline to list, with those below it and those
// after it.
func (d *document) outline(v pdf.Value, level int, list *[]Entry) {
	for ; v.IsDict() && len(*list) < mostEntries && level < 16 && d.step(); v = v.Key("Next") {
		dest := v.Key("Dest")
		if dest.IsNull() {
			dest = v.Key("A").Key("D")
		}
		if n := d.destination(dest, 0); n > 0 {
			*list = append(*list, Entry{Title: strings.TrimSpace(v.Key("Title").Text()), Page: n, Level: level})
		}
		d.outline(v.Key("First"), level+1, list)
	}
}

// destination is the number of the page that a destination names, or 0.
func (d *document) destination(v pdf.Value, level int) int {
	if level >= 8 || !d.step() {
		return 0
	}
	switch {
	case v.IsString():
		if d.dests == nil {
			d.dests = map[string]pdf.Value{}
			d.nameTree(d.pdf.Root().Key("Names").Key("Dests"), 0, map[pdf.Ref]bool{})
		}
		return d.destination(d.dests[v.Raw()], level+1)
	case v.IsName():
		return d.destination(d.pdf.Root().Key("Dests").Key(v.Name()), level+1)
	case v.IsDict():
		return d.destination(v.Key("D"), level+1)
	}
	ref, _ := v.Ref(0)
	return d.numbers[ref]
}

// nameTree adds the named destinations of a node, and of the nodes below it that were
// not seen before.
func (d *document) nameTree(v pdf.Value, level int, seen map[pdf.Ref]bool) {
	if level >= mostLevels || !d.step() {
		return
	}
	names := v.Key("Names")
	for i := 0; i+1 < names.Len() && d.pdf.Ended() == nil; i += 2 {
		d.dests[names.Index(i).Raw()] = names.Index(i + 1)
	}
	kids := v.Key("Kids")
	for i := 0; i < kids.Len() && d.step(); i++ {
		if ref, ok := kids.Ref(i); ok {
			if seen[ref] {
				continue
			}
			seen[ref] = true
		}
		d.nameTree(kids.Index(i), level+1, seen)
	}
}
