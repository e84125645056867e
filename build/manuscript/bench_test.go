package manuscript

import (
	"os"
	"testing"

	"github.com/bookci/bookci/build/book"
)

func BenchmarkCheck(b *testing.B) {
	dir := os.Getenv("BOOKCI_BOOK")
	if dir == "" {
		b.Skip("BOOKCI_BOOK names the book's folder")
	}
	for b.Loop() {
		bk, err := book.Read(dir, ".", "config.yml")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Check(bk, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
