package manuscript

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/internal/testbook"
)

// A chapter larger than what is read of a file is no missing one.
func TestOfAnEndlessChapterTheBeginningIsRead(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"config.yml": "bookname: book\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= One\n\n@<nosuch>{x}\n" + strings.Repeat("x\n", maxFile/2),
	})
	b, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, f := range tree.Faults {
		codes[f.Code] = true
	}
	if !tree.Cut || !codes["review-too-long"] || !codes["review-unknown-inline"] {
		t.Errorf("cut: %v, faults: %v", tree.Cut, codes)
	}
}

// Re:VIEW 5.9 counts a part also when it has no chapters, or the title of the one before.
func TestEveryPartIsCounted(t *testing.T) {
	for catalog, want := range map[string]string{
		"CHAPS:\n  - 一: []\n  - 二:\n    - ch01.re\n":                         "第I部 一, 第II部 二, 第1章 章",
		"CHAPS:\n  - 部:\n    - ch01.re\n  - 部:\n    - ch02.re\n":             "第I部 部, 第1章 章, 第II部 部, 第2章 章",
		"CHAPS:\n  - 一:\n    - ch01.re\n  - 二: []\nAPPENDIX:\n  - ch02.re\n": "第I部 一, 第1章 章, 第II部 二, 付録A 章",
		"CHAPS:\n  - ch01.re\n  - 一: []\n":                                   "第1章 章, 第I部 一",
	} {
		root := testbook.Folder(t, map[string]string{"config.yml": "bookname: b\n", "catalog.yml": catalog, "ch01.re": "= 章\n", "ch02.re": "= 章\n"})
		b, err := book.Read(root, ".", "config.yml")
		if err != nil {
			t.Fatal(err)
		}
		tree, err := Read(b)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, c := range tree.Chapters {
			labels = append(labels, c.Label+" "+review.PlainText(c.Title))
		}
		if got := strings.Join(labels, ", "); got != want {
			t.Errorf("%q is %s", catalog, got)
		}
	}
}
