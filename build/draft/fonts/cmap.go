package fonts

import (
	"encoding/binary"
	"errors"
)

// readCharacters fills the ways from characters to glyphs and back. Of several
// characters with one glyph the first stands for it.
func (f *Face) readCharacters() error {
	cmap, err := f.table("cmap", 4)
	if err != nil {
		return err
	}
	f.bmp = make([]uint16, 1<<16)
	f.astral = map[rune]uint16{}
	f.runes = make([]rune, len(f.advance))
	found := false
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		if len(cmap) < 4+8*(i+1) {
			return errShort
		}
		record := cmap[4+8*i:]
		platform, encoding := binary.BigEndian.Uint16(record), binary.BigEndian.Uint16(record[2:])
		if platform != 0 && (platform != 3 || encoding != 1 && encoding != 10) {
			continue
		}
		start := binary.BigEndian.Uint32(record[4:])
		if uint64(start)+4 > uint64(len(cmap)) {
			return errShort
		}
		table := cmap[start:]
		switch binary.BigEndian.Uint16(table) {
		case 4:
			err = f.readSegments(table)
		case 12:
			err = f.readGroups(table)
		default:
			continue
		}
		if err != nil {
			return err
		}
		found = true
	}
	if !found {
		return errors.New("it has no table of Unicode characters")
	}
	for r, glyph := range f.bmp {
		if glyph != 0 && f.runes[glyph] == 0 {
			f.runes[glyph] = rune(r)
		}
	}
	for r, glyph := range f.astral {
		if first := f.runes[glyph]; first == 0 || first > r {
			f.runes[glyph] = r
		}
	}
	return nil
}

func (f *Face) set(r rune, glyph int) {
	if glyph <= 0 || glyph >= len(f.advance) {
		return
	}
	if r < 1<<16 {
		f.bmp[r] = uint16(glyph)
	} else {
		f.astral[r] = uint16(glyph)
	}
}

// readSegments reads a table of format 4.
func (f *Face) readSegments(table []byte) error {
	if len(table) < 16 {
		return errShort
	}
	count := int(binary.BigEndian.Uint16(table[6:])) / 2
	if len(table) < 16+8*count {
		return errShort
	}
	at := func(part, i int) int { return int(binary.BigEndian.Uint16(table[part+2*i:])) }
	ends, starts, deltas, ranges := 14, 16+2*count, 16+4*count, 16+6*count
	for i := range count {
		first, last, delta, offset := at(starts, i), at(ends, i), at(deltas, i), at(ranges, i)
		for c := first; c <= last && c < 0xFFFF; c++ {
			glyph := c
			if offset != 0 {
				where := ranges + 2*i + offset + 2*(c-first)
				if where+2 > len(table) {
					return errShort
				}
				if glyph = int(binary.BigEndian.Uint16(table[where:])); glyph == 0 {
					continue
				}
			}
			f.set(rune(c), (glyph+delta)&0xFFFF)
		}
	}
	return nil
}

// readGroups reads a table of format 12.
func (f *Face) readGroups(table []byte) error {
	if len(table) < 16 {
		return errShort
	}
	count := int(binary.BigEndian.Uint32(table[12:]))
	if count > (len(table)-16)/12 {
		return errShort
	}
	for i := range count {
		group := table[16+12*i:]
		first, last := binary.BigEndian.Uint32(group), binary.BigEndian.Uint32(group[4:])
		glyph := binary.BigEndian.Uint32(group[8:])
		if last > 0x10FFFF || first > last || glyph > 0xFFFF {
			return errors.New("its table of characters is damaged")
		}
		// No more glyphs than the font has can come of a group.
		last = min(last, first+uint32(len(f.advance)))
		for c := first; c <= last; c++ {
			f.set(rune(c), int(glyph+c-first))
		}
	}
	return nil
}
