package fonts

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Face is a TrueType font. The zero glyph stands for every character that the
// font lacks.
type Face struct {
	Name            string // PostScript name
	Ascent, Descent int    // of the font, in thousandths of an em; Descent is negative
	BBox            [4]int // that all glyphs fit in, in thousandths of an em
	UnitsPerEm      int

	file    []byte
	tables  map[string][]byte
	bmp     []uint16        // glyph of each character below U+10000
	astral  map[rune]uint16 // glyph of the others
	runes   []rune          // character of each glyph, 0 for none
	advance []uint16        // width of each glyph, in thousandths of an em
	offsets []uint32        // where each glyph's outline begins in glyf, and the end
	metrics int             // glyphs with a width of their own in hmtx
}

var errShort = errors.New("the font ends too early")

// Parse reads a TrueType font whose characters are found by a table of format 4
// or 12. It keeps data, which must not change. The error is the end of a sentence that
// begins with the font.
func Parse(data []byte) (*Face, error) {
	f := &Face{file: data, tables: map[string][]byte{}}
	if len(data) < 12 {
		return nil, errShort
	}
	switch binary.BigEndian.Uint32(data) {
	case 0x00010000, 0x74727565: // "true"
	case 0x4F54544F: // "OTTO"
		return nil, errors.New("it has PostScript outlines, not TrueType's")
	default:
		return nil, errors.New("it is no TrueType font")
	}
	count := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < 12+16*count {
		return nil, errShort
	}
	for i := range count {
		entry := data[12+16*i:]
		start, size := uint64(binary.BigEndian.Uint32(entry[8:])), uint64(binary.BigEndian.Uint32(entry[12:]))
		if start+size > uint64(len(data)) {
			return nil, errShort
		}
		f.tables[string(entry[:4])] = data[start : start+size : start+size]
	}
	for _, step := range []func() error{f.readHead, f.readWidths, f.readOutlines, f.readCharacters} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	f.readName()
	return f, nil
}

// table returns a table of at least size bytes.
func (f *Face) table(tag string, size int) ([]byte, error) {
	t, ok := f.tables[tag]
	switch {
	case !ok:
		return nil, fmt.Errorf("it has no table %q", tag)
	case len(t) < size:
		return nil, fmt.Errorf("its table %q ends too early", tag)
	}
	return t, nil
}

func (f *Face) readHead() error {
	head, err := f.table("head", 54)
	if err != nil {
		return err
	}
	f.UnitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
	if f.UnitsPerEm < 16 || f.UnitsPerEm > 16384 {
		return fmt.Errorf("it has %d units per em", f.UnitsPerEm)
	}
	for i := range f.BBox {
		f.BBox[i] = f.thousandths(int(int16(binary.BigEndian.Uint16(head[36+2*i:]))))
	}
	return nil
}

func (f *Face) thousandths(units int) int { return units * 1000 / f.UnitsPerEm }

func (f *Face) readWidths() error {
	maxp, err := f.table("maxp", 6)
	if err != nil {
		return err
	}
	hhea, err := f.table("hhea", 36)
	if err != nil {
		return err
	}
	f.Ascent = f.thousandths(int(int16(binary.BigEndian.Uint16(hhea[4:]))))
	f.Descent = f.thousandths(int(int16(binary.BigEndian.Uint16(hhea[6:]))))
	glyphs := int(binary.BigEndian.Uint16(maxp[4:]))
	f.metrics = int(binary.BigEndian.Uint16(hhea[34:]))
	if glyphs == 0 || f.metrics == 0 || f.metrics > glyphs {
		return fmt.Errorf("it has %d glyphs and %d widths", glyphs, f.metrics)
	}
	hmtx, err := f.table("hmtx", 4*f.metrics+2*(glyphs-f.metrics))
	if err != nil {
		return err
	}
	f.advance = make([]uint16, glyphs)
	for i := range f.advance {
		units := int(binary.BigEndian.Uint16(hmtx[4*min(i, f.metrics-1):]))
		f.advance[i] = uint16(min((units*1000+f.UnitsPerEm/2)/f.UnitsPerEm, 65535))
	}
	return nil
}

func (f *Face) readOutlines() error {
	head, glyf := f.tables["head"], f.tables["glyf"]
	f.offsets = make([]uint32, len(f.advance)+1)
	long := binary.BigEndian.Uint16(head[50:]) != 0
	size := 2
	if long {
		size = 4
	}
	loca, err := f.table("loca", size*len(f.offsets))
	if err != nil {
		return err
	}
	for i := range f.offsets {
		if long {
			f.offsets[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			f.offsets[i] = 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		}
		if f.offsets[i] > uint32(len(glyf)) || i > 0 && f.offsets[i] < f.offsets[i-1] {
			return errors.New("its outlines lie outside their table")
		}
	}
	return nil
}

// readName takes the PostScript name, of which only letters, digits and hyphens are kept.
func (f *Face) readName() {
	f.Name = "Unnamed"
	name := f.tables["name"]
	if len(name) < 6 {
		return
	}
	strings := int(binary.BigEndian.Uint16(name[4:]))
	for i := range int(binary.BigEndian.Uint16(name[2:])) {
		if len(name) < 18+12*i {
			return
		}
		record := name[6+12*i:]
		if binary.BigEndian.Uint16(record[6:]) != 6 {
			continue
		}
		start := strings + int(binary.BigEndian.Uint16(record[10:]))
		end := start + int(binary.BigEndian.Uint16(record[8:]))
		if end > len(name) {
			return
		}
		var letters []byte
		for _, c := range name[start:end] {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
				letters = append(letters, c)
			}
		}
		if len(letters) > 0 && len(letters) < 64 {
			f.Name = string(letters)
			return
		}
	}
}

// Glyph returns the glyph of a character, 0 when the font lacks it.
func (f *Face) Glyph(r rune) uint16 {
	if uint32(r) < uint32(len(f.bmp)) {
		return f.bmp[r]
	}
	return f.astral[r]
}

// Rune returns the character that a glyph stands for, 0 for none.
func (f *Face) Rune(glyph uint16) rune {
	if int(glyph) < len(f.runes) {
		return f.runes[glyph]
	}
	return 0
}

// Advance returns a glyph's width in thousandths of an em.
func (f *Face) Advance(glyph uint16) int {
	if int(glyph) < len(f.advance) {
		return int(f.advance[glyph])
	}
	return 0
}

// File returns the font as Parse was given it, not to be changed.
func (f *Face) File() []byte { return f.file }

// Glyphs returns how many glyphs the font has.
func (f *Face) Glyphs() int { return len(f.advance) }
