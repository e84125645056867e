package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// chunk is one chunk of a PNG.
func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// header is the beginning of a PNG.
func header(width, height uint32, depth, kind, interlace byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, width)
	body = binary.BigEndian.AppendUint32(body, height)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(body, depth, kind, 0, 0, interlace))...)
}

// withChunk puts a chunk behind a PNG's header.
func withChunk(file []byte, kind string, body []byte) []byte {
	out := bytes.Clone(file[:33])
	return append(append(out, chunk(kind, body)...), file[33:]...)
}

func picture(w, h int, alpha func(x, y int) uint8) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 7), uint8(y * 5), uint8(x + y), alpha(x, y)})
		}
	}
	return img
}

// rows undoes an object's predictor.
func rows(t *testing.T, o *Object, colors int) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(bytes.Join(o.Parts, nil)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	width := 1 + o.Width*colors
	if len(data) != width*o.Height {
		t.Fatalf("%d bytes for %d rows of %d", len(data), o.Height, width)
	}
	before := make([]byte, width-1)
	var out []byte
	for len(data) > 0 {
		if err := unfilter(data[0], data[1:width], before, colors); err != nil {
			t.Fatal(err)
		}
		before = data[1:width]
		out = append(out, before...)
		data = data[width:]
	}
	return out
}

func encode(t *testing.T, file []byte, keep Keep) *Object {
	t.Helper()
	info, err := Probe(file)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Encode(info, file, keep)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTransparencyIsLaidOnWhite(t *testing.T) {
	img := picture(31, 17, func(x, y int) uint8 { return uint8(x * 8) })
	got := rows(t, encode(t, encodePNG(t, img), nil), 3)
	for y := range 17 {
		for x := range 31 {
			c := img.NRGBAAt(x, y)
			for i, v := range []uint8{c.R, c.G, c.B} {
				want := int(v)*int(c.A)/255 + 255 - int(c.A)
				if d := int(got[3*(31*y+x)+i]) - want; d < -1 || d > 1 {
					t.Fatalf("at %d,%d sample %d is %d, not %d", x, y, i, got[3*(31*y+x)+i], want)
				}
			}
		}
	}
}

func TestInterlacedAnd16BitImagesComeOutTheSame(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 9, 9))
	for i := range deep.Pix {
		deep.Pix[i] = uint8(i * 13)
	}
	for i := 6; i < len(deep.Pix); i += 8 {
		deep.Pix[i], deep.Pix[i+1] = 255, 255
	}
	deep.SetNRGBA64(0, 0, color.NRGBA64{1000, 1000, 1000, 0})
	got := rows(t, encode(t, encodePNG(t, deep), nil), 3)
	if !bytes.Equal(got[:3], []byte{255, 255, 255}) {
		t.Errorf("a clear pixel is %v", got[:3])
	}
	for i := 1; i < 81; i++ {
		if c := deep.NRGBA64At(i%9, i/9); got[3*i] != uint8(c.R>>8) {
			t.Fatalf("pixel %d is %d, not %d", i, got[3*i], c.R>>8)
		}
	}
}

func TestOpaqueImagesAreTakenAsTheyAre(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 20, 10))
	draw := picture(20, 10, func(x, y int) uint8 { return 255 })
	copy(img.Pix, draw.Pix)
	file := encodePNG(t, img)
	o := encode(t, file, nil)
	if !bytes.Contains(file, o.Parts[0]) || !strings.Contains(o.Entries, "/DeviceRGB") || !strings.Contains(o.Entries, "/Predictor 15 /Colors 3") {
		t.Errorf("entries %s", o.Entries)
	}
	if !bytes.Equal(rows(t, o, 3)[:3], img.Pix[:3]) {
		t.Error("the rows are others")
	}
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, img, nil); err != nil {
		t.Fatal(err)
	}
	if o := encode(t, jpg.Bytes(), nil); !bytes.Equal(o.Parts[0], jpg.Bytes()) || !strings.Contains(o.Entries, "/DCTDecode") {
		t.Errorf("entries %s", o.Entries)
	}
}

func TestIndexedGrayAndMaskedImages(t *testing.T) {
	indexed := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 0, 0}})
	if o := encode(t, encodePNG(t, indexed), nil); !strings.Contains(o.Entries, "[/Indexed /DeviceRGB 1 <ff0000ffffff>] /BitsPerComponent 1") {
		t.Errorf("entries %s", o.Entries)
	}
	gray := encodePNG(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	if o := encode(t, withChunk(gray, "tRNS", []byte{0, 7}), nil); !strings.Contains(o.Entries, "/Mask [7 7]") || !strings.Contains(o.Entries, "/DeviceGray") {
		t.Errorf("entries %s", o.Entries)
	}
	var file bytes.Buffer
	if err := gif.Encode(&file, indexed, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, encode(t, file.Bytes(), nil), 3); !bytes.Equal(got[:3], []byte{255, 0, 0}) {
		t.Errorf("a GIF's first pixel is %v", got[:3])
	}
}

func TestResolutionAndOrientation(t *testing.T) {
	file := withChunk(encodePNG(t, image.NewGray(image.Rect(0, 0, 144, 72))), "pHYs", []byte{0, 0, 0x16, 0x25, 0, 0, 0x16, 0x25, 1})
	info, err := Probe(file)
	if err != nil {
		t.Fatal(err)
	}
	if w, h := info.Size(); w < 71.9 || w > 72.1 || h < 35.9 || h > 36.1 {
		t.Errorf("144 dots at 144 to the inch are %v by %v points", w, h)
	}
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 30, 10)), nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, 34}, "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"...)
	turned := append(exif, jpg.Bytes()[2:]...)
	if info, err = Probe(turned); err != nil {
		t.Fatal(err)
	}
	if w, h := info.Size(); info.Orientation != 6 || w != 10 || h != 30 {
		t.Errorf("orientation %d, %v by %v", info.Orientation, w, h)
	}
}

// keep is a Keep in memory.
type keep map[string][]byte

func (k keep) Get(key string) []byte       { return k[key] }
func (k keep) Put(key string, data []byte) { k[key] = data }

func TestWhatWasWorkedOutIsKeptByContent(t *testing.T) {
	k := keep{}
	a := encodePNG(t, picture(9, 9, func(x, y int) uint8 { return 100 }))
	b := encodePNG(t, picture(9, 9, func(x, y int) uint8 { return 101 }))
	first := encode(t, a, k)
	encode(t, b, k)
	if len(k) != 2 {
		t.Fatalf("%d images are kept", len(k))
	}
	again := encode(t, a, k)
	if !bytes.Equal(first.Parts[0], again.Parts[0]) || &first.Parts[0][0] != &again.Parts[0][0] {
		t.Error("the image was worked out again")
	}
}

func TestImagesTooLargeAreRefusedByTheirHeader(t *testing.T) {
	for _, kind := range []byte{pngGray, pngRGB, pngRGBA} {
		file := append(header(100_000, 100_000, 8, kind, 0), chunk("IDAT", []byte("x"))...)
		if _, err := Probe(file); !errors.Is(err, ErrSize) {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
	// A row of it would take a gigabyte.
	if _, err := Probe(append(header(MaxPixels, 1, 16, pngRGBA, 0), chunk("IDAT", []byte("x"))...)); !errors.Is(err, ErrSize) {
		t.Errorf("one row: %v", err)
	}
	file := append(header(10_000, 10_000, 8, pngRGBA, 1), chunk("IDAT", []byte("x"))...)
	info, err := Probe(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(info, file, nil); !errors.Is(err, ErrSize) {
		t.Errorf("an interlaced one: %v", err)
	}
}

func TestBMPAndTIFFAreLaidOnWhite(t *testing.T) {
	img := picture(30, 20, func(x, y int) uint8 { return 255 })
	want := rows(t, encode(t, encodePNG(t, picture(30, 20, func(x, y int) uint8 {
		if x == 0 && y == 0 {
			return 254 // or it would be taken as it is
		}
		return 255
	})), nil), 3)
	for name, write := range map[string]func(io.Writer) error{
		"BMP": func(w io.Writer) error { return bmp.Encode(w, img) },
		"TIFF": func(w io.Writer) error {
			return tiff.Encode(w, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
		},
	} {
		var file bytes.Buffer
		if err := write(&file); err != nil {
			t.Fatal(err)
		}
		o := encode(t, file.Bytes(), nil)
		if got := rows(t, o, 3); o.Width != 30 || o.Height != 20 || !bytes.Equal(got[3:], want[3:]) {
			t.Errorf("%s: %d x %d, other pixels than the PNG's", name, o.Width, o.Height)
		}
		for cut := range file.Len() {
			if info, err := Probe(file.Bytes()[:cut]); err == nil {
				_, _ = Encode(info, file.Bytes()[:cut], nil) // no crash is all
			}
		}
		// A header that promises more than can be held.
		large := bytes.Clone(file.Bytes())
		if name == "BMP" {
			binary.LittleEndian.PutUint32(large[18:], 100_000)
			binary.LittleEndian.PutUint32(large[22:], 100_000)
			if _, err := Probe(large); !errors.Is(err, ErrSize) {
				t.Errorf("a bomb: %v", err)
			}
		}
	}
}

func TestDamagedImagesAreErrors(t *testing.T) {
	good := encodePNG(t, picture(40, 40, func(x, y int) uint8 { return uint8(x) }))
	info, err := Probe(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(info, good[:len(good)/2], nil); err == nil {
		t.Error("half a file was taken")
	}
	for _, file := range []string{"", "\x89PNG\r\n\x1a\n", "GIF8", "\xFF\xD8", "\xFF\xD8\xFF\xC0\x00\x02", "%PDF-1.4", "\xFF\xD8\xFF\xE1\x00\x00"} {
		if _, err := Probe([]byte(file)); err == nil {
			t.Errorf("%q was taken", file)
		}
	}
}

// Whatever bytes are given, there is an object or an error.
func FuzzImage(f *testing.F) {
	f.Add(encodePNG(f, picture(5, 5, func(x, y int) uint8 { return uint8(x * 9) })))
	f.Add(encodePNG(f, image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.White, color.Black})))
	f.Add(append(header(3, 3, 16, pngGrayAlpha, 1), chunk("IDAT", []byte("x"))...))
	var jpg, g bytes.Buffer
	jpeg.Encode(&jpg, picture(5, 5, func(x, y int) uint8 { return 255 }), nil)
	gif.Encode(&g, picture(5, 5, func(x, y int) uint8 { return 255 }), nil)
	f.Add(jpg.Bytes())
	f.Add(g.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		info, err := Probe(file)
		if err != nil || info.Width*info.Height > 1<<20 {
			return
		}
		info.Size()
		if o, err := Encode(info, file, nil); err == nil && o.Len() == 0 {
			t.Error("an object without a stream")
		}
	})
}
