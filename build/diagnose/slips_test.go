package diagnose

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// Git LFS leaves a note where a picture was not fetched, as a CI's checkout does.
func TestAnImageThatWasNotFetchedIsToldAsThat(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//image[plan][題]{\n//}\n", "images/plan.png": text.LFSPointer + "v1\noid sha256:0\nsize 1\n"}
	log := texBegins + "! LaTeX Error: Cannot determine size of graphic in images/plan.xbb (no BoundingBox).\n\nl.7 ...degraphics[width=\\maxwidth]{images/plan.png}\n\n"
	found := saysOf(t, 1, log, "", "", files)
	if len(found) != 1 || found[0].Code != "tex-image-unreadable" || !strings.Contains(found[0].Message, "has not been fetched") || !strings.Contains(found[0].Hint, "git lfs pull") {
		t.Errorf("found %v", found)
	}
	files["images/plan.png"] = "x"
	if found := saysOf(t, 1, log, "", "", files); len(found) != 1 || strings.Contains(found[0].Hint, "lfs") {
		t.Errorf("a damaged one: %v", found)
	}
}

func TestAnImageThatIsALinkToNothingIsNamedAtItsLine(t *testing.T) {
	files := map[string]string{"ch01.re": "= 章\n\n//image[map][題]{\n//}\n\n//image[plan][題]{\n//}\n"}
	for _, name := range []string{"plan", "ch01-plan"} {
		log := "/usr/lib/ruby/3.1.0/fileutils.rb:1394:in `initialize': No such file or directory @ rb_sysopen - images/" + name + ".png (Errno::ENOENT)\n\tfrom /usr/lib/ruby/3.1.0/fileutils.rb:1394:in `open'\n"
		found := saysOf(t, 1, log, "", "", files)
		if len(found) != 1 || found[0].Code != "file-missing" || found[0].Line != 6 || !strings.Contains(found[0].Message, name+".png") || found[0].Hint == "" {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestAnIDThatHasTakenACommandIsNotToldBesideTheCommand(t *testing.T) {
	const log = "ERROR review-pdfmaker: ch01.re:3: `@<xxx>' seen but is not valid inline op: @<img>{cat@<table>{t}\nERROR review-pdfmaker: ch01.re:3: unknown image: cat@<table>{t\n"
	if found := told(t, 1, log); len(found) != 1 || found[0].Code != "review-nested-inline" {
		t.Errorf("found %v", found)
	}
}

func TestRubysWordsForUTF16AreNotToldBesideTheEncoding(t *testing.T) {
	const log = "/gems/review-5.9.0/lib/review/book/chapter.rb:52:in `read': ASCII incompatible encoding needs binmode (ArgumentError)\n\tfrom /gems/review-5.9.0/lib/review/book/chapter.rb:52:in `initialize'\n"
	found := saysOf(t, 1, log, "", "", map[string]string{"ch01.re": "\xff\xfe=\x00 \x00z\x7a\n\x00"})
	if len(found) != 1 || found[0].Code != "review-encoding" {
		t.Errorf("found %v", found)
	}
}

func TestAReferenceToAChapterWithoutATitleSaysWhatToWrite(t *testing.T) {
	const tex = texBegins + "LaTeX Warning: Hyper reference `chap:ch02' on page 2 undefined on input line 42.\n\n"
	for said, hint := range map[string]string{tex: `begin ch02.re with a line "= title"`, strings.ReplaceAll(tex, "chap:ch02", "chap:ch77"): "check the spelling of the label"} {
		found := saysOf(t, 0, "", said, "", map[string]string{"ch01.re": "= 章\n\n@<chap>{ch02}\n", "ch02.re": "本文\n"})
		if len(found) != 1 || found[0].Hint != hint {
			t.Errorf("found %v", found)
		}
	}
}

func TestAReviewVersionThatIsNotTheImagesIsNamedAtItsLine(t *testing.T) {
	found := saysOf(t, 0, "WARN review-pdfmaker: major version of configuration file is different.\n", "", "", map[string]string{"config.yml": "bookname: b\nreview_version: 6.0\n"})
	if len(found) != 1 || found[0].File != "articles/config.yml" || found[0].Line != 2 || found[0].Severity != book.Warning {
		t.Errorf("found %v", found)
	}
}

// It is what such pictures are to be read as, and nobody's to mend.
func TestThatAPictureOfFourInksIsInvertedIsNoWarning(t *testing.T) {
	if found := saysOf(t, 0, "dvipdfmx:warning: Adobe CMYK JPEG: Inverted color assumed.\n", "", "", nil); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if found := saysOf(t, 0, "dvipdfmx:warning: Something else is assumed.\n", "", "", nil); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}

// All that a chapter holds is there twice then: the catalog is what is to be mended.
func TestLabelsOfAChapterThatTheCatalogNamesTwiceAreNotTold(t *testing.T) {
	const tex = texBegins + "LaTeX Warning: Label `chap:ch01' multiply defined.\n\nLaTeX Warning: Label `table:ch01:t' multiply defined.\n\n"
	const log = "WARN review-pdfmaker: duplicate ID: ch01 (#<ReVIEW::Book::Chapter>)\n"
	b := faultyBook()
	for _, again := range []bool{false, true} {
		if again {
			b.Chapters = append(b.Chapters, b.Chapters[2])
		}
		l := NewLog(LogOptions{Book: b, Work: "/work"})
		if _, err := l.Write([]byte(log)); err != nil {
			t.Fatal(err)
		}
		found := l.Diagnostics(0, &Notes{TeX: []byte(tex)}, bookFile)
		if (len(found) == 0) != again {
			t.Errorf("again is %t: %v", again, found)
		}
	}
	// Another chapter's are.
	l := NewLog(LogOptions{Book: b, Work: "/work"})
	if found := l.Diagnostics(0, &Notes{TeX: []byte(texBegins + "LaTeX Warning: Label `table:ch02:t' multiply defined.\n\n")}, bookFile); len(found) != 1 {
		t.Errorf("of a label of another chapter: %v", found)
	}
}
