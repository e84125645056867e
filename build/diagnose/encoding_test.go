package diagnose

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

func TestAChapterInAnotherEncodingIsNamedAtItsLine(t *testing.T) {
	l := NewLog(LogOptions{Book: faultyBook(), Target: book.PDF, Work: "/work"})
	if _, err := l.Write([]byte("ERROR review-pdfmaker: ch01.re: invalid byte sequence in UTF-8\n")); err != nil {
		t.Fatal(err)
	}
	found := l.Diagnostics(1, nil, func(name string) ([]byte, error) {
		if name == "articles/ch01.re" {
			return []byte("= One\n\n\x82\xb1\x82\xcc\x95\xb6\x8f\xcd\n"), nil
		}
		return bookFile(name)
	})
	if len(found) != 1 || found[0].File != "articles/ch01.re" || found[0].Line != 3 || !strings.Contains(found[0].Message, "Shift_JIS") || !strings.Contains(found[0].Hint, "iconv -f CP932") {
		t.Errorf("got %v", found)
	}
}
