package draft

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build/draft/layout"
	"github.com/bookci/bookci/build/draft/picture"
)

// images reads a book's images. Headers are kept as long as a file keeps its size and
// time.
type images struct {
	files fs.FS
	keep  picture.Keep

	mu    sync.Mutex
	known map[string]*imageFile // by slash path below the root
	round int                   // counts the times that the book was set
}

// imageFile is what is known of a file.
type imageFile struct {
	size    int64
	changed time.Time
	round   int // when it was last looked at
	picture layout.Picture
	info    *picture.Info // nil for what cannot be drawn
}

// maxFile is the largest image file that is read.
const maxFile = 256 << 20

func (m *images) begin(files fs.FS, keep picture.Keep) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files, m.keep = files, keep
	m.round++
	if m.known == nil {
		m.known = map[string]*imageFile{}
	}
	for name, i := range m.known {
		if i.round < m.round-2 {
			delete(m.known, name)
		}
	}
}

// Picture tells how large an image is. A figure that is only there as a PDF is
// drawn from the picture of the same name beside it, at the PDF's size.
func (m *images) Picture(name string) layout.Picture {
	m.mu.Lock()
	known := m.known[name]
	round := m.round
	m.mu.Unlock()
	if known != nil && known.round == round {
		return known.picture
	}
	stat, err := fs.Stat(m.files, name)
	if err != nil {
		return layout.Picture{File: name, Err: errors.New("cannot be read")}
	}
	if known == nil || known.size != stat.Size() || !known.changed.Equal(stat.ModTime()) || isFigure(name) {
		known = &imageFile{size: stat.Size(), changed: stat.ModTime()}
		known.picture, known.info = m.probe(name)
	} else {
		again := *known
		known = &again
	}
	known.round = round
	m.mu.Lock()
	m.known[name] = known
	m.mu.Unlock()
	return known.picture
}

// isFigure tells whether a file is of a kind that is not drawn itself. What is drawn
// in its place may change although the file does not.
func isFigure(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf", ".ai", ".eps", ".svg":
		return true
	}
	return false
}

// stamp is another one for every content of an image's file.
func (m *images) stamp(name string) string {
	m.Picture(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.known[name]
	if known == nil {
		return ""
	}
	return fmt.Sprintf("%x-%x", known.size, known.changed.UnixNano())
}

// probe reads an image's header.
func (m *images) probe(name string) (layout.Picture, *picture.Info) {
	if isFigure(name) {
		return m.sibling(name), nil
	}
	head, err := m.read(name, picture.HeaderSize)
	if err != nil {
		return layout.Picture{File: name, Err: err}, nil
	}
	info, err := picture.Probe(head)
	if err != nil && len(head) == picture.HeaderSize && !errors.Is(err, picture.ErrSize) { // what it looks for may come later
		if head, err = m.read(name, maxFile); err == nil {
			info, err = picture.Probe(head)
		}
	}
	if err != nil {
		return layout.Picture{File: name, Err: err}, nil
	}
	w, h := info.Size()
	return layout.Picture{File: name, Width: w, Height: h, Orientation: info.Orientation}, info
}

// sibling finds the picture beside a figure that cannot be drawn.
func (m *images) sibling(name string) layout.Picture {
	ext := strings.ToLower(path.Ext(name))
	for _, other := range []string{".png", ".jpg", ".jpeg", ".gif"} {
		beside := name[:len(name)-len(ext)] + other
		if _, err := fs.Stat(m.files, beside); err != nil {
			continue
		}
		p := m.Picture(beside)
		if p.Err != nil {
			continue
		}
		if ext == ".pdf" {
			if data, err := m.read(name, 1<<20); err == nil {
				if w, h := pdfSize(data); w > 0 {
					p.Width, p.Height = w, h
				}
			}
		}
		return p
	}
	return layout.Picture{File: name, Err: fmt.Errorf("a draft shows PNG, JPEG, GIF, BMP and TIFF, not %s", strings.ToUpper(ext[1:]))}
}

// object reads a whole image for a PDF.
func (m *images) object(name string) (*picture.Object, error) {
	m.Picture(name)
	m.mu.Lock()
	known := m.known[name]
	m.mu.Unlock()
	if known == nil || known.info == nil {
		return nil, errors.New("cannot be read")
	}
	data, err := m.read(name, maxFile)
	if err != nil {
		return nil, err
	}
	info, err := picture.Probe(data) // the file as it is now
	if err != nil {
		return nil, err
	}
	return picture.Encode(info, data, m.keep)
}

// read returns up to limit bytes of a file. A file with more than maxFile is refused.
func (m *images) read(name string, limit int64) ([]byte, error) {
	f, err := m.files.Open(name)
	if err != nil {
		return nil, errors.New("cannot be read")
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil || !stat.Mode().IsRegular() {
		return nil, errors.New("is no file")
	}
	if stat.Size() > maxFile {
		return nil, fmt.Errorf("has more than %d MB", maxFile>>20)
	}
	data := make([]byte, min(limit, stat.Size()))
	n, err := io.ReadFull(f, data)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, errors.New("cannot be read")
	}
	return data[:n], nil
}
