package diagnose

import "testing"

func TestAnIdThatIsGivenThreeTimesIsToldAtBothPlaces(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//image[x][a]{\n//}\n\n//image[x][b]{\n//}\n\n//image[x][c]{\n//}\n"}
	said := "WARN review-pdfmaker: ch01.re: warning: duplicate ID: x (#<ReVIEW::Book::Index::Item:0x00007fadaf2fe1d0 @id=\"x\">)\n"
	found := saysOf(t, 0, said+said, "", "", files)
	if len(found) != 2 || found[0].Line != 6 || found[1].Line != 9 || found[0].Count > 1 {
		t.Errorf("found %+v", found)
	}
}
