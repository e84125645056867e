package pdf

import (
	"bytes"
	"context"
	"fmt"
	"unicode/utf16"

	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/bookci/bookci/build/draft/sheet"
)

// usedFont is a typeface of the document and the glyphs that it shows.
type usedFont struct {
	face   *fonts.Face
	index  int
	object int
	runes  []rune // by glyph: the character that it stands for, 0 for a glyph that is not used
	glyphs []uint16
}

// usedFonts collects the glyphs of every typeface, in the order in which
// typefaces are met.
func usedFonts(sheets []*sheet.Sheet) []*usedFont {
	var list []*usedFont
	known := map[*fonts.Face]*usedFont{}
	var face *fonts.Face
	var f *usedFont
	for _, s := range sheets {
		for i := range s.Runs {
			r := &s.Runs[i]
			if r.Face != face {
				face = r.Face
				if f = known[face]; f == nil {
					f = &usedFont{face: face, index: len(list), runes: make([]rune, face.Glyphs())}
					known[face] = f
					list = append(list, f)
				}
			}
			for j, g := range r.Glyphs {
				if f.runes[g] == 0 {
					f.runes[g] = r.Runes[j]
				}
			}
		}
	}
	for _, f := range list {
		for g, r := range f.runes {
			if r != 0 {
				f.glyphs = append(f.glyphs, uint16(g))
			}
		}
	}
	return list
}

// fonts writes the typefaces: for each a font file, and what characters its
// glyphs stand for.
func (p *writer) fonts(ctx context.Context) error {
	type made struct {
		file, unicode []byte
		size          int
	}
	return inOrder(ctx, p.jobs, len(p.used),
		func(i int) (made, error) {
			f := p.used[i]
			file := f.face.Subset(f.glyphs)
			return made{deflate(file), deflate(f.unicode()), len(file)}, nil
		},
		func(i int, m made) error {
			p.writeFont(p.used[i], m.file, m.size, m.unicode)
			return p.err
		})
}

func (p *writer) writeFont(f *usedFont, file []byte, size int, unicode []byte) {
	name := subsetTag(f.glyphs) + "+" + f.face.Name
	descendant, descriptor, data, cmap := p.number(), p.number(), p.number(), p.number()
	p.object(f.object, "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, descendant, cmap)
	p.object(descendant, "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 1000 /W [%s ] >>",
		name, descriptor, f.widths())
	b := f.face.BBox
	p.object(descriptor, "<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %d 0 R >>",
		name, b[0], b[1], b[2], b[3], f.face.Ascent, f.face.Descent, f.face.Ascent*4/5, data)
	p.stream(data, fmt.Sprintf("/Filter /FlateDecode /Length1 %d", size), file)
	p.stream(cmap, "/Filter /FlateDecode", unicode)
}

// widths lists the glyphs that are not an em wide.
func (f *usedFont) widths() []byte {
	var out []byte
	for i := 0; i < len(f.glyphs); {
		g := f.glyphs[i]
		w := f.face.Advance(g)
		j := i + 1
		for j < len(f.glyphs) && f.glyphs[j] == f.glyphs[j-1]+1 && f.face.Advance(f.glyphs[j]) == w {
			j++
		}
		if w != 1000 {
			out = fmt.Appendf(out, " %d %d %d", g, f.glyphs[j-1], w)
		}
		i = j
	}
	return out
}

// unicode is a CMap from glyphs to the characters that they stand for.
func (f *usedFont) unicode() []byte {
	var out bytes.Buffer
	out.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for rest := f.glyphs; len(rest) > 0; {
		part := rest[:min(len(rest), 100)] // more are not allowed in one go
		rest = rest[len(part):]
		fmt.Fprintf(&out, "%d beginbfchar\n", len(part))
		for _, g := range part {
			fmt.Fprintf(&out, "<%04X> <", g)
			for _, u := range utf16.Encode([]rune{f.runes[g]}) {
				fmt.Fprintf(&out, "%04X", u)
			}
			out.WriteString(">\n")
		}
		out.WriteString("endbfchar\n")
	}
	out.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return out.Bytes()
}

// subsetTag is six letters that depend on the glyphs of a subset.
func subsetTag(glyphs []uint16) string {
	h := uint32(2166136261)
	for _, g := range glyphs {
		h = (h ^ uint32(g)) * 16777619
	}
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + byte(h%26)
		h /= 26
	}
	return string(tag)
}
