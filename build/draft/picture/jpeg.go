package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
)

type jpegHeader struct {
	components int
	adobe      bool // an Adobe marker: CMYK is stored inverted
}

// probeJPEG reads markers up to the frame's header.
func (i *Info) probeJPEG(data []byte) error {
	i.Format = JPEG
	for at := 2; ; {
		for at < len(data) && data[at] == 0xFF && at+1 < len(data) && data[at+1] == 0xFF {
			at++
		}
		if at+4 > len(data) {
			return errShort
		}
		if data[at] != 0xFF {
			return errors.New("is a damaged JPEG")
		}
		marker := data[at+1]
		if marker == 0x01 || marker >= 0xD0 && marker <= 0xD8 {
			at += 2
			continue
		}
		if marker == 0xD9 || marker == 0xDA {
			return errors.New("is a JPEG without a frame")
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 {
			return errors.New("is a damaged JPEG")
		}
		end := min(at+2+size, len(data))
		body := data[at+4 : max(end, at+4)]
		switch {
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			if len(body) < 6 {
				return errShort
			}
			if body[0] != 8 {
				return errors.New("is a JPEG of more than 8 bits, which no PDF takes")
			}
			if marker != 0xC0 && marker != 0xC1 && marker != 0xC2 {
				return errors.New("is a JPEG of a kind that no PDF takes")
			}
			i.Height = int(binary.BigEndian.Uint16(body[1:]))
			i.Width = int(binary.BigEndian.Uint16(body[3:]))
			i.jpeg.components = int(body[5])
			if n := i.jpeg.components; n != 1 && n != 3 && n != 4 {
				return errors.New("is a JPEG with a number of colours that no PDF takes")
			}
			return nil
		case marker == 0xE0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) >= 12:
			density := float64(binary.BigEndian.Uint16(body[8:]))
			switch body[7] {
			case 1:
				i.DPI = density
			case 2:
				i.DPI = dpi(density * 100)
			}
		case marker == 0xE1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			if o := exifOrientation(body[6:]); o != 0 {
				i.Orientation = o
			}
		case marker == 0xEE && bytes.HasPrefix(body, []byte("Adobe")):
			i.jpeg.adobe = true
		}
		at += 2 + size
	}
}

// exifOrientation finds the orientation in a TIFF header, 0 when there is none.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 0
	}
	if len(tiff) < 8 {
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range int(order.Uint16(tiff[at:])) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == 0x0112 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
