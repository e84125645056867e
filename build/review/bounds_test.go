package review

import (
	"fmt"
	"runtime"
	"slices"
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

// counted is a manuscript that counts how often each file is read.
type counted struct {
	memory
	reads map[string]int
}

func (c counted) Read(name string) ([]byte, error) {
	c.reads[name]++
	return c.memory.Read(name)
}

// A catalog and a config of a few megabytes can name a file a million times.
func TestAFileThatIsNamedWithoutEndIsReadAFewTimes(t *testing.T) {
	const times = 5000
	megabyte := strings.Repeat("#@# "+strings.Repeat("x", 1019)+"\n", 1024)
	files := counted{memory{"ch01.re": megabyte, "words.csv": "a,b\n"}, map[string]int{}}
	m := &Manuscript{Dir: ".", Files: files, Config: map[string]any{"words_file": slices.Repeat([]any{"words.csv"}, times)}}
	for range times {
		m.Chapters = append(m.Chapters, Entry{ID: "ch01", File: "ch01.re", Kind: Body})
	}
	if b := Read(m); !b.Cut {
		t.Error("gigabytes of chapters are read as a whole")
	}
	if most := maxBytes>>20 + 1; files.reads["ch01.re"] > most || files.reads["words.csv"] > maxWordFiles {
		t.Errorf("read are %v", files.reads)
	}
}

// Each guess compares a name with all others.
func TestGuessesAreBoundedInABookOfManyChapters(t *testing.T) {
	files := counted{memory{"ch.re": "= 章\n\n@<chap>{absent}\n"}, map[string]int{}}
	m := &Manuscript{Dir: ".", Files: files}
	for i := range 3000 {
		m.Chapters = append(m.Chapters, Entry{ID: fmt.Sprintf("ch%d", i), File: "ch.re", Kind: Body})
	}
	Read(m)
	if n := files.reads["absent.re"]; n == 0 || n > 500 {
		t.Errorf("%d guesses", n)
	}
}

func TestALocaleWithoutEndIsToldAndNotRead(t *testing.T) {
	files := memory{"ch01.re": "= 章\n", "locale.yml": "locale: ja\nlist: 例\n" + strings.Repeat("#\n", maxBeside)}
	b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
	if len(b.Faults) != 1 || b.Faults[0].Severity != book.Warning || b.Faults[0].File != "locale.yml" || b.Locale.Word("list") != "リスト" {
		t.Errorf("%v, a list is %q", b.Faults, b.Locale.Word("list"))
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
