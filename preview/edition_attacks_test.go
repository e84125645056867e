package preview

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// objectsPDF writes a PDF of objects, numbered from 1, of which the first is the
// catalog.
func objectsPDF(t *testing.T, objects ...string) string {
	t.Helper()
	var b, table bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, &table, start)
	path := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever of a PDF goes round in circles, its pages are shown.
func TestCirclesInAnEditionEnd(t *testing.T) {
	const pages = "<</Kids[3 0 R]/MediaBox[0 0 100 200]>>"
	for name, objects := range map[string][]string{
		"an outline follows itself": {"<</Pages 2 0 R/Outlines<</First 4 0 R>>>>", pages, "<<>>",
			"<</Title(A)/Dest[3 0 R]/Next 4 0 R/First 4 0 R>>"},
		"a destination names itself": {"<</Pages 2 0 R/Dests 5 0 R/Outlines<</First 4 0 R>>>>", pages, "<<>>",
			"<</Title(A)/Dest/B>>", "<</B/B>>"},
		"names hold themselves": {"<</Pages 2 0 R/Names<</Dests 5 0 R>>/Outlines<</First 4 0 R>>>>", pages, "<<>>",
			"<</Title(A)/Dest(B)>>", "<</Names[(B)[3 0 R]]/Kids[5 0 R 5 0 R]>>"},
		"a form draws itself twice": {"<</Pages 2 0 R>>", pages, "<</Contents 4 0 R/Resources<</XObject<</A 4 0 R/B 4 0 R>>>>>>",
			"<</Subtype/Form/Length 0/Resources<</XObject<</A 4 0 R/B 4 0 R>>>>>>\nstream\n\nendstream"},
		"a mask masks itself": {"<</Pages 2 0 R>>", pages, "<</Contents 4 0 R/Resources<</XObject<</A 4 0 R>>>>>>",
			"<</Length 0/SMask 4 0 R>>\nstream\n\nendstream"},
	} {
		e, err := openEdition(t.Context(), objectsPDF(t, objects...), "x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e.file.Close()
		if len(e.pages) != 1 || len(e.outline) > mostEntries {
			t.Errorf("%s: %d pages, %d titles", name, len(e.pages), len(e.outline))
		}
		if strings.HasPrefix(name, "names") && (len(e.outline) != 1 || e.outline[0].Page != 1) {
			t.Errorf("%s: the outline is %+v", name, e.outline)
		}
	}
}
