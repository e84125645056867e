package pdf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// writePDF writes a PDF of objects, numbered from 1, of which the first is the
// catalog.
func writePDF(t *testing.T, objects ...string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	var table bytes.Buffer
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, &table, len(objects)+1, start)
	name := filepath.Join(t.TempDir(), "book.pdf")
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPageSumsTellPagesApart(t *testing.T) {
	stream := func(text string) string {
		return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text)
	}
	page := func(parent, contents int) string {
		return fmt.Sprintf("<</Type/Page/Parent %d 0 R/Contents %d 0 R>>", parent, contents)
	}
	sums, err := PageSums(writePDF(t, "<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Count 3/Kids[3 0 R 6 0 R]>>", "<</Type/Pages/Parent 2 0 R/Count 2/Kids[4 0 R 5 0 R]>>",
		page(3, 7), page(3, 8), page(2, 7), stream("one"), stream("two")))
	if err != nil || len(sums) != 3 || sums[0] == sums[1] || sums[0] != sums[2] {
		t.Errorf("%x, %v", sums, err)
	}
}

func TestPagesWithinThemselvesAreRefused(t *testing.T) {
	sums, err := PageSums(writePDF(t, "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]>>"))
	if err == nil {
		t.Errorf("a circle of pages has %d of them", len(sums))
	}
}

// A page without resources whose parent is itself.
func TestPagesAboveThemselvesAreRead(t *testing.T) {
	sums, err := PageSums(writePDF(t, "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 3 0 R>>"))
	if err != nil || len(sums) != 1 {
		t.Errorf("%x, %v", sums, err)
	}
}
