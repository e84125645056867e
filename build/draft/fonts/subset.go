package fonts

import (
	"encoding/binary"
	"slices"
)

// Subset returns a TrueType font with the outlines of the glyphs named, and of
// what these are composed of. Glyphs keep their numbers, so that pages made
// before stay right when another page adds a glyph.
func (f *Face) Subset(glyphs []uint16) []byte {
	wanted := f.closure(glyphs)
	count := 1
	for g := range wanted {
		if wanted[g] {
			count = g + 1
		}
	}

	glyf := f.tables["glyf"]
	var outlines []byte
	loca := make([]byte, 4*(count+1))
	hmtx := make([]byte, 4*count)
	source := f.tables["hmtx"]
	for g := range count {
		binary.BigEndian.PutUint32(loca[4*g:], uint32(len(outlines)))
		if !wanted[g] {
			continue
		}
		outlines = append(outlines, glyf[f.offsets[g]:f.offsets[g+1]]...)
		for len(outlines)%4 != 0 {
			outlines = append(outlines, 0)
		}
		copy(hmtx[4*g:], source[4*min(g, f.metrics-1):][:2])
		side := 4*g + 2
		if g >= f.metrics {
			side = 4*f.metrics + 2*(g-f.metrics)
		}
		copy(hmtx[4*g+2:], source[side:][:2])
	}
	binary.BigEndian.PutUint32(loca[4*count:], uint32(len(outlines)))

	head := slices.Clone(f.tables["head"][:54])
	binary.BigEndian.PutUint32(head[8:], 0)  // the sum over the whole font, unknown yet
	binary.BigEndian.PutUint16(head[50:], 1) // loca has 4 bytes an entry
	hhea := slices.Clone(f.tables["hhea"][:36])
	binary.BigEndian.PutUint16(hhea[34:], uint16(count))
	maxp := slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint16(maxp[4:], uint16(count))

	tables := []sfntTable{{"glyf", outlines}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}}
	for _, tag := range []string{"cvt ", "fpgm", "prep"} { // what hinted outlines call
		if t, ok := f.tables[tag]; ok {
			tables = append(tables, sfntTable{tag, t})
		}
	}
	return sfnt(tables)
}

// closure marks glyphs, the zero glyph and the components of both.
func (f *Face) closure(glyphs []uint16) []bool {
	wanted := make([]bool, len(f.advance))
	queue := append([]uint16{0}, glyphs...)
	for len(queue) > 0 {
		g := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if int(g) >= len(wanted) || wanted[g] {
			continue
		}
		wanted[g] = true
		queue = append(queue, components(f.tables["glyf"][f.offsets[g]:f.offsets[g+1]])...)
	}
	return wanted
}

// components returns the glyphs that a composite outline refers to.
func components(outline []byte) []uint16 {
	if len(outline) < 10 || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return nil
	}
	const (
		words, scale, more, twoScales, matrix = 1, 8, 32, 64, 128
	)
	var found []uint16
	for at := 10; at+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[at:])
		found = append(found, binary.BigEndian.Uint16(outline[at+2:]))
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&twoScales != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			break
		}
	}
	return found
}

type sfntTable struct {
	tag  string
	data []byte
}

// sfnt puts tables, in the order of their tags, into a font file.
func sfnt(tables []sfntTable) []byte {
	slices.SortFunc(tables, func(a, b sfntTable) int { return slices.Compare([]byte(a.tag), []byte(b.tag)) })
	size := 12 + 16*len(tables)
	for _, t := range tables {
		size += (len(t.data) + 3) &^ 3
	}
	power, log := 1, 0
	for power*2 <= len(tables) {
		power, log = power*2, log+1
	}
	out := make([]byte, 12+16*len(tables), size)
	binary.BigEndian.PutUint32(out, 0x00010000)
	binary.BigEndian.PutUint16(out[4:], uint16(len(tables)))
	binary.BigEndian.PutUint16(out[6:], uint16(16*power))
	binary.BigEndian.PutUint16(out[8:], uint16(log))
	binary.BigEndian.PutUint16(out[10:], uint16(16*(len(tables)-power)))
	head := 0
	for i, t := range tables {
		entry := out[12+16*i:]
		copy(entry, t.tag)
		binary.BigEndian.PutUint32(entry[4:], checksum(t.data))
		binary.BigEndian.PutUint32(entry[8:], uint32(len(out)))
		binary.BigEndian.PutUint32(entry[12:], uint32(len(t.data)))
		if t.tag == "head" {
			head = len(out)
		}
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[head+8:], 0xB1B0AFBA-checksum(out))
	return out
}

func checksum(data []byte) uint32 {
	var sum uint32
	for len(data) >= 4 {
		sum += binary.BigEndian.Uint32(data)
		data = data[4:]
	}
	if len(data) > 0 {
		var last [4]byte
		copy(last[:], data)
		sum += binary.BigEndian.Uint32(last[:])
	}
	return sum
}
