// Package sheet is a page that has been set: which glyphs, rules, pictures and
// links stand where. The typesetter makes sheets; the PDF and the preview are
// two ways of showing them.
//
// Lengths are PostScript points (72 to the inch), counted from the upper left
// corner to the right and down.
package sheet

import "github.com/bookci/bookci/build/draft/fonts"

// Sheet is one page. It is not changed once it has been made, so that several
// goroutines may draw it.
type Sheet struct {
	Width, Height float32
	Label         string // the page's number as a reader sees it
	Chapter       string // id of the chapter that the page belongs to, "" for none
	Fills         []Fill
	Pictures      []Picture
	Runs          []Run
	Links         []Link
}

// Color is 0xRRGGBB. The zero Color is black.
type Color uint32

// White is the paper.
const White Color = 0xFFFFFF

// Gray returns a gray between 0, black, and 1, white.
func Gray(v float32) Color {
	b := uint32(max(0, min(255, v*255+0.5)))
	return Color(b<<16 | b<<8 | b)
}

// Run is glyphs of one typeface and size on one line.
type Run struct {
	Face   *fonts.Face
	Size   float32
	X, Y   float32 // where the baseline begins
	Color  Color
	Slant  bool
	Glyphs []uint16
	Runes  []rune  // the characters of Glyphs, one for one
	Track  float32 // added after each glyph
	// Shift is added after each glyph on top of Track, in thousandths of Size;
	// nil where nothing is.
	Shift []int16
}

// Width returns how far the run reaches: to the end of its last glyph.
func (r *Run) Width() float32 {
	units := 0
	for i, g := range r.Glyphs {
		units += r.Face.Advance(g)
		if r.Shift != nil && i+1 < len(r.Glyphs) {
			units += int(r.Shift[i])
		}
	}
	return float32(units)*r.Size/1000 + r.Track*float32(max(len(r.Glyphs)-1, 0))
}

// Fill is a rectangle of one colour: a rule, or the ground of a box.
type Fill struct {
	X, Y, Width, Height float32
	Color               Color
}

// Picture is an image, stretched to its rectangle.
type Picture struct {
	X, Y, Width, Height float32
	File                string // slash path below the root
	Orientation         int    // as EXIF counts: 1, and 0, is upright
}

// Link is a rectangle that leads elsewhere: to URL, else to the Anchor.
type Link struct {
	X, Y, Width, Height float32
	URL                 string
	Anchor              string
}
