package picture

import (
	"encoding/binary"
	"errors"
	"io"
)

type pngHeader struct {
	depth, color int
	interlaced   bool
	palette      []byte
	transparent  []byte // the chunk tRNS
}

// Colour types of PNG.
const (
	pngGray      = 0
	pngRGB       = 2
	pngIndexed   = 3
	pngGrayAlpha = 4
	pngRGBA      = 6
)

// alpha tells whether each pixel has an alpha of its own.
func (h *pngHeader) alpha() bool { return h.color == pngGrayAlpha || h.color == pngRGBA }

// channels returns how many samples a pixel has.
func (h *pngHeader) channels() int {
	return map[int]int{pngGray: 1, pngRGB: 3, pngIndexed: 1, pngGrayAlpha: 2, pngRGBA: 4}[h.color]
}

// probePNG reads the chunks before the first IDAT.
func (i *Info) probePNG(data []byte) error {
	i.Format = PNG
	first := true
	for rest := data[8:]; ; {
		if len(rest) < 8 {
			return errShort
		}
		size, kind := int64(binary.BigEndian.Uint32(rest)), string(rest[4:8])
		rest = rest[8:]
		if kind == "IDAT" {
			break
		}
		if size+4 > int64(len(rest)) {
			return errShort
		}
		body := rest[:size]
		rest = rest[size+4:]
		if first != (kind == "IHDR") || kind == "IEND" {
			return errors.New("is a damaged PNG")
		}
		first = false
		switch kind {
		case "IHDR":
			if err := i.readIHDR(body); err != nil {
				return err
			}
		case "PLTE":
			if len(body) == 0 || len(body) > 768 || len(body)%3 != 0 {
				return errors.New("is a PNG with a damaged palette")
			}
			i.png.palette = body
		case "tRNS":
			i.png.transparent = body
		case "pHYs":
			if len(body) == 9 && body[8] == 1 {
				i.DPI = dpi(float64(binary.BigEndian.Uint32(body)))
			}
		}
	}
	if first || i.png.color == pngIndexed && i.png.palette == nil {
		return errors.New("is a damaged PNG")
	}
	return nil
}

func (i *Info) readIHDR(body []byte) error {
	if len(body) != 13 {
		return errors.New("is a damaged PNG")
	}
	i.Width, i.Height = int(int32(binary.BigEndian.Uint32(body))), int(int32(binary.BigEndian.Uint32(body[4:])))
	i.png.depth, i.png.color, i.png.interlaced = int(body[8]), int(body[9]), body[12] != 0
	depths := map[int][]int{pngGray: {1, 2, 4, 8, 16}, pngRGB: {8, 16}, pngIndexed: {1, 2, 4, 8}, pngGrayAlpha: {8, 16}, pngRGBA: {8, 16}}
	for _, d := range depths[i.png.color] {
		if d == i.png.depth {
			return nil
		}
	}
	return errors.New("is a PNG of an unknown kind")
}

// idat reads the compressed pixels of a PNG, which its IDAT chunks hold one
// after the other.
type idat struct {
	data []byte // the file from the next chunk on
	body []byte // what is left of the present one
}

func newIDAT(file []byte) *idat { return &idat{data: file[8:]} }

// next returns the body of the next IDAT chunk.
func (r *idat) next() ([]byte, error) {
	for len(r.data) >= 12 {
		size, kind := int64(binary.BigEndian.Uint32(r.data)), string(r.data[4:8])
		if size+12 > int64(len(r.data)) {
			return nil, io.ErrUnexpectedEOF
		}
		body := r.data[8 : 8+size]
		r.data = r.data[12+size:]
		switch kind {
		case "IDAT":
			return body, nil
		case "IEND":
			return nil, io.EOF
		}
	}
	return nil, io.ErrUnexpectedEOF
}

func (r *idat) Read(p []byte) (int, error) {
	for len(r.body) == 0 {
		body, err := r.next()
		if err != nil {
			return 0, err
		}
		r.body = body
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

// unfilter undoes a row's filter. before is the row above, of the same length.
func unfilter(filter byte, row, before []byte, pixel int) error {
	switch filter {
	case 0:
	case 1:
		for i := pixel; i < len(row); i++ {
			row[i] += row[i-pixel]
		}
	case 2:
		for i, b := range before {
			row[i] += b
		}
	case 3:
		for i := range row {
			left := 0
			if i >= pixel {
				left = int(row[i-pixel])
			}
			row[i] += byte((left + int(before[i])) / 2)
		}
	case 4:
		for i := range min(pixel, len(row)) {
			row[i] += before[i]
		}
		for i := pixel; i < len(row); i++ {
			row[i] += paeth(row[i-pixel], before[i], before[i-pixel])
		}
	default:
		return errors.New("is a PNG with damaged pixels")
	}
	return nil
}

func paeth(a, b, c byte) byte {
	pb, pa := int(a)-int(c), int(b)-int(c)
	pc := pa + pb
	pa, pb, pc = abs(pa), abs(pb), abs(pc)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}
