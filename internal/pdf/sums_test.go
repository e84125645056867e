package pdf

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// writePDF writes a PDF of objects, numbered from 1, of which the first is the
// catalog.
func writePDF(t *testing.T, objects ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "book.pdf")
	if err := os.WriteFile(name, plain("", objects...), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPageSumsTellPagesApart(t *testing.T) {
	page := func(parent, contents int) string {
		return fmt.Sprintf("<</Type/Page/Parent %d 0 R/Contents %d 0 R>>", parent, contents)
	}
	sums, err := pageSumsOf(t, writePDF(t, "<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Count 3/Kids[3 0 R 6 0 R]>>", "<</Type/Pages/Parent 2 0 R/Count 2/Kids[4 0 R 5 0 R]>>",
		page(3, 7), page(3, 8), page(2, 7), streamOf("", "one"), streamOf("", "two")))
	if err != nil || len(sums) != 3 || sums[0] == sums[1] || sums[0] != sums[2] {
		t.Errorf("%x, %v", sums, err)
	}
}

func TestPagesWithinThemselvesAreRefused(t *testing.T) {
	sums, err := pageSumsOf(t, writePDF(t, "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]>>"))
	if err == nil {
		t.Errorf("a circle of pages has %d of them", len(sums))
	}
}

// A page without resources whose parent is itself.
func TestPagesAboveThemselvesAreRead(t *testing.T) {
	sums, err := pageSumsOf(t, writePDF(t, "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 3 0 R>>"))
	if err != nil || len(sums) != 1 {
		t.Errorf("%x, %v", sums, err)
	}
}

func pageSumsOf(t *testing.T, name string) ([]PageSum, error) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return PageSums(t.Context(), f)
}
