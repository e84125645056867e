package pdf

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Name is a name in a PDF, without its slash.
type Name string

// Ref names an object of a PDF.
type Ref struct{ Number, Generation int64 }

type dict map[Name]any

// stream is an object with data, which lie at a place in the file.
type stream struct {
	dict
	at  int64
	ref Ref
}

// Value is a value in a PDF, references followed: nil, bool, int64, float64,
// string, Name, []any, dict or *stream. Asking it for what it is not gives
// nothing: hostile files need no second way through the code.
type Value struct {
	d    *Document
	data any
}

// value follows a reference.
func (d *Document) value(x any) Value {
	if ref, ok := x.(Ref); ok {
		x = d.load(ref)
	}
	return Value{d, x}
}

func (v Value) entries() dict {
	switch x := v.data.(type) {
	case dict:
		return x
	case *stream:
		return x.dict
	}
	return nil
}

// Key is the value of a key of a dictionary or of a stream's dictionary.
func (v Value) Key(key Name) Value {
	x, ok := v.entries()[key]
	if !ok {
		return Value{}
	}
	return v.d.value(x)
}

// Keys are the keys of a dictionary, sorted.
func (v Value) Keys() []Name {
	return slices.Sorted(maps.Keys(v.entries()))
}

// Len is the length of an array.
func (v Value) Len() int {
	list, _ := v.data.([]any)
	return len(list)
}

// Index is an element of an array.
func (v Value) Index(i int) Value {
	list, _ := v.data.([]any)
	if i < 0 || i >= len(list) {
		return Value{}
	}
	return v.d.value(list[i])
}

// Ref is the reference that stands as an element of an array, if one does.
func (v Value) Ref(i int) (Ref, bool) {
	list, _ := v.data.([]any)
	if i < 0 || i >= len(list) {
		return Ref{}, false
	}
	ref, ok := list[i].(Ref)
	return ref, ok
}

func (v Value) IsNull() bool   { return v.data == nil }
func (v Value) IsArray() bool  { _, ok := v.data.([]any); return ok }
func (v Value) IsDict() bool   { _, ok := v.data.(dict); return ok }
func (v Value) IsStream() bool { _, ok := v.data.(*stream); return ok }
func (v Value) IsString() bool { _, ok := v.data.(string); return ok }
func (v Value) IsName() bool   { _, ok := v.data.(Name); return ok }

// Offset is the place of a stream's data in the file: no other stream has it.
func (v Value) Offset() (int64, bool) {
	if s, ok := v.data.(*stream); ok {
		return s.at, true
	}
	return 0, false
}

// Int64 is an integer; of a real number it is 0.
func (v Value) Int64() int64 {
	n, _ := v.data.(int64)
	return n
}

// Float64 is a number, integer or real.
func (v Value) Float64() float64 {
	switch x := v.data.(type) {
	case int64:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

func (v Value) Name() Name {
	name, _ := v.data.(Name)
	return name
}

// Raw is a string as its bytes stand.
func (v Value) Raw() string {
	s, _ := v.data.(string)
	return s
}

// Text is a string that people read, in UTF-8.
func (v Value) Text() string {
	s := v.Raw()
	switch {
	case strings.HasPrefix(s, "\xfe\xff"):
		units := make([]uint16, 0, len(s)/2)
		for s = s[2:]; len(s) >= 2; s = s[2:] {
			units = append(units, uint16(s[0])<<8|uint16(s[1]))
		}
		return string(utf16.Decode(units))
	case strings.HasPrefix(s, "\xef\xbb\xbf"):
		return strings.ToValidUTF8(s[3:], "\ufffd")
	}
	var out strings.Builder
	for _, c := range []byte(s) {
		out.WriteRune(documentCharacter(c))
	}
	return out.String()
}

// documentCharacter is a character of PDFDocEncoding, in which strings without a
// byte order mark are written: Latin 1 but for two rows.
func documentCharacter(c byte) rune {
	const accents, others = "˘ˇˆ˙˝˛˚˜", "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\ufffd€"
	switch {
	case 0x18 <= c && c <= 0x1f:
		return []rune(accents)[c-0x18]
	case 0x80 <= c && c <= 0xa0:
		return []rune(others)[c-0x80]
	}
	return rune(c)
}

// String writes a value as it stands, references not followed. Values that are
// equal read equally.
func (v Value) String() string { return written(v.data) }

func written(x any) string {
	switch x := x.(type) {
	case string:
		return strconv.Quote(x)
	case Name:
		return "/" + string(x)
	case Ref:
		return fmt.Sprintf("%d %d R", x.Number, x.Generation)
	case []any:
		var list []string
		for _, element := range x {
			list = append(list, written(element))
		}
		return "[" + strings.Join(list, " ") + "]"
	case dict:
		var list []string
		for _, key := range slices.Sorted(maps.Keys(x)) {
			list = append(list, "/"+string(key)+" "+written(x[key]))
		}
		return "<<" + strings.Join(list, " ") + ">>"
	case *stream:
		return written(x.dict)
	}
	return fmt.Sprint(x)
}
