package fonts

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func load(t testing.TB, s Style) *Face {
	t.Helper()
	face, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func TestJapaneseFacesHaveWhatBooksUse(t *testing.T) {
	for _, s := range []Style{Mincho, Gothic, GothicBold} {
		face := load(t, s)
		for _, r := range "abcXYZ019 ~\\¥,.()あア亜熙ｱ、。「」…―①㈱Ⅳ※〓𠮟←→⇒≠∞αЖé" {
			if face.Glyph(r) == 0 {
				t.Errorf("%s lacks %c", face.Name, r)
			}
		}
		if w := face.Advance(face.Glyph('漢')); w != 1000 {
			t.Errorf("%s: a kanji is %d wide", face.Name, w)
		}
		if w := face.Advance(face.Glyph('m')); w != 500 {
			t.Errorf("%s: a Latin letter is %d wide, not half an em", face.Name, w)
		}
	}
}

func TestLatinFacesAreProportional(t *testing.T) {
	for _, s := range []Style{MinchoLatin, GothicLatin, GothicBoldLatin} {
		face := load(t, s)
		if i, m := face.Advance(face.Glyph('i')), face.Advance(face.Glyph('m')); i >= m || i == 0 {
			t.Errorf("%s: i is %d wide, m %d", face.Name, i, m)
		}
	}
}

func TestAGlyphLeadsBackToItsCharacter(t *testing.T) {
	face := load(t, Gothic)
	for _, r := range "a漢、―…𠮟é～〜" {
		if g := face.Glyph(r); g != 0 && face.Rune(g) != r {
			t.Errorf("%c reads back as %c", r, face.Rune(g))
		}
	}
}

func TestASubsetKeepsNumbersAndOutlines(t *testing.T) {
	face := load(t, Gothic)
	a, kanji := face.Glyph('a'), face.Glyph('𠮟')
	data := face.Subset([]uint16{kanji, a})
	if !bytes.Equal(data, face.Subset([]uint16{kanji, a})) {
		t.Error("the same glyphs gave other bytes")
	}
	if len(data) > 150_000 {
		t.Errorf("two glyphs take %d bytes", len(data))
	}
	if checksum(data) != 0xB1B0AFBA {
		t.Error("the font's sum is wrong")
	}
	small := &Face{tables: map[string][]byte{}}
	for i := 12; string(data[i:i+4]) < "n"; i += 16 {
		start := int(data[i+8])<<24 | int(data[i+9])<<16 | int(data[i+10])<<8 | int(data[i+11])
		size := int(data[i+12])<<24 | int(data[i+13])<<16 | int(data[i+14])<<8 | int(data[i+15])
		small.tables[string(data[i:i+4])] = data[start : start+size]
		if string(data[i:i+4]) == "maxp" {
			break
		}
	}
	for _, step := range []func() error{small.readHead, small.readWidths, small.readOutlines} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []uint16{a, kanji} {
		want := face.tables["glyf"][face.offsets[g]:face.offsets[g+1]]
		got := small.tables["glyf"][small.offsets[g]:small.offsets[g+1]]
		if !bytes.Equal(bytes.TrimRight(want, "\x00"), bytes.TrimRight(got, "\x00")) || len(got) == 0 {
			t.Errorf("glyph %d has another outline", g)
		}
		if small.Advance(g) != face.Advance(g) {
			t.Errorf("glyph %d is %d wide, not %d", g, small.Advance(g), face.Advance(g))
		}
	}
	if b := face.Glyph('b'); small.offsets[b] != small.offsets[b+1] {
		t.Error("a glyph that nobody asked for has an outline")
	}
}

// Code is copied from pages by hand: a curly quote would not be the one to type.
func TestQuotesInCodeAreStraight(t *testing.T) {
	for _, style := range []Style{Gothic, GothicBold} {
		face := load(t, style)
		for r, strokes := range map[rune]int{'\'': 1, '"': 2} {
			outline := face.tables["glyf"][face.offsets[face.Glyph(r)]:]
			contours := int(binary.BigEndian.Uint16(outline))
			points := int(binary.BigEndian.Uint16(outline[10+2*(contours-1):])) + 1
			if contours != strokes || points != 4*strokes {
				t.Errorf("style %d: %q has %d strokes of %d points together", style, r, contours, points)
			}
		}
	}
}

func TestTheLicenceComesWithTheFonts(t *testing.T) {
	for _, want := range []string{"SIL OPEN FONT LICENSE Version 1.1", "BIZ UDGothic Project Authors", "BIZ UDMincho Project Authors", "TERMINATION"} {
		if !strings.Contains(License, want) {
			t.Errorf("OFL.txt does not say %q", want)
		}
	}
}

// Whatever bytes are given, there is a face that answers or an error.
func FuzzParse(f *testing.F) {
	face := load(f, MinchoLatin)
	small := face.Subset([]uint16{face.Glyph('a')})
	f.Add(small)
	var tables []sfntTable
	for tag, data := range face.tables {
		if tag != "glyf" && tag != "loca" && tag != "hmtx" && tag != "maxp" && tag != "head" && tag != "hhea" {
			tables = append(tables, sfntTable{tag, data})
		}
	}
	f.Add(sfnt(append(tables, sfntTable{"head", face.tables["head"]}, sfntTable{"maxp", face.tables["maxp"]},
		sfntTable{"hhea", face.tables["hhea"]}, sfntTable{"hmtx", face.tables["hmtx"]}, sfntTable{"loca", face.tables["loca"]}, sfntTable{"glyf", face.tables["glyf"]})))
	f.Fuzz(func(t *testing.T, data []byte) {
		face, err := Parse(data)
		if err != nil {
			return
		}
		var glyphs []uint16
		for _, r := range "aあ𠮟" {
			glyphs = append(glyphs, face.Glyph(r))
			face.Advance(face.Glyph(r))
		}
		face.Subset(glyphs)
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := unpack("gothic.ttf.zst"); err != nil {
			b.Fatal(err)
		}
	}
}
