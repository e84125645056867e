package text_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bookci/bookci/build/draft/text"
	"github.com/bookci/bookci/build/review"
)

// oneChapter is a manuscript without a disk.
type oneChapter string

func (c oneChapter) Read(name string) ([]byte, error) {
	if name == "ch01.re" {
		return []byte(c), nil
	}
	return nil, errors.New("there is no such file")
}

func (c oneChapter) Images(string) []string { return nil }

func printed(chapter string) string {
	tree := review.Read(&review.Manuscript{
		Dir: ".", Files: oneChapter(chapter), Builders: []string{"plaintext"},
		Chapters: []review.Entry{{ID: "ch01", File: "ch01.re", Kind: review.Body}},
	})
	return text.Files(tree)[0].Text
}

func FuzzText(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "book", "*.re"))
	if err != nil || len(names) == 0 {
		f.Fatal("no chapters to begin with: ", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, chapter string) {
		out := printed(chapter)
		if !utf8.ValidString(out) {
			t.Error("what is printed is no UTF-8")
		}
		if strings.Contains(out, "\x01") {
			t.Error("a mark of the writer's own is printed")
		}
	})
}

// A chapter cannot be printed many times over.
func TestHostileChaptersArePrintedInBounds(t *testing.T) {
	const n = 20_000
	for name, chapter := range map[string]string{
		"one long row":     "//table[a][b]{\n" + strings.Repeat("x\t", n) + "y\n" + strings.Repeat("\n", n) + "//}\n",
		"children":         strings.Repeat(" * a\n//beginchild\n", n),
		"endnotes":         strings.Repeat("//endnote[a][b]\n//printendnotes\n", n),
		"a long title":     "= 章\n=={a} " + strings.Repeat("@<b>{長}", n) + "\n\n" + strings.Repeat("@<hd>{a}\n", n),
		"tabs":             "//list[a][b]{\n" + strings.Repeat("\t", n) + "\n//}\n",
		"titles in titles": "= 章\n=={a} @<hd>{a}@<hd>{b}\n\n=={b} @<hd>{a}@<hd>{a}\n\n" + strings.Repeat("@<hd>{a}@<hd>{b}\n", n),
	} {
		if out := printed(chapter); len(out) > 100*len(chapter)+1<<22 {
			t.Errorf("%s: %d bytes become %d", name, len(chapter), len(out))
		}
	}
}
