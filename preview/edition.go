package preview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/ledongthuc/pdf"
)

// edition is one PDF of a book.
type edition struct {
	name    string // of its file in the room, unlike that of any other edition
	file    *os.File
	size    int64
	pages   []page
	outline []entry

	rightToLeft bool // bound at the right, as a book set vertically

	mu     sync.Mutex
	users  int    // requests that may still read the file
	retire func() // lets go of it, once nobody uses it; nil while it is shown
}

// use keeps the file open until done is called.
func (e *edition) use() (done func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users++
	return sync.OnceFunc(func() {
		e.mu.Lock()
		e.users--
		last := e.users == 0 && e.retire != nil
		e.mu.Unlock()
		if last {
			e.retire()
		}
	})
}

// close closes the file when nobody uses it any more, and then calls then. The
// edition is given to nobody new.
func (e *edition) close(then func()) {
	e.mu.Lock()
	e.retire = func() {
		e.file.Close() // read only: nothing can be lost
		then()
	}
	idle := e.users == 0
	e.mu.Unlock()
	if idle {
		e.retire()
	}
}

// page is one page of an edition.
type page struct {
	Hash   string  `json:"hash"` // pages of the same hash look the same
	Width  float64 `json:"w"`    // points
	Height float64 `json:"h"`
	Trim   *part   `json:"trim,omitempty"` // what is left when the page has been cut, nil for all
}

// part is a part of a page, from its upper left corner, in parts of its width
// and height.
type part struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// entry is a line of the table of contents.
type entry struct {
	Title string `json:"title"`
	Page  int    `json:"page"` // counted from 1
	Level int    `json:"level"`
}

// openEdition reads the PDF at path. Whatever cannot be read in it is left
// out: a page that cannot be understood counts as changed each time.
func openEdition(path, name string) (_ *edition, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	e := &edition{name: name, file: f, size: st.Size()}
	r, err := pdf.NewReader(f, e.size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	d := &document{file: f, drawn: map[string]string{}, numbers: map[string]int{}}
	_ = guarded(func() { e.pages, d.names = d.pageTree(r.Trailer().Key("Root").Key("Pages")), r.Trailer().Key("Root") })
	if len(e.pages) == 0 {
		return nil, fmt.Errorf("reading %s: no pages found", path)
	}
	for i := range e.pages {
		if e.pages[i].Hash == "" {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i))
			e.pages[i].Hash = hex.EncodeToString(sum[:8])
		}
	}
	_ = guarded(func() {
		e.rightToLeft = r.Trailer().Key("Root").Key("ViewerPreferences").Key("Direction").Name() == "R2L"
	})
	_ = guarded(func() { d.outline(r.Trailer().Key("Root").Key("Outlines").Key("First"), 1, &e.outline) })
	return e, nil
}

// number of the page with a hash, counted from 1, or 0. Pages may look the
// same; near is tried first.
func (e *edition) number(hash string, near int) int {
	if near >= 1 && near <= len(e.pages) && e.pages[near-1].Hash == hash {
		return near
	}
	for i, p := range e.pages {
		if p.Hash == hash {
			return i + 1
		}
	}
	return 0
}

// changed are the numbers of the pages that old does not have.
func (e *edition) changed(old *edition) []int {
	if old == nil {
		return nil
	}
	had := map[string]bool{}
	for _, p := range old.pages {
		had[p.Hash] = true
	}
	var list []int
	for i, p := range e.pages {
		if !had[p.Hash] {
			list = append(list, i+1)
		}
	}
	return list
}

// guarded turns a panic of the PDF library, which it uses for what it cannot
// read, into an error.
func guarded(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	f()
	return nil
}

// document reads one PDF.
type document struct {
	file    io.ReaderAt
	drawn   map[string]string // what a stream draws, by its place in the file
	numbers map[string]int    // of pages, by reference ("12 0 R")
	names   pdf.Value         // the root, for named destinations
	dests   map[string]pdf.Value
	steps   int // taken so far
}

// mostSteps ends the reading of a PDF whose parts refer to each other in circles.
const mostSteps = 200000

func (d *document) step() {
	if d.steps++; d.steps > mostSteps {
		panic("the PDF has no end")
	}
}

const (
	mostPages  = 10000
	mostLevels = 64
)

// references are what an array of references reads as: "[3 0 R 7 0 R]".
var reference = regexp.MustCompile(`\d+ \d+ R`)

func (d *document) pageTree(root pdf.Value) []page {
	var pages []page
	var walk func(v pdf.Value, inherited map[string]pdf.Value, level int)
	walk = func(v pdf.Value, inherited map[string]pdf.Value, level int) {
		d.step()
		own := map[string]pdf.Value{}
		for _, k := range []string{"Resources", "MediaBox", "CropBox", "Rotate"} {
			if own[k] = v.Key(k); own[k].IsNull() {
				own[k] = inherited[k]
			}
		}
		kids := v.Key("Kids")
		refs := reference.FindAllString(kids.String(), -1)
		for i := 0; i < kids.Len() && len(pages) < mostPages && level < mostLevels; i++ {
			kid := kids.Index(i)
			if kid.Key("Kids").Kind() == pdf.Array {
				walk(kid, own, level+1)
				continue
			}
			var p page
			// A page that cannot be read is a page all the same.
			if err := guarded(func() { p = d.page(kid, own) }); err != nil || p.Width <= 0 || p.Height <= 0 {
				p = page{Width: 420, Height: 595}
			}
			pages = append(pages, p)
			if len(refs) == kids.Len() {
				d.numbers[refs[i]] = len(pages)
			}
		}
	}
	walk(root, map[string]pdf.Value{}, 0)
	return pages
}

func (d *document) page(v pdf.Value, inherited map[string]pdf.Value) page {
	get := func(k string) pdf.Value {
		if own := v.Key(k); !own.IsNull() {
			return own
		}
		return inherited[k]
	}
	box := get("CropBox")
	if box.Len() != 4 {
		box = get("MediaBox")
	}
	p := page{Width: math.Abs(box.Index(2).Float64() - box.Index(0).Float64()), Height: math.Abs(box.Index(3).Float64() - box.Index(1).Float64())}
	turn := get("Rotate").Int64()
	if turn == 0 {
		p.Trim = trimmed(box, v.Key("TrimBox"))
	}
	if turn%180 != 0 {
		p.Width, p.Height = p.Height, p.Width
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", box.String(), turn)
	contents := v.Key("Contents")
	if contents.Kind() == pdf.Array {
		for i := 0; i < contents.Len(); i++ {
			d.content(h, contents.Index(i), get("Resources"), 0)
		}
	} else {
		d.content(h, contents, get("Resources"), 0)
	}
	p.Hash = hex.EncodeToString(h.Sum(nil)[:8])
	return p
}

// trimmed is the part of a page's box that its trim box leaves, nil when that
// is all or makes no sense.
func trimmed(box, trim pdf.Value) *part {
	if box.Len() != 4 || trim.Len() != 4 {
		return nil
	}
	var b, t [4]float64
	for i := range 4 {
		b[i], t[i] = box.Index(i).Float64(), trim.Index(i).Float64()
	}
	w, h := b[2]-b[0], b[3]-b[1]
	p := part{X: (t[0] - b[0]) / w, Y: (b[3] - t[3]) / h, W: (t[2] - t[0]) / w, H: (t[3] - t[1]) / h}
	sane := w > 0 && h > 0 && p.X >= 0 && p.Y >= 0 && p.W > 0.2 && p.H > 0.2 && p.X+p.W <= 1.0001 && p.Y+p.H <= 1.0001
	if !sane || p.W > 0.995 && p.H > 0.995 {
		return nil
	}
	return &p
}

// content writes what a content stream draws. Its names of fonts and pictures
// are those of one run of the maker ("/F31"): what they stand for counts.
func (d *document) content(w io.Writer, stream, resources pdf.Value, level int) {
	d.step()
	rd := stream.Reader()
	text, err := io.ReadAll(io.LimitReader(rd, 64<<20))
	rd.Close()
	if err != nil {
		panic(err)
	}
	names := map[string]string{}
	fonts := resources.Key("Font")
	for _, k := range fonts.Keys() {
		base := fonts.Key(k).Key("BaseFont").Name()
		// A subset's name begins with six letters made up for it.
		if _, rest, ok := strings.Cut(base, "+"); ok {
			base = rest
		}
		names[k] = "font " + base
	}
	objects := resources.Key("XObject")
	for _, k := range objects.Keys() {
		names[k] = "object " + d.object(objects.Key(k), level)
	}
	for len(text) > 0 {
		i := bytes.IndexByte(text, '/')
		if i < 0 {
			break
		}
		end := i + 1
		for end < len(text) && !bytes.ContainsRune([]byte(" \t\r\n/[]<>(){}%"), rune(text[end])) {
			end++
		}
		name, known := names[string(text[i+1:end])]
		if !known {
			name = string(text[i:end])
		}
		_, _ = w.Write(text[:i]) // a hash does not fail
		_, _ = io.WriteString(w, name)
		text = text[end:]
	}
	_, _ = w.Write(text)
}

// object is a hash of a picture or form: of its bytes as they stand in the file.
func (d *document) object(v pdf.Value, level int) string {
	said := v.String()
	at := strings.LastIndexByte(said, '@')
	offset, err := strconv.ParseInt(said[at+1:], 10, 64)
	if at < 0 || err != nil {
		panic("not a stream")
	}
	if sum, ok := d.drawn[said[at:]]; ok {
		return sum
	}
	h := sha256.New()
	fmt.Fprintln(h, v.Key("Width").Int64(), v.Key("Height").Int64(), v.Key("BBox").String(), v.Key("Matrix").String())
	if v.Key("Subtype").Name() == "Form" && level < 8 {
		d.content(h, v, v.Key("Resources"), level+1)
	} else if _, err := io.Copy(h, io.NewSectionReader(d.file, offset, v.Key("Length").Int64())); err != nil {
		panic(err)
	}
	if mask := v.Key("SMask"); mask.Kind() == pdf.Stream && level < 8 {
		_, _ = io.WriteString(h, d.object(mask, level+1))
	}
	d.drawn[said[at:]] = string(h.Sum(nil))
	return d.drawn[said[at:]]
}

const mostEntries = 5000

// outline takes an entry of the PDF's outline in, those below it and those after it.
func (d *document) outline(v pdf.Value, level int, list *[]entry) {
	for ; v.Kind() == pdf.Dict && len(*list) < mostEntries && level < 16; v = v.Key("Next") {
		d.step()
		dest := v.Key("Dest")
		if dest.IsNull() {
			dest = v.Key("A").Key("D")
		}
		if n := d.destination(dest); n > 0 {
			*list = append(*list, entry{Title: strings.TrimSpace(v.Key("Title").Text()), Page: n, Level: level})
		}
		d.outline(v.Key("First"), level+1, list)
	}
}

// destination is the number of the page that a destination names, or 0.
func (d *document) destination(v pdf.Value) int {
	d.step()
	switch v.Kind() {
	case pdf.String:
		if d.dests == nil {
			d.dests = map[string]pdf.Value{}
			d.nameTree(d.names.Key("Names").Key("Dests"), 0)
		}
		return d.destination(d.dests[v.RawString()])
	case pdf.Name:
		return d.destination(d.names.Key("Dests").Key(v.Name()))
	case pdf.Dict:
		return d.destination(v.Key("D"))
	case pdf.Array:
		return d.numbers[reference.FindString(v.String())]
	}
	return 0
}

func (d *document) nameTree(v pdf.Value, level int) {
	d.step()
	names := v.Key("Names")
	for i := 0; i+1 < names.Len(); i += 2 {
		d.dests[names.Index(i).RawString()] = names.Index(i + 1)
	}
	for i := 0; i < v.Key("Kids").Len() && level < mostLevels; i++ {
		d.nameTree(v.Key("Kids").Index(i), level+1)
	}
}
