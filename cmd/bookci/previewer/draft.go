package previewer

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft"
	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/preview"
)

// drafter sets books as drafts for the preview: of what was saved a moment ago,
// long before the build that the same save begins.
type drafter struct {
	mu    sync.Mutex
	books map[string]*draftedBook
}

type draftedBook struct {
	draft  draft.Draft
	date   time.Time               // as it was at the first look; an edit is not worth asking git again
	hashes map[*sheet.Sheet]uint64 // of the sheets that are shown: most of them stay
}

// sheets sets one book. date is asked for the day that the book bears.
func (d *drafter) sheets(ctx context.Context, b *book.Book, tree *review.Book, date func() time.Time) (*preview.Sheets, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.books == nil {
		d.books = map[string]*draftedBook{}
	}
	own := d.books[b.Name]
	if own == nil {
		own = &draftedBook{date: date()}
		d.books[b.Name] = own
	}
	root, err := fsx.OpenRoot(b.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	pages, err := own.draft.Set(ctx, tree, draft.Options{Files: root.FS(), Dir: b.Dir, Created: own.date})
	if err != nil {
		return nil, err
	}
	shown := &preview.Sheets{}
	hashes := make(map[*sheet.Sheet]uint64, len(pages.Sheets))
	for _, s := range pages.Sheets {
		hash, known := own.hashes[s]
		if !known {
			hash = hashOf(s)
		}
		hashes[s] = hash
		shown.Pages = append(shown.Pages, newDraftSheet(s, hash, pages.Stamp))
	}
	own.hashes = hashes
	for _, o := range pages.Outline {
		shown.Outline = append(shown.Outline, preview.Entry{Title: o.Title, Page: o.To.Sheet + 1, Level: o.Level})
	}
	return shown, nil
}

// hashOf is of all that is drawn on a sheet, but for what its pictures show.
func hashOf(s *sheet.Sheet) uint64 {
	h := fnv.New64a()
	var b []byte
	number := func(list ...float32) {
		for _, v := range list {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	number(s.Width, s.Height)
	for _, f := range s.Fills {
		number(f.X, f.Y, f.Width, f.Height, float32(f.Color))
	}
	for _, p := range s.Pictures {
		number(p.X, p.Y, p.Width, p.Height, float32(p.Orientation))
		b = append(b, p.File...)
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		number(r.Size, r.X, r.Y, r.Track, float32(r.Color), float32(len(r.Glyphs)))
		b = append(b, r.Face.Name...)
		for k, g := range r.Glyphs {
			b = binary.LittleEndian.AppendUint16(b, g)
			if r.Shift != nil {
				b = binary.LittleEndian.AppendUint16(b, uint16(r.Shift[k]))
			}
		}
		if r.Slant {
			b = append(b, 1)
		}
	}
	h.Write(b)
	return h.Sum64()
}

// draftSheet is a sheet as the preview knows one.
type draftSheet struct {
	sheet  *sheet.Sheet
	hash   string
	stamps map[string]string // of its pictures' files
}

func newDraftSheet(s *sheet.Sheet, hash uint64, stamp func(file string) string) *draftSheet {
	d := &draftSheet{sheet: s, hash: fmt.Sprintf("%016x", hash)}
	if len(s.Pictures) == 0 {
		return d
	}
	d.stamps = map[string]string{}
	h := fnv.New64a()
	fmt.Fprintln(h, hash)
	for _, p := range s.Pictures {
		d.stamps[p.File] = stamp(p.File)
		fmt.Fprintln(h, d.stamps[p.File])
	}
	d.hash = hex.EncodeToString(h.Sum(nil))
	return d
}

func (d *draftSheet) Hash() string { return d.hash }

func (d *draftSheet) Size() (width, height float64) {
	return float64(d.sheet.Width), float64(d.sheet.Height)
}

func (d *draftSheet) Draw() preview.Drawing {
	s := d.sheet
	out := preview.Drawing{Width: s.Width, Height: s.Height}
	for _, f := range s.Fills {
		out.Fills = append(out.Fills, preview.Fill{X: f.X, Y: f.Y, Width: f.Width, Height: f.Height, Color: cssColor(f.Color)})
	}
	for _, p := range s.Pictures {
		// A browser turns a photograph upright by itself.
		out.Pictures = append(out.Pictures, preview.Picture{X: p.X, Y: p.Y, Width: p.Width, Height: p.Height, File: p.File, Stamp: d.stamps[p.File]})
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		face := slices.Index(out.Typefaces, r.Face.Name)
		if face < 0 {
			face = len(out.Typefaces)
			out.Typefaces = append(out.Typefaces, r.Face.Name)
		}
		ink := preview.Ink{Typeface: face, Size: r.Size, X: r.X, Y: r.Y, Slant: r.Slant, Track: r.Track}
		if r.Color != 0 {
			ink.Color = cssColor(r.Color)
		}
		out.Inks = appendInks(out.Inks, ink, r)
	}
	return out
}

// appendInks adds a run: an ink for each stretch of letters that follow one
// another without a shift.
func appendInks(list []preview.Ink, ink preview.Ink, r *sheet.Run) []preview.Ink {
	var letters []rune
	x := r.X
	for k, g := range r.Glyphs {
		letter := r.Face.Rune(g)
		if letter == 0 {
			letter = r.Runes[k]
		}
		if len(letters) == 0 {
			ink.X = x
		}
		letters = append(letters, letter)
		x += float32(r.Face.Advance(g))*r.Size/1000 + r.Track
		if r.Shift != nil && r.Shift[k] != 0 {
			x += float32(r.Shift[k]) * r.Size / 1000
			ink.Text = string(letters)
			list, letters = append(list, ink), letters[:0]
		}
	}
	if len(letters) > 0 {
		ink.Text = string(letters)
		list = append(list, ink)
	}
	return list
}

func cssColor(c sheet.Color) string { return fmt.Sprintf("#%06x", uint32(c)) }

// Lines are the runs of one height, from left to right.
func (d *draftSheet) Lines() []preview.Line {
	s := d.sheet
	order := make([]*sheet.Run, len(s.Runs))
	for i := range s.Runs {
		order[i] = &s.Runs[i]
	}
	slices.SortStableFunc(order, func(a, b *sheet.Run) int { return cmp.Compare(a.Y, b.Y) })
	var lines []preview.Line
	for len(order) > 0 {
		n := 1
		for n < len(order) && order[n].Y <= order[0].Y+1 {
			n++
		}
		row := order[:n]
		order = order[n:]
		slices.SortStableFunc(row, func(a, b *sheet.Run) int { return cmp.Compare(a.X, b.X) })
		l := preview.Line{Left: 1, Top: 1}
		for _, r := range row {
			l.Text += string(r.Runes)
			l.Left, l.Right = min(l.Left, float64(r.X/s.Width)), max(l.Right, float64((r.X+r.Width())/s.Width))
			l.Top, l.Foot = min(l.Top, float64((r.Y-0.88*r.Size)/s.Height)), max(l.Foot, float64((r.Y+0.12*r.Size)/s.Height))
		}
		lines = append(lines, l)
	}
	return lines
}

// typeface returns the file of a typeface that drafts are set in.
func typeface(name string) []byte {
	for _, style := range fonts.Styles() {
		if face, err := fonts.Load(style); err == nil && face.Name == name {
			return face.File()
		}
	}
	return nil
}
