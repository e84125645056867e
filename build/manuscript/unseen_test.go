package manuscript

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/testbook"
)

// checked is what is told of a book with one code.
func checked(t *testing.T, files map[string]string, code string, targets ...book.Target) []book.Diagnostic {
	t.Helper()
	b, err := book.Read(testbook.Folder(t, files), ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := Check(b, nil, nil, targets...)
	if err != nil {
		t.Fatal(err)
	}
	var found []book.Diagnostic
	for _, d := range all {
		if d.Code == code {
			found = append(found, d)
		}
	}
	return found
}

func TestTermsForAnIndexThatTheBookDoesNotHaveAreToldOnce(t *testing.T) {
	files := map[string]string{"config.yml": "bookname: b\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= 章\n\n本文の@<idx>{語}と@<hidx>{別}\n\n@<idx>{三}\n"}
	found := checked(t, files, "index-unused")
	if len(found) != 1 || found[0].Severity != book.Note || found[0].Line != 3 || found[0].Column != 4 {
		t.Errorf("found %v", found)
	}
	if found := checked(t, files, "index-unused", book.EPUB); len(found) > 0 {
		t.Errorf("of an EPUB: %v", found)
	}
	// Outside pdfmaker Re:VIEW does not see it.
	for config, most := range map[string]int{"bookname: b\nmakeindex: true\n": 1, "bookname: b\npdfmaker:\n  makeindex: true\n": 0} {
		files["config.yml"] = config
		if found := checked(t, files, "index-unused"); len(found) != most {
			t.Errorf("%s: %v", config, found)
		}
	}
}

func TestAnImageThatSomeViewersShowNothingOfIsTold(t *testing.T) {
	header := func(depth, colour byte) string {
		return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01" + string([]byte{depth, colour, 0, 0, 0})
	}
	files := map[string]string{"config.yml": "bookname: b\n", "catalog.yml": "CHAPS: [ch01.re]\n",
		"ch01.re":           "= 章\n\n//image[deep][題]{\n//}\n\n//image[flat][題]{\n//}\n\n//indepimage[short]\n\n//indepimage[solid]\n",
		"images/deep.png":   header(16, 6),
		"images/flat.png":   header(8, 6),
		"images/solid.png":  header(16, 2),
		"images/short.png":  "\x89PNG",
		"images/unused.png": header(16, 6),
	}
	found := checked(t, files, "image-depth")
	if len(found) != 1 || found[0].Severity != book.Warning || found[0].File != "ch01.re" || found[0].Line != 3 {
		t.Errorf("found %v", found)
	}
	if found := checked(t, files, "image-depth", book.EPUB); len(found) > 0 {
		t.Errorf("of an EPUB: %v", found)
	}
}

// TeX and Re:VIEW stop at both, with words that name neither.
func TestAnImageThatIsNoPictureIsTold(t *testing.T) {
	files := map[string]string{"config.yml": "bookname: b\n", "catalog.yml": "CHAPS: [ch01.re]\n",
		"ch01.re":         "= 章\n\n//image[note][題]{\n//}\n\n//image[link][題]{\n//}\n\n//image[fine][題]{\n//}\n",
		"images/note.jpg": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
		"images/fine.jpg": "\xff\xd8",
	}
	root := testbook.Folder(t, files)
	if err := os.Symlink("absent.png", filepath.Join(root, "images/link.png")); err != nil {
		t.Fatal(err)
	}
	b, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, targets := range [][]book.Target{{book.PDF}, {book.EPUB}, {book.PDF, book.EPUB}} {
		found, err := Check(b, nil, nil, targets...)
		if err != nil || len(found) != 2 || found[0].Line != 3 || found[1].Line != 6 || found[0].Code != "image-unreadable" || found[1].Code != "image-unreadable" ||
			!strings.Contains(found[0].Hint, "git lfs pull") || !strings.Contains(found[1].Message, "images/link.png is a link that leads nowhere") || found[0].Severity != book.Error {
			t.Errorf("%v: %v: %v", targets, err, found)
		}
	}
}
