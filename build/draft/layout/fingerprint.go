package layout

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"reflect"

	"github.com/bookci/bookci/build/review"
)

// Chapters are told apart by a hash of all that is set from them. Every field
// of the tree counts unless it is left out here by name, so that a new one
// cannot be forgotten.

var hashSeed = maphash.MakeSeed()

// fingerprint is the hash of what all chapters share: geometry and words.
func (s *setting) fingerprint() uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	hashValue(&h, reflect.ValueOf(s.geometry), nil, 0)
	hashValue(&h, reflect.ValueOf(s.words), nil, 0)
	return h.Sum64()
}

// chapterKey is the hash of one chapter; seed is the fingerprint.
func (s *setting) chapterKey(seed uint64, c *review.Chapter) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	number(&h, seed)
	h.WriteString(c.ID)
	h.WriteString(string(c.Kind))
	h.WriteString(c.Label)
	hashValue(&h, reflect.ValueOf(c.Title), s, 0)
	hashValue(&h, reflect.ValueOf(c.Blocks), s, 0)
	hashValue(&h, reflect.ValueOf(c.Notes), s, 0)
	hashValue(&h, reflect.ValueOf(c.Endnotes), s, 0)
	return h.Sum64()
}

func number(h *maphash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

// hashValue adds a value and all that it holds. s brings the sizes of images, nil where
// there are none.
func hashValue(h *maphash.Hash, v reflect.Value, s *setting, depth int) {
	if depth > 200 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		number(h, uint64(v.Len()))
		h.WriteString(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number(h, uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		number(h, v.Uint())
	case reflect.Float32, reflect.Float64:
		number(h, math.Float64bits(v.Float()))
	case reflect.Bool:
		if v.Bool() {
			h.WriteByte(1)
		} else {
			h.WriteByte(0)
		}
	case reflect.Slice, reflect.Array:
		number(h, uint64(v.Len()))
		for i := range v.Len() {
			hashValue(h, v.Index(i), s, depth+1)
		}
	case reflect.Map: // of small sets of words: the order does not count
		sum := uint64(v.Len())
		for iter := v.MapRange(); iter.Next(); {
			var one maphash.Hash
			one.SetSeed(hashSeed)
			hashValue(&one, iter.Key(), s, depth+1)
			hashValue(&one, iter.Value(), s, depth+1)
			sum += one.Sum64()
		}
		number(h, sum)
	case reflect.Interface:
		if v.IsNil() {
			h.WriteByte(0)
			return
		}
		h.WriteString(v.Elem().Type().String())
		hashValue(h, v.Elem(), s, depth+1)
	case reflect.Pointer:
		if v.IsNil() {
			h.WriteByte(0)
			return
		}
		if v.CanInterface() {
			switch n := v.Interface().(type) {
			case *review.Ref: // what it shows and where it leads, not what stands there
				h.WriteString(n.Command)
				h.WriteString(n.Arg)
				h.WriteString(anchorOf(n))
				hashValue(h, reflect.ValueOf(n.Text), s, depth+1)
				return
			case *review.NoteRef: // its mark; the chapter's notes count by themselves
				h.WriteString(n.Arg)
				hashValue(h, reflect.ValueOf(n.Endnote), s, depth+1)
				if n.Note != nil {
					number(h, uint64(n.Note.Number))
				}
				return
			case *review.Chapter:
				h.WriteString(n.ID)
				return
			case *review.Image:
				hashPicture(h, s, n.File)
			case *review.Icon:
				hashPicture(h, s, n.File)
			}
		}
		hashValue(h, v.Elem(), s, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			hashValue(h, v.Field(i), s, depth+1)
		}
	}
}

// hashPicture adds how large an image is: another size moves the text.
func hashPicture(h *maphash.Hash, s *setting, file string) {
	if s == nil || file == "" {
		return
	}
	p := s.pictures.size(file)
	h.WriteString(p.file)
	number(h, math.Float64bits(p.width))
	number(h, math.Float64bits(p.height))
	number(h, uint64(p.orientation))
	if p.err != nil {
		h.WriteString(p.err.Error())
	}
}
