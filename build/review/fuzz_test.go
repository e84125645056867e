package review

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// memory is a manuscript without a disk.
type memory map[string]string

var errAbsent = errors.New("there is no such file")

func (m memory) Read(name string) ([]byte, error) {
	if s, ok := m[name]; ok {
		return []byte(s), nil
	}
	return nil, errAbsent
}

func (m memory) Images(folder string) []string {
	var files []string
	for name := range m {
		if strings.HasPrefix(name, folder+"/") {
			files = append(files, name)
		}
	}
	return files
}

// readOne reads a book of one chapter, ch01.re.
func readOne(text string) *Book {
	return Read(&Manuscript{Dir: ".", Files: memory{"ch01.re": text}, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
}

// sound fails for a tree that its users could stumble over.
func sound(t *testing.T, b *Book, files memory) {
	t.Helper()
	lines := map[string]int{}
	for name, text := range files {
		lines[name] = strings.Count(text, "\n") + strings.Count(text, "\r") + 1
	}
	place := func(at Place) {
		if at.File != "" && (at.Line < 0 || at.Line > lines[at.File] || at.Column < 0) {
			t.Errorf("a place at %v of a file of %d lines", at, lines[at.File])
		}
	}
	text := func(s string) {
		if !utf8.ValidString(s) {
			t.Errorf("%q is no UTF-8", s)
		}
	}
	b.Walk(func(c *Chapter, n Node) bool {
		place(n.At())
		switch n := n.(type) {
		case *Table:
			for _, row := range n.Rows {
				if len(row) > n.Columns {
					t.Errorf("a row of %d cells in a table of %d", len(row), n.Columns)
				}
			}
		case *Item:
			if n.Lists > len(n.Blocks) {
				t.Error("an item has more lists than blocks")
			}
		case *Definition:
			if joined := len(n.Paragraphs()); joined < 1 {
				t.Error("a definition without a paragraph")
			}
		case Inline:
			s := PlainText([]Inline{n})
			text(s)
			if _, ok := n.(*Ref); ok && len(s) > len(files["ch01.re"])+4*longestTitle {
				t.Errorf("a reference shows %d bytes", len(s))
			}
		}
		return true
	})
	for _, f := range b.Faults {
		place(Place{f.File, f.Line, f.Column})
		text(f.Message)
		text(f.Source)
		if f.Message == "" || f.Code == "" || strings.Contains(f.Message, "\n") {
			t.Errorf("a fault without words: %+v", f)
		}
	}
}

// seeds are the chapters of the book that holds the whole language.
func seeds(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("..", "draft", "text", "testdata", "book", "*.re"))
	if err != nil || len(names) == 0 {
		f.Fatal("no chapters to begin with: ", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("= @<hd>{a}\n== @<hd>{b}\n=={b} @<title>{ch01}@<hd>{b}\n"))
	f.Add([]byte("//list[a][b]{\n@<b>{@<i>$x$\\}\n"))
	f.Add([]byte(" * a\n//beginchild\n * b\n//beginchild\n//endchild\n//endchild\n * c\n"))
}

func FuzzChapter(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		files := memory{"ch01.re": string(data), "images/a.png": ""}
		b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
		sound(t, b, files)
	})
}

// Whatever lies beside the chapters is a stranger's, too.
func FuzzCompanions(f *testing.F) {
	f.Add([]byte("locale: ja\nlist: 実行例%pA%s\n"), []byte("definline :x\n"), []byte("a,b\n"), []byte("//bibpaper[a][b]\n"), "付録", 3)
	f.Add([]byte("ja: {part: \"%pJ%pRW\"}"), []byte("Compiler.defblock :y, 0..1"), []byte("\"\"\"\n"), []byte("= x"), "../..", -1)
	f.Fuzz(func(t *testing.T, locale, extension, words, bib []byte, part string, level int) {
		files := memory{
			"locale.yml": string(locale), "review-ext.rb": string(extension), "words.csv": string(words), "bib.re": string(bib),
			"ch01.re": "= 章\n== @<w>{a}@<x>{y}\n//y[a]{\n//}\n@<bib>{a}@<chapref>{ch01}@<list>{a}\n//list[a][]{\n//}\n", "part.re": "= 部\n== 節\n",
		}
		b := Read(&Manuscript{
			Dir: ".", Files: files, Config: map[string]any{"secnolevel": level, "words_file": "words.csv", "language": part},
			Chapters: []Entry{
				{ID: part, Kind: Part}, {ID: "ch01", File: "ch01.re", Kind: Body, Part: part}, {ID: "part", File: "part.re", Kind: Part},
				{ID: "a", File: "ch01.re", Kind: Appendix},
			},
		})
		if utf8.ValidString(part) && utf8.Valid(locale) {
			sound(t, b, files)
		}
	})
}

// Each of these takes quadratic time or memory where a line is looked at again
// for each of its commands, or a title copied for each of its uses.
func TestHostileChaptersTakeLinearTime(t *testing.T) {
	const n = 20_000
	for name, text := range map[string]string{
		"commands never closed":    strings.Repeat("@<b>{", n),
		"fences never closed":      strings.Repeat("@<b>$@<i>|", n),
		"arguments never closed":   "//list" + strings.Repeat("[a", n),
		"many arguments":           "//list" + strings.Repeat("[a]", n),
		"backslashes":              "@<b>{" + strings.Repeat(`\`, 5*n),
		"commas":                   "@<ruby>{" + strings.Repeat(`\\,`, n) + "}",
		"unknown commands":         strings.Repeat("@<nosuch>{}\n", n),
		"one long title":           "= 章\n== " + strings.Repeat("長", n) + "\n\n" + strings.Repeat("=== 項\n\n", n),
		"references to a title":    "= 章\n=={a} " + strings.Repeat("@<b>{長}", n) + "\n\n" + strings.Repeat("@<hd>{a}\n", n),
		"titles that double":       "= 章\n=={l0} x\n\n" + doublingTitles(200),
		"children":                 strings.Repeat(" * a\n//beginchild\n", n),
		"stars":                    " " + strings.Repeat("*", 5*n) + "\n",
		"deeper and deeper":        deeper(800),
		"one row among blank ones": "//table[a][b]{\n" + strings.Repeat("x\t", n) + "y\n" + strings.Repeat("\n", n) + "//}\n",
		"endnotes printed often":   strings.Repeat("//endnote[a][b]\n//printendnotes\n", n),
		"doubled ids":              strings.Repeat("//list[a][b]{\n//}\n", n),
		"references to nothing":    strings.Repeat("//list[a|b][b]{\n//}\n", 10) + strings.Repeat("@<list>{b}@<list>{c}\n", n),
		"columns":                  strings.Repeat("==[column] a\n\n===[column] b\n\n", n),
		"tags":                     strings.Repeat("======[nonum] a\n\n===[/column]\n\n", n),
		"raw bytes":                strings.Repeat("\xff\x00\n", n),
	} {
		t.Run(name, func(t *testing.T) {
			files := memory{"ch01.re": text}
			sound(t, readOne(text), files)
		})
	}
}

func doublingTitles(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("=={l" + strings.Repeat("x", i+1) + "} @<hd>{l" + strings.Repeat("x", i) + "}@<hd>{l" + strings.Repeat("x", i) + "}\n\n")
	}
	return b.String()
}

func deeper(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + strings.Repeat("*", i+1) + " x\n")
	}
	return b.String()
}
