package diagnose

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/testbook"
)

// review-update refuses a book without review_version, so it is no way out.
func TestAnOldBookThatANewReVIEWCannotMakeIsSentToItsOwn(t *testing.T) {
	old, err := book.Read(testbook.Folder(t, map[string]string{"config.yml": "bookname: old\n", "CHAPS": "ch01.re\n", "ch01.re": "= 1\n"}), ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	log := "ERROR review-pdfmaker: failed to run command: uplatex\n\nError log:\nThis is e-upTeX, Version 3\n./ch01.tex:8: LaTeX Error: Environment reviewcolumn undefined.\n\nl.8 \\begin{reviewcolumn}\n"
	l := NewLog(LogOptions{Book: old, Target: book.PDF, Work: "/work"})
	if _, err := l.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	found := l.Diagnostics(1, nil, func(string) ([]byte, error) { return []byte("= 1\n"), nil })
	if len(found) == 0 || !strings.Contains(found[0].Hint, "bookci build --image vvakame/review:2.5") {
		t.Errorf("got %+v", found)
	}
}

func TestAnOldBookIsNotAskedToBecomeANewOne(t *testing.T) {
	old, err := book.Read(testbook.Folder(t, map[string]string{"config.yml": "bookname: old\n", "CHAPS": "ch01.re\n", "ch01.re": "= 1\n"}), ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	l := NewLog(LogOptions{Book: old, Target: book.PDF, Work: "/work"})
	if _, err := l.Write([]byte("WARN: review-pdfmaker: !!! CHAPS is obsoleted. please use catalog.yml\n")); err != nil {
		t.Fatal(err)
	}
	if found := l.Diagnostics(0, nil, func(string) ([]byte, error) { return []byte("= 1\n"), nil }); len(found) > 0 {
		t.Errorf("got %+v", found)
	}
}
