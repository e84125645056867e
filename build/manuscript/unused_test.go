package manuscript

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/testbook"
)

// A folder that a Windows machine has named is no UTF-8, and cannot be opened below
// the root.
func TestAFolderThatCannotBeReadHidesNoOther(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"config.yml": "bookname: b\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= 章\n",
		"images/logo.png": "", "様式/book.sty": "\\includegraphics{logo}\n",
	})
	if err := os.Mkdir(filepath.Join(root, "\x83\x65"), 0o777); err != nil {
		t.Skip("no folder here has such a name: ", err)
	}
	b, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	found, err := Check(b, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		if d.Code == "image-unused" {
			t.Errorf("a style shows it: %v", d)
		}
	}
}
