package pictures

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"strings"
	"testing"
)

func TestPicturesThatChaptersNameComeInTheirOrder(t *testing.T) {
	all := []Picture{
		{"images/ch01-one.png", "1"}, {"images/ch02-one.png", "2"}, {"images/latex/ch02/two.png", "3"},
		{"images/unused.png", "4"}, {"images/icon.png", "5"}, {"images/表.png", "6"},
	}
	got := Referenced(all, []Chapter{
		{"ch02", []byte("//image[two][A caption]{\n//}\nsee @<img>{one} and @<icon>{icon}\n")},
		{"ch01", []byte("//indepimage[one]\n//imgtable[表][x]{\n@<icon>{icon}\n")},
	})
	var hashes string
	for _, p := range got {
		hashes += p.Hash
	}
	if hashes != "32516" {
		t.Errorf("pictures are %v", got)
	}
}

func TestLittleWorkIsNotBegun(t *testing.T) {
	if Ahead(leastWork-1, []string{"a.png"}) != nil {
		t.Error("something is compressed beforehand")
	}
	var files []string
	for range 2*perDVI + 1 {
		files = append(files, "a.png")
	}
	if n := len(Ahead(leastWork, files)); n != 3 {
		t.Errorf("there are %d pages", n)
	}
}

func TestThePixelsOfAPNGAreCounted(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 70, 50))); err != nil {
		t.Fatal(err)
	}
	if n := Work(bytes.NewReader(file.Bytes())); n != 70*50*3 {
		t.Errorf("work is %d", n)
	}
	if n := Work(strings.NewReader("no picture")); n != 0 {
		t.Errorf("work of what is no picture is %d", n)
	}
}

// What dvipdfmx itself makes of such a page is tried in build/engine.
func TestAPageNamesPicturesTheLastOneFirst(t *testing.T) {
	pages := Ahead(leastWork, []string{"/work/a.png", "/work/b (1).png"})
	if len(pages) != 1 {
		t.Fatalf("there are %d pages", len(pages))
	}
	page := pages[0]
	b := bytes.Index(page, []byte(`pdf:image (/work/b \(1\).png)`))
	if a := bytes.Index(page, []byte(`pdf:image (/work/a.png)`)); b < 0 || a < b {
		t.Errorf("pictures stand at %d and %d", a, b)
	}
	// The end points at the postamble, and that at the page.
	end := bytes.TrimRight(page, "\xdf")
	post := binary.BigEndian.Uint32(end[len(end)-5:])
	if page[post] != 248 || page[binary.BigEndian.Uint32(page[post+1:])] != 139 || len(page)%4 != 0 {
		t.Errorf("the file does not hold together: %q", page)
	}
}
