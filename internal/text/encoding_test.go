package text

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func TestTheEncodingOfAFileIsGuessed(t *testing.T) {
	const book = "= First\n\nこれは日本語の文章です。漢字とカタカナ、\nそしてひらがながあります。\n"
	for name, enc := range map[string]encoding.Encoding{
		"CP932": japanese.ShiftJIS, "EUC-JP": japanese.EUCJP,
		"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	} {
		data, err := enc.NewEncoder().String(book)
		if err != nil {
			t.Fatal(err)
		}
		want := 3
		if name[:3] == "UTF" {
			want = 1
		}
		if line, got := NotUTF8([]byte(data)); got != name || line != want {
			t.Errorf("%s: line %d looks like %q", name, line, got)
		}
	}
	if line, got := NotUTF8([]byte(book)); line != 0 || got != "" {
		t.Errorf("UTF-8: line %d looks like %q", line, got)
	}
	if line, got := NotUTF8([]byte("a\nb\xff")); line != 2 || got != "" {
		t.Errorf("noise: line %d looks like %q", line, got)
	}
}

func TestWordsAreQuotedForTheShell(t *testing.T) {
	for word, want := range map[string]string{"a.re": "a.re", "章.re": "章.re", "a b": "'a b'", "it's": `'it'\''s'`, "-x": "'-x'", "": "''"} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
