package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// Format is a kind of image file.
type Format int

// The formats that can be placed.
const (
	PNG Format = iota + 1
	JPEG
	GIF
	BMP
	TIFF
)

// MaxPixels is the most that an image may have: a poster of 30 by 40 cm at 800
// dots to the inch. An image with more is refused by its header.
const MaxPixels = 120_000_000

// maxWidth is the most pixels of a row, as JPEG and GIF can have them. Rows are held
// in memory.
const maxWidth = 65_535

// Info is what an image's header tells.
type Info struct {
	Format        Format
	Width, Height int     // in pixels, as the file stores them
	DPI           float64 // dots to the inch; 72 when the file does not say
	Orientation   int     // 1 to 8, as EXIF counts them; 1 is upright

	png  pngHeader
	jpeg jpegHeader
}

// Errors of images that cannot be placed.
var (
	ErrFormat = errors.New("is no PNG, JPEG, GIF, BMP or TIFF")
	ErrSize   = errors.New("has too many pixels")
	errShort  = errors.New("ends too early")
)

// Size returns how large the image is when it is placed upright at its own
// resolution, in points.
func (i *Info) Size() (width, height float64) {
	w, h := float64(i.Width)*72/i.DPI, float64(i.Height)*72/i.DPI
	if i.Orientation >= 5 {
		return h, w
	}
	return w, h
}

// Probe reads an image's header. HeaderSize bytes of a file are enough for most. The
// error is the end of a sentence that begins with the file; it wraps ErrFormat or
// ErrSize where they are the reason.
func Probe(data []byte) (*Info, error) {
	info := &Info{DPI: 72, Orientation: 1}
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		err = info.probePNG(data)
	case bytes.HasPrefix(data, []byte{0xFF, 0xD8}):
		err = info.probeJPEG(data)
	case bytes.HasPrefix(data, []byte("GIF8")):
		if len(data) < 10 {
			return nil, errShort
		}
		info.Format = GIF
		info.Width = int(binary.LittleEndian.Uint16(data[6:]))
		info.Height = int(binary.LittleEndian.Uint16(data[8:]))
	case bytes.HasPrefix(data, []byte("BM")):
		err = info.probeWith(BMP, bmp.DecodeConfig, data)
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		err = info.probeWith(TIFF, tiff.DecodeConfig, data)
	default:
		return nil, ErrFormat
	}
	if err != nil {
		return nil, err
	}
	if info.Width <= 0 || info.Height <= 0 {
		return nil, errors.New("has no pixels")
	}
	if info.Width > maxWidth || int64(info.Width)*int64(info.Height) > MaxPixels {
		return nil, fmt.Errorf("%w (%d x %d)", ErrSize, info.Width, info.Height)
	}
	if !(info.DPI >= 10 && info.DPI <= 10000) {
		info.DPI = 72
	}
	return info, nil
}

// probeWith reads the header of a format that a library knows.
func (i *Info) probeWith(f Format, config func(io.Reader) (image.Config, error), data []byte) error {
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	i.Format, i.Width, i.Height = f, c.Width, c.Height
	return nil
}

// HeaderSize is how much of a file holds all that Probe looks for, but for a
// JPEG with more than that before its picture, and a TIFF with it behind.
const HeaderSize = 1 << 16

// dpi turns dots to the metre into dots to the inch. Programs write 2835 for
// 72; such are made whole.
func dpi(perMetre float64) float64 {
	d := perMetre * 0.0254
	if whole := math.Round(d); math.Abs(d-whole) < 0.02 {
		return whole
	}
	return d
}
