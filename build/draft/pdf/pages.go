package pdf

import (
	"context"
	"math"
	"strconv"

	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/sheet"
)

// pages writes every page and its content.
func (p *writer) pages(ctx context.Context) error {
	type made struct{ packed, raw []byte }
	return inOrder(ctx, p.jobs, len(p.doc.Sheets),
		func(i int) (made, error) {
			raw := p.content(p.doc.Sheets[i])
			return made{deflate(raw), raw}, nil
		},
		func(i int, m made) error {
			p.hash(m.raw)
			s := p.doc.Sheets[i]
			page := []byte("<< /Type /Page /Parent " + strconv.Itoa(p.root) + " 0 R /Resources " + strconv.Itoa(p.resources) + " 0 R /MediaBox [0 0 ")
			page = decimal(page, s.Width)
			page = append(page, ' ')
			page = decimal(page, s.Height)
			page = append(page, "] /Contents "+strconv.Itoa(p.page(i)+1)+" 0 R"...)
			page = p.annotations(page, s)
			p.object(p.page(i), "%s >>", page)
			p.stream(p.page(i)+1, "/Filter /FlateDecode", m.packed)
			return p.err
		})
}

// annotations adds a sheet's links. One whose anchor is not there is left out.
func (p *writer) annotations(page []byte, s *sheet.Sheet) []byte {
	begun := false
	for _, l := range s.Links {
		anchor, ok := p.doc.Anchors[l.Anchor]
		if l.URL == "" && !ok {
			continue
		}
		if !begun {
			page = append(page, " /Annots ["...)
			begun = true
		}
		page = append(page, " << /Type /Annot /Subtype /Link /Border [0 0 0] /Rect ["...)
		for i, v := range []float32{l.X, s.Height - l.Y - l.Height, l.X + l.Width, s.Height - l.Y} {
			if i > 0 {
				page = append(page, ' ')
			}
			page = decimal(page, v)
		}
		page = append(page, ']')
		if l.URL != "" {
			page = append(page, " /A << /S /URI /URI "...)
			page = literal(page, []byte(l.URL))
			page = append(page, " >> >>"...)
			continue
		}
		page = append(page, " /Dest "...)
		page = p.destination(page, anchor)
		page = append(page, " >>"...)
	}
	if begun {
		page = append(page, " ]"...)
	}
	return page
}

func (p *writer) destination(out []byte, a Anchor) []byte {
	a.Sheet = max(0, min(a.Sheet, len(p.doc.Sheets)-1))
	out = append(out, '[')
	out = strconv.AppendInt(out, int64(p.page(a.Sheet)), 10)
	out = append(out, " 0 R /XYZ 0 "...)
	out = decimal(out, p.doc.Sheets[a.Sheet].Height-a.Y)
	return append(out, " null]"...)
}

// content writes what stands on a sheet.
func (p *writer) content(s *sheet.Sheet) []byte {
	out := make([]byte, 0, 16<<10)
	color := sheet.Color(0)
	for _, f := range s.Fills {
		out = setColor(out, f.Color, &color)
		out = decimal(out, f.X)
		out = append(out, ' ')
		out = decimal(out, s.Height-f.Y-f.Height)
		out = append(out, ' ')
		out = decimal(out, f.Width)
		out = append(out, ' ')
		out = decimal(out, f.Height)
		out = append(out, " re f\n"...)
	}
	for _, pic := range s.Pictures {
		out = p.place(out, s, pic)
	}
	if len(s.Runs) == 0 {
		return out
	}
	out = append(out, "BT\n"...)
	var face *fonts.Face
	var size, track float32
	for i := range s.Runs {
		r := &s.Runs[i]
		out = setColor(out, r.Color, &color)
		if r.Face != face || r.Size != size {
			face, size = r.Face, r.Size
			out = append(out, "/F"...)
			out = strconv.AppendInt(out, int64(p.fontOf[face].index), 10)
			out = append(out, ' ')
			out = decimal(out, size)
			out = append(out, " Tf "...)
		}
		if r.Track != track {
			track = r.Track
			out = decimal(out, track)
			out = append(out, " Tc "...)
		}
		if r.Slant {
			out = append(out, "1 0 .21 1 "...)
		} else {
			out = append(out, "1 0 0 1 "...)
		}
		out = decimal(out, r.X)
		out = append(out, ' ')
		out = decimal(out, s.Height-r.Y)
		out = append(out, " Tm "...)
		out = show(out, r)
	}
	return append(out, "ET\n"...)
}

// show writes a run's glyphs.
func show(out []byte, r *sheet.Run) []byte {
	if r.Shift == nil {
		out = append(out, '(')
		for _, g := range r.Glyphs {
			out = escaped(out, byte(g>>8))
			out = escaped(out, byte(g))
		}
		return append(out, ")Tj\n"...)
	}
	out = append(out, "[("...)
	for i, g := range r.Glyphs {
		out = escaped(out, byte(g>>8))
		out = escaped(out, byte(g))
		if r.Shift[i] != 0 && i+1 < len(r.Glyphs) {
			out = append(out, ')')
			out = strconv.AppendInt(out, -int64(r.Shift[i]), 10)
			out = append(out, '(')
		}
	}
	return append(out, ")]TJ\n"...)
}

// place draws a picture, turned as its camera was held.
func (p *writer) place(out []byte, s *sheet.Sheet, pic sheet.Picture) []byte {
	index := p.imageOf[pic.File]
	x, y, w, h := pic.X, s.Height-pic.Y-pic.Height, pic.Width, pic.Height
	m := [6]float32{w, 0, 0, h, x, y}
	switch pic.Orientation {
	case 2:
		m = [6]float32{-w, 0, 0, h, x + w, y}
	case 3:
		m = [6]float32{-w, 0, 0, -h, x + w, y + h}
	case 4:
		m = [6]float32{w, 0, 0, -h, x, y + h}
	case 5:
		m = [6]float32{0, -h, -w, 0, x + w, y + h}
	case 6:
		m = [6]float32{0, -h, w, 0, x, y + h}
	case 7:
		m = [6]float32{0, h, w, 0, x, y}
	case 8:
		m = [6]float32{0, h, -w, 0, x + w, y}
	}
	out = append(out, "q "...)
	for _, v := range m {
		out = decimal(out, v)
		out = append(out, ' ')
	}
	out = append(out, "cm /I"...)
	out = strconv.AppendInt(out, int64(index), 10)
	return append(out, " Do Q\n"...)
}

func setColor(out []byte, c sheet.Color, now *sheet.Color) []byte {
	if c == *now {
		return out
	}
	*now = c
	r, g, b := byte(c>>16), byte(c>>8), byte(c)
	if r == g && g == b {
		out = decimal(out, float32(r)/255)
		return append(out, " g "...)
	}
	for _, v := range []byte{r, g, b} {
		out = decimal(out, float32(v)/255)
		out = append(out, ' ')
	}
	return append(out, "rg "...)
}

// decimal writes a number to three decimals.
func decimal(out []byte, v float32) []byte {
	n := int64(math.Round(float64(v) * 1000))
	if n < 0 {
		out = append(out, '-')
		n = -n
	}
	out = strconv.AppendInt(out, n/1000, 10)
	if f := n % 1000; f != 0 {
		digits := [4]byte{'.', byte('0' + f/100), byte('0' + f/10%10), byte('0' + f%10)}
		end := 4
		for digits[end-1] == '0' {
			end--
		}
		out = append(out, digits[:end]...)
	}
	return out
}

func escaped(out []byte, b byte) []byte {
	switch b {
	case '(', ')', '\\':
		return append(out, '\\', b)
	case '\r':
		return append(out, '\\', 'r')
	}
	return append(out, b)
}

func literal(out, data []byte) []byte {
	out = append(out, '(')
	for _, b := range data {
		out = escaped(out, b)
	}
	return append(out, ')')
}
