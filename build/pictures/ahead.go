package pictures

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Picture is a picture of a book that may be compressed before anybody asks.
type Picture struct {
	Path string // slash path below the root
	Hash string // of its content
}

// perDVI is how many pictures one program compresses before it looks whether
// there is more to do.
const perDVI = 16

// leastWork is how many bytes of pixels are worth beginning early with: dvipdfmx
// compresses as much in half a second.
const leastWork = 16 << 20

// Referenced are those of a book's pictures that its chapters name, in the order in
// which they do. A chapter names a picture by its base name, with or without the
// chapter's ID and a hyphen before it.
func Referenced(pictures []Picture, chapters []Chapter) []Picture {
	byID := map[string][]Picture{}
	for _, p := range pictures {
		id := strings.TrimSuffix(path.Base(p.Path), path.Ext(p.Path))
		byID[id] = append(byID[id], p)
	}
	var found []Picture
	seen := map[Picture]bool{}
	for _, c := range chapters {
		for _, m := range names.FindAllSubmatch(c.Text, -1) {
			id := string(m[1]) + string(m[2])
			for _, p := range slices.Concat(byID[c.ID+"-"+id], byID[id]) {
				if !seen[p] {
					seen[p] = true
					found = append(found, p)
				}
			}
		}
	}
	return found
}

// Chapter is the text of a chapter.
type Chapter struct {
	ID   string
	Text []byte
}

// names are what stands in brackets or braces.
var names = regexp.MustCompile(`\[([^\]\[{}\n]{1,200})\]|\{([^\]\[{}\n]{1,200})\}`)

// Work estimates the bytes of pixels in a PNG from its beginning; 0 when it is no
// PNG that can be read.
func Work(r io.Reader) int64 {
	c, err := png.DecodeConfig(r)
	if err != nil {
		return 0
	}
	const channels = 3 // an alpha channel compresses to nothing
	return int64(c.Width) * int64(c.Height) * channels
}

// Ahead returns DVI files of one page each, which have dvipdfmx compress the
// pictures and need no TeX. pictures are paths as dvipdfmx opens them, in the
// book's order; the last comes first, as the book's own conversion begins with the
// first. work is the pictures' bytes of pixels: where that is too little there are
// no files.
func Ahead(work int64, pictures []string) [][]byte {
	if work < leastWork {
		return nil
	}
	pictures = slices.Clone(pictures)
	slices.Reverse(pictures)
	var all [][]byte
	for part := range slices.Chunk(pictures, perDVI) {
		all = append(all, page(part))
	}
	return all
}

// page is a DVI file of one page that holds nothing but pictures, which are
// named as dvipdfmx will open them: preamble, page, postamble, as tex.web tells.
func page(pictures []string) []byte {
	const (
		pre, version, bop, eop, xxx4, post, postPost, padding = 247, 2, 139, 140, 242, 248, 249, 223
		numerator, denominator, magnification                 = 25400000, 473628672, 1000
	)
	var b bytes.Buffer
	number := func(n int) {
		_ = binary.Write(&b, binary.BigEndian, uint32(n)) // a buffer takes everything
	}
	units := func() {
		number(numerator)
		number(denominator)
		number(magnification)
	}
	b.Write([]byte{pre, version})
	units()
	b.WriteByte(0)
	begin := b.Len()
	b.WriteByte(bop)
	number(1)
	b.Write(make([]byte, 9*4))
	number(-1)
	for _, name := range pictures {
		special := "pdf:image (" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(name) + ")"
		b.WriteByte(xxx4)
		number(len(special))
		b.WriteString(special)
	}
	b.WriteByte(eop)
	end := b.Len()
	b.WriteByte(post)
	number(begin)
	units()
	number(1)
	number(1)
	b.Write([]byte{0, 1, 0, 1}) // the deepest stack, the pages
	b.WriteByte(postPost)
	number(end)
	b.WriteByte(version)
	for n := 0; n < 4 || b.Len()%4 != 0; n++ {
		b.WriteByte(padding)
	}
	return b.Bytes()
}
