package manuscript

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
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
