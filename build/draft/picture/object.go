package picture

import (
	"bytes"
	"fmt"
	"strings"
)

// Object is an image as a PDF holds it: the entries of its dictionary, and its
// stream in parts.
type Object struct {
	Width, Height int
	Entries       string // /ColorSpace, /BitsPerComponent, /Filter and so on, without /Length
	Parts         [][]byte
}

// Len returns the length of the stream.
func (o *Object) Len() int {
	n := 0
	for _, p := range o.Parts {
		n += len(p)
	}
	return n
}

// Keep holds what was worked out for images, by the content of their files. A
// nil Keep holds nothing.
type Keep interface {
	Get(key string) []byte // nil when it is not there, or damaged
	Put(key string, data []byte)
}

// Encode turns a whole file into an object. info is what Probe said of it. What costs
// time is looked for in keep first, nil for none. The error is the end of a sentence
// that begins with the file.
func Encode(info *Info, file []byte, keep Keep) (*Object, error) {
	o := &Object{Width: info.Width, Height: info.Height}
	switch {
	case info.Format == JPEG:
		o.encodeJPEG(info, file)
		return o, nil
	case info.Format == PNG && !info.png.interlaced && !info.png.alpha():
		return o, o.passPNG(info, file)
	}
	return kept(info, file, keep, o)
}

// encodeJPEG takes a JPEG as it is.
func (o *Object) encodeJPEG(info *Info, file []byte) {
	space := map[int]string{1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}[info.jpeg.components]
	o.Entries = "/ColorSpace " + space + " /BitsPerComponent 8 /Filter /DCTDecode"
	if info.jpeg.components == 4 && info.jpeg.adobe {
		o.Entries += " /Decode [1 0 1 0 1 0 1 0]"
	}
	o.Parts = [][]byte{file}
}

// passPNG takes the compressed rows of a PNG as they are, as many as the file holds:
// a PDF knows PNG's filters.
func (o *Object) passPNG(info *Info, file []byte) error {
	h := &info.png
	for chunks := newIDAT(file); ; {
		body, err := chunks.next()
		if err != nil {
			break
		}
		o.Parts = append(o.Parts, body)
	}
	if o.Len() == 0 {
		return errShort
	}
	colors, space := 1, "/DeviceGray"
	switch h.color {
	case pngRGB:
		colors, space = 3, "/DeviceRGB"
	case pngIndexed:
		palette := onWhite(h.palette, h.transparent)
		space = fmt.Sprintf("[/Indexed /DeviceRGB %d <%x>]", len(palette)/3-1, palette)
	}
	o.Entries = fmt.Sprintf("/ColorSpace %s /BitsPerComponent %d%s", space, h.depth, predicted(colors, h.depth, info.Width))
	if h.color != pngIndexed && len(h.transparent) >= 2*colors {
		// One colour stands for full transparency.
		var mask strings.Builder
		for i := range colors {
			v := (int(h.transparent[2*i])<<8 | int(h.transparent[2*i+1])) & (1<<h.depth - 1)
			fmt.Fprintf(&mask, " %d %d", v, v)
		}
		o.Entries += " /Mask [" + mask.String()[1:] + "]"
	}
	return nil
}

// predicted is the filter of rows compressed as PNG compresses them.
func predicted(colors, depth, width int) string {
	return fmt.Sprintf(" /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors %d /BitsPerComponent %d /Columns %d >>", colors, depth, width)
}

// onWhite lays a palette with transparency on white.
func onWhite(palette, alpha []byte) []byte {
	if len(alpha) == 0 {
		return palette
	}
	laid := bytes.Clone(palette)
	for i, a := range alpha[:min(len(alpha), len(palette)/3)] {
		for c := range 3 {
			laid[3*i+c] = flat(laid[3*i+c], a)
		}
	}
	return laid
}

// flat is a sample laid on white.
func flat(v, alpha byte) byte {
	return byte((int(v)*int(alpha) + 255*(255-int(alpha)) + 127) / 255)
}
