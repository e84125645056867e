package book

import (
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func TestTheDefaultImageIsTheNewestOfTheMajorVersion(t *testing.T) {
	for version, want := range map[string]string{"": "5.9", "5.9": "5.9", "5.0": "5.9", "5.10": "5.9", "5.11": "5.9", "5": "5.9", "4.0": "4.2", "3.1": "3.2", "2.0": "2.5", "9.0": "5.9", "x": "5.9", " 3.2.1 ": "3.2"} {
		if got := DefaultImage(version); got != "vvakame/review:"+want {
			t.Errorf("%q needs %s, not %s", version, want, got)
		}
	}
}

func TestTheVersionIsReadAsItIsWritten(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{"config.yml": "review_version: 5.10\nbookname: b\n"}))
	if b.ReviewVersion != "5.10" {
		t.Errorf("read %q", b.ReviewVersion)
	}
}

func TestABookOfRemoteTimesGetsAnImageThatCanBuildIt(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		image string
		why   bool
	}{
		"CHAPS and no version":     {map[string]string{"config.yml": "bookname: old\n", "CHAPS": "ch01.re\n", "ch01.re": "= 1\n"}, "vvakame/review:2.5", true},
		"CHAPS and a version":      {map[string]string{"config.yml": "bookname: old\nreview_version: 4.0\n", "CHAPS": "ch01.re\n", "ch01.re": "= 1\n"}, "vvakame/review:4.2", false},
		"a catalog, no version":    {map[string]string{"config.yml": "bookname: new\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= 1\n"}, "vvakame/review:5.9", false},
		"neither list nor version": {map[string]string{"config.yml": "bookname: new\n", "ch01.re": "= 1\n"}, "vvakame/review:5.9", false},
	} {
		ref, why := readBook(t, c.files).Image()
		if ref != c.image || (why != "") != c.why {
			t.Errorf("%s: %s because %q", name, ref, why)
		}
	}
}
