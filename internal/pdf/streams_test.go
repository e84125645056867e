package pdf

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// opened is a PDF whose object 4 is a stream.
func opened(t *testing.T, object string) Value {
	t.Helper()
	data := plain("", catalog, onePage, "<</Contents 4 0 R>>", object)
	d, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return d.value(Ref{Number: 4})
}

func TestPredictorsAreUndone(t *testing.T) {
	rows := "\x00\x01\x02\x03\x04" + "\x01\x01\x02\x03\x04" + "\x02\x01\x01\x01\x01" + "\x03\x01\x01\x01\x01" + "\x04\x01\x02\x03\x04" + "\x02\x01"
	want := []byte{1, 2, 3, 4, 1, 2, 4, 6, 2, 3, 5, 7, 2, 2, 4, 5, 3, 4, 7, 9, 4}
	v := opened(t, packed(t, "/DecodeParms<</Predictor 15/Columns 2/Colors 2>>", []byte(rows)))
	got, err := v.unpack(1000)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("% d, %v, not % d", got, err, want)
	}
}

// What the package image/png packs with all predictors reads as it was.
func TestRowsOfPicturesAreUndone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewRGBA(image.Rect(0, 0, 50, 80))
	want := []byte{}
	for y := range 80 {
		for x := range 50 {
			c := color.RGBA{uint8(x * y), uint8(x + y + r.IntN(2)), uint8(r.IntN(3) * y), 255}
			m.SetRGBA(x, y, c)
			want = append(want, c.R, c.G, c.B)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	at := bytes.Index(data, []byte("IDAT"))
	size := int(data[at-4])<<24 | int(data[at-3])<<16 | int(data[at-2])<<8 | int(data[at-1])
	v := opened(t, streamOf("/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 50/Colors 3>>", string(data[at+4:at+4+size])))
	if got, err := v.unpack(1 << 20); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAnUnknownPackingCountsAsItStands(t *testing.T) {
	for _, entries := range []string{"/Filter/LZWDecode", "/Filter[/DCTDecode]", "/Filter(x)"} {
		v := opened(t, streamOf(entries, "as it stands"))
		if got, err := v.Content(100); err != nil || string(got) != "as it stands" {
			t.Errorf("%s: %q, %v", entries, got, err)
		}
	}
}

func TestABrokenStreamIsAnError(t *testing.T) {
	// The zlib of these breaks off in front of a row, and in one.
	for _, text := range []string{"", "\x02ab"} {
		v := opened(t, streamOf("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 9>>", string([]byte{0x78, 0x9c, 0, byte(len(text) + 1), 0, ^byte(len(text) + 1), 0xff})+text))
		if got, err := v.Content(100); err == nil {
			t.Errorf("data that break off read as %q", got)
		}
	}
	whole := packed(t, "", bytes.Repeat([]byte("text "), 1000))
	for _, object := range []string{streamOf("/Filter/FlateDecode", "no zlib"), string(bytes.Replace([]byte(whole), []byte("/Length "), []byte("/Length 1%\n"), 1)), "<</No/Stream>>"} {
		if got, err := opened(t, object).Content(1 << 20); err == nil {
			t.Errorf("%.40q reads as %d bytes", object, len(got))
		}
	}
}

func TestBooksThatOpenWithoutAPasswordAreRead(t *testing.T) {
	want, err := pageSumsOf(t, "testdata/lualatex.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"testdata/encrypted-40.pdf", "testdata/encrypted-rc4.pdf", "testdata/encrypted-aes.pdf"} {
		got, err := pageSumsOf(t, name)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d pages, %v", name, len(got), err)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: page %d is another", name, i+1)
			}
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if title := d.Root().Key("Outlines").Key("First").Key("Title").Text(); title != "One" {
			t.Errorf("%s: its first title is %q", name, title)
		}
	}
}

func TestABookWithAPasswordIsRefused(t *testing.T) {
	if _, err := pageSumsOf(t, "testdata/locked/password.pdf"); err == nil || !bytes.HasSuffix([]byte(err.Error()), []byte("it needs a password")) {
		t.Errorf("it was refused for: %v", err)
	}
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// What is refused in the end must have cost little until then.
func TestASmallFileDoesNotUnpackForLong(t *testing.T) {
	rows := func(predictor byte, columns, n int) []byte {
		row := make([]byte, 1+columns)
		row[0] = predictor
		return bytes.Repeat(row, n)
	}
	for name, bomb := range map[string]struct {
		contents        string
		mostMB, mostOft int64
	}{
		"zeros":                 {packed(t, "", make([]byte, 4<<20)), 260, 70},
		"rows of a predictor":   {packed(t, "/DecodeParms<</Predictor 15/Columns 1000>>", rows(4, 1000, 4000)), 90, 30},
		"rows of one byte":      {packed(t, "/DecodeParms<</Predictor 15/Columns 1>>", rows(1, 1, 1<<20)), 4, 5},
		"nothing, again":        {packed(t, "", nil), 0, 70_000},
		"nothing, as it stands": {streamOf("", "q"), 1, 70_000},
	} {
		data := plain("", catalog, onePage, "<</Contents 4 0 R>>", bomb.contents)
		d, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		stream := d.value(Ref{Number: 4})
		var unpacked counter
		times := int64(0)
		for ; err == nil && times < 1_000_000 && unpacked < 1<<30; times++ {
			err = stream.copyContent(&unpacked, math.MaxInt64)
		}
		if !errors.Is(err, errWork) || int64(unpacked) > bomb.mostMB<<20 || times > bomb.mostOft {
			t.Errorf("%s: %d MB were unpacked from %d bytes in %d streams: %v", name, unpacked>>20, len(data), times, err)
		}
	}
}

// A large book draws more than a small one, and is read all the same.
func TestALargeFileMayUnpackMore(t *testing.T) {
	const book = 36 << 20
	if workFor(book) < 2*leastWork || workFor(book) > mostWork || workFor(math.MaxInt64) != 2*mostSize {
		t.Errorf("the work for 36 MB is %d MB, the most %d", workFor(book)>>20, workFor(math.MaxInt64)>>20)
	}
	// A photo book is read to its last picture.
	const photos = 3 << 30
	if workFor(photos) < photos+leastWork {
		t.Errorf("the work for a book of 3 GB is %d MB", workFor(photos)>>20)
	}
}
