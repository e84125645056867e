package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/png"
	"io"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// version is part of the names of what is kept: another one for any change to
// how images are worked out.
const version = "1"

// maxDecoded is the most pixels of an image that cannot be read row by row.
const maxDecoded = 30_000_000

// kept gives an image laid on white, from keep or worked out. keep holds the
// compressed rows; how many colours they have follows from the header.
func kept(info *Info, file []byte, keep Keep, o *Object) (*Object, error) {
	colors := 3
	if info.Format == PNG && (info.png.color == pngGrayAlpha || info.png.color == pngGray) {
		colors = 1
	}
	space := map[int]string{1: "/DeviceGray", 3: "/DeviceRGB"}[colors]
	o.Entries = "/ColorSpace " + space + " /BitsPerComponent 8" + predicted(colors, 8, info.Width)
	key := ""
	if keep != nil {
		sum := sha256.Sum256(file)
		key = hex.EncodeToString(sum[:16]) + "-" + version
		if data := keep.Get(key); data != nil {
			o.Parts = [][]byte{data}
			return o, nil
		}
	}
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	rows := &rowWriter{w: w, pixel: colors}
	if info.Format == PNG && !info.png.interlaced {
		err = flattenRows(info, file, rows)
	} else {
		err = flattenWhole(info, file, colors, rows)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	data := out.Bytes()
	if keep != nil {
		keep.Put(key, data)
	}
	o.Parts = [][]byte{data}
	return o, nil
}

// rowWriter filters rows before they are compressed. A row equal to the one above
// becomes zeros, another the differences to the pixel at the left.
type rowWriter struct {
	w             io.Writer
	pixel         int    // bytes of one
	before, write []byte // the row above, and what is written of this one
}

// row writes a row of samples of 8 bits.
func (r *rowWriter) row(row []byte) error {
	if r.before == nil {
		r.before, r.write = make([]byte, len(row)), make([]byte, len(row)+1)
	}
	if bytes.Equal(row, r.before) {
		clear(r.write)
		r.write[0] = 2
	} else {
		r.write[0] = 1
		out := r.write[1:]
		copy(out[:min(r.pixel, len(row))], row)
		for i := r.pixel; i < len(row); i++ {
			out[i] = row[i] - row[i-r.pixel]
		}
		copy(r.before, row)
	}
	_, err := r.w.Write(r.write)
	return err
}

// flattenRows lays a PNG with alpha on white, a row at a time.
func flattenRows(info *Info, file []byte, rows *rowWriter) error {
	pixels, err := zlib.NewReader(newIDAT(file))
	if err != nil {
		return fmt.Errorf("is a damaged PNG: %w", err)
	}
	defer pixels.Close()
	size := info.png.depth / 8
	pixel := info.png.channels() * size
	row, before := make([]byte, 1+info.Width*pixel), make([]byte, 1+info.Width*pixel)
	out := make([]byte, info.Width*rows.pixel)
	for range info.Height {
		if _, err := io.ReadFull(pixels, row); err != nil {
			return fmt.Errorf("is a damaged PNG: %w", err)
		}
		if err := unfilter(row[0], row[1:], before[1:], pixel); err != nil {
			return err
		}
		samples, at := row[1:], 0
		for i := 0; i < len(samples); i += pixel {
			alpha := samples[i+pixel-size]
			for c := range rows.pixel {
				v := samples[i+c*size]
				if alpha != 255 {
					v = flat(v, alpha)
				}
				out[at] = v
				at++
			}
		}
		if err := rows.row(out); err != nil {
			return err
		}
		row, before = before, row
	}
	return nil
}

// flattenWhole decodes what cannot be read row by row.
func flattenWhole(info *Info, file []byte, colors int, rows *rowWriter) error {
	if info.Width*info.Height > maxDecoded {
		return fmt.Errorf("%w for an image of its kind (%d x %d)", ErrSize, info.Width, info.Height)
	}
	var decoded image.Image
	var err error
	switch info.Format {
	case PNG:
		decoded, err = png.Decode(bytes.NewReader(file))
	case GIF:
		decoded, err = gif.Decode(bytes.NewReader(file))
	case BMP:
		decoded, err = bmp.Decode(bytes.NewReader(file))
	case TIFF:
		decoded, err = tiff.Decode(bytes.NewReader(file))
	default:
		err = ErrFormat
	}
	if err != nil {
		return fmt.Errorf("cannot be decoded: %w", err)
	}
	bounds := image.Rect(0, 0, info.Width, info.Height)
	if decoded.Bounds().Dx() != info.Width || decoded.Bounds().Dy() > info.Height {
		return errors.New("has another size than its header says")
	}
	strip := image.NewRGBA(image.Rect(0, 0, info.Width, 1))
	out := make([]byte, info.Width*colors)
	for y := range bounds.Dy() {
		draw.Draw(strip, strip.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Bounds(), decoded, decoded.Bounds().Min.Add(image.Pt(0, y)), draw.Over)
		for x := range info.Width {
			copy(out[x*colors:][:colors], strip.Pix[4*x:])
		}
		if err := rows.row(out); err != nil {
			return err
		}
	}
	return nil
}
