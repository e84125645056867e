package review

import (
	"runtime"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

// A chapter of a few bytes in each of very many pieces takes many times its size
// in memory, so that the reader ends where no book goes on.
func TestABookWithoutEndIsReadInBoundedMemory(t *testing.T) {
	const size = 16 << 20
	for name, text := range map[string][3]string{
		"rows":       {"//table[a][b]{\n", "x\n", "//}\n"},
		"cells":      {"//table[a][b]{\n", "x\t", "x\n//}\n"},
		"code":       {"//list[a][b]{\n", "x\n", "//}\n"},
		"a note":     {"//note{\n", "x\n\n", "//}\n"},
		"items":      {"", " * x\n", ""},
		"headings":   {"", "== x\n", ""},
		"commands":   {"", "@<b>{x}", "\n"},
		"fences":     {"", "@<b>$x$", "\n"},
		"paragraphs": {"", "x\n\n", ""},
		"blank":      {"", "\n", ""},
		"arguments":  {"//nosuch", "[a]", "\n"},
		"names":      {"//embed[", "a,", "]{\n//}\n"},
		"readings":   {"@<ruby>{", "a,", "}\n"},
		"no command": {"", "「@<b>", "\n"},
	} {
		whole := "= t\n\n" + text[0] + strings.Repeat(text[1], size/len(text[1])) + text[2]
		files := memory{"ch01.re": whole, "ch02.re": "= u\n\n@<table>{ch01|z}@<fn>{z}\n\n//footnote[y][y]\n"}
		before := held()
		b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}, {ID: "ch02", File: "ch02.re", Kind: Body}}})
		if used := (held() - before) >> 20; used > 100 {
			t.Errorf("%s: %d MiB of memory for 16 MiB of text", name, used)
		}
		told := 0
		for _, f := range b.Faults {
			switch {
			case f.Code == "review-too-long" && f.Severity == book.Warning && f.File == "ch01.re":
				told++
			case b.Cut && f.Severity == book.Error:
				t.Errorf("%s: what was not read may be right: %+v", name, f)
			}
		}
		if b.Cut != (told == 1) || told > 1 {
			t.Errorf("%s: cut %t, told %d times", name, b.Cut, told)
		}
	}
}

// held is the memory that something still refers to.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestALineForWhichThereIsNoRoomIsLeftOutAsAWhole(t *testing.T) {
	for _, c := range []struct {
		room room
		text string
		head string
	}{
		{room{bytes: 100, lines: 2}, "a\nb\nc\n", "a\nb\n"},
		{room{bytes: 100, lines: 3}, "a\nb\nc\n", "a\nb\nc\n"},
		{room{bytes: 100, lines: 2}, "a\r\nb\rc\r\n", "a\r\nb\r"},
		{room{bytes: 5, lines: 9}, "a\nbb\nccc", "a\nbb\n"},
		{room{bytes: 6, lines: 9}, "a\nbb\nccc", "a\nbb\n"},
		{room{bytes: 8, lines: 9}, "a\nbb\nccc", "a\nbb\nccc"},
		{room{bytes: 3, lines: 9}, "aaaaa", ""},
		{room{}, "a", ""},
		{room{}, "", ""},
	} {
		head, cut := c.room.head([]byte(c.text))
		if string(head) != c.head || cut != (c.head != c.text) {
			t.Errorf("%q: %q, cut %t", c.text, head, cut)
		}
	}
}
