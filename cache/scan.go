package cache

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
)

const (
	// ownSegment is the size from which a tar entry gets a segment of its
	// own. Smaller layers are not worth leaving out.
	ownSegment = 256 << 10
	// keptFile bounds the JSON files that are kept in memory while a tar
	// flows by, keptTotal their sum. A config is some kB.
	keptFile  = 4 << 20
	keptTotal = 32 << 20
	// maxEntries bounds the entries of a tar. An image of 127 layers has 500.
	maxEntries = 20_000
	// endMarker is the zeros that end a tar, at least.
	endMarker = 1024
)

// entry is a file or link of an image tar.
type entry struct {
	size    int64
	sha256  string // hex, "" for a link
	link    string // what a link names, as a path inside the tar
	text    []byte // of a small file
	segment int    // its own segment, -1 when it shares one
}

// sink takes what a scan passes on. A packer is one.
type sink interface {
	io.Writer
	Cut()
}

// scan reads an image tar to its end, passes every byte on to out with a cut
// on both sides of each large entry, and returns what it saw by clean path.
func scan(r io.Reader, out sink) (map[string]*entry, error) {
	s := &scanner{src: r, out: out, entries: map[string]*entry{}, buf: make([]byte, 256<<10)}
	tr := tar.NewReader(s)
	for {
		s.holding = true
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the image tar: %w", s.cause(err))
		}
		if err := s.entry(h, tr); err != nil {
			return nil, err
		}
	}
	return s.entries, s.end()
}

// scanner is the reader below the tar reader: it sees every byte.
type scanner struct {
	src     io.Reader
	out     sink
	entries map[string]*entry
	buf     []byte
	kept    int64 // bytes of small files in memory
	cuts    int   // segments ended so far
	open    bool

	holding bool   // the tar reader is at a header: hold bytes back until its size is known
	held    []byte // padding of the last entry, then header blocks
	padding int    // how much of held belongs to the last entry
	large   bool   // the last entry has a segment of its own
	err     error  // the first error below the tar reader
}

func (s *scanner) Read(b []byte) (int, error) {
	n, err := s.src.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	if s.holding {
		s.held = append(s.held, b[:n]...)
	} else if n > 0 {
		if werr := s.pass(b[:n]); werr != nil {
			s.err = werr
			return 0, werr
		}
	}
	return n, err
}

func (s *scanner) pass(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	s.open = true
	_, err := s.out.Write(b)
	return err
}

func (s *scanner) cut() {
	if s.open {
		s.out.Cut()
		s.cuts++
		s.open = false
	}
}

// cause prefers the source's own error to the tar reader's view of it.
func (s *scanner) cause(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}

// release passes on what was held: the end of the last entry and, on the other
// side of a cut where either is large, the header of the next.
func (s *scanner) release(large bool) error {
	s.holding = false
	pad := min(s.padding, len(s.held))
	if err := s.pass(s.held[:pad]); err != nil {
		return err
	}
	if s.large || large {
		s.cut()
	}
	err := s.pass(s.held[pad:])
	s.held, s.large = s.held[:0], large
	return err
}

func (s *scanner) entry(h *tar.Header, body io.Reader) error {
	name := path.Clean(h.Name)
	large := h.Typeflag == tar.TypeReg && h.Size >= ownSegment
	if err := s.release(large); err != nil {
		return err
	}
	s.padding = int(-h.Size & 511)
	e := &entry{size: h.Size, segment: -1}
	if large {
		e.segment = s.cuts // the segment now open
	}
	if len(s.entries) >= maxEntries {
		return errors.New("image tar has too many entries")
	}
	switch h.Typeflag {
	case tar.TypeReg:
		sum := sha256.New()
		text := jsonText{limit: min(keptFile, keptTotal-s.kept)}
		if h.Size > keptFile {
			text.limit = 0
		}
		// Hide both ends' WriteTo and ReadFrom, so that the large buffer is used.
		_, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sum, &text)}, struct{ io.Reader }{body}, s.buf)
		if err != nil {
			return fmt.Errorf("reading %s of the image tar: %w", name, s.cause(err))
		}
		e.sha256 = hex.EncodeToString(sum.Sum(nil))
		e.text = text.b
		s.kept += int64(len(e.text))
	case tar.TypeSymlink:
		e.link = path.Join(path.Dir(name), h.Linkname)
	case tar.TypeLink:
		e.link = path.Clean(h.Linkname)
	case tar.TypeDir:
		return nil
	default:
		return fmt.Errorf("image tar has an entry %s of type %q", name, h.Typeflag)
	}
	if _, twice := s.entries[name]; twice {
		return fmt.Errorf("image tar has %s twice", name)
	}
	s.entries[name] = e
	return nil
}

// jsonText keeps what is written to it if it begins like a JSON object or array.
type jsonText struct {
	b     []byte
	limit int64
}

func (t *jsonText) Write(b []byte) (int, error) {
	if len(t.b) == 0 && len(b) > 0 && b[0] != '{' && b[0] != '[' {
		t.limit = 0
	}
	if int64(len(t.b)+len(b)) > t.limit {
		t.b, t.limit = nil, 0
		return len(b), nil
	}
	t.b = append(t.b, b...)
	return len(b), nil
}

// end passes on the end marker and what follows it, which must be zeros.
func (s *scanner) end() error {
	if len(s.held) < s.padding+endMarker { // the tar reader takes a plain end of file for one
		return fmt.Errorf("image tar: %w", io.ErrUnexpectedEOF)
	}
	if err := s.release(false); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := s.Read(buf)
		for _, c := range buf[:n] {
			if c != 0 {
				return errors.New("image tar goes on after its end")
			}
		}
		if err == io.EOF {
			s.cut()
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the image tar: %w", err)
		}
	}
}
