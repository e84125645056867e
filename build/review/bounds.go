package review

import "bytes"

// These bound what is read of a book, as the tree takes many times the memory of the
// bytes. A book of 5,000 pages keeps within them; the rest of a longer one is left out.
const (
	maxBytes  = 32 << 20
	maxLines  = 500_000
	maxPieces = 500_000
)

// room is how much of the book may still be read.
type room struct {
	bytes  int
	lines  int
	pieces int // blocks, items and cells, and the texts and commands in them; an entry of an index counts as four
}

// head returns the first lines of a file, all for which there is room, and
// whether there are more of them.
func (r *room) head(data []byte) (head []byte, cut bool) {
	whole := 0 // where the last line ends that is there as a whole
	for i, c := range data {
		if r.bytes == 0 || r.lines == 0 {
			return data[:whole], true
		}
		r.bytes--
		if c == '\n' || c == '\r' && !bytes.HasPrefix(data[i+1:], []byte("\n")) {
			r.lines--
			whole = i + 1
		}
	}
	return data, false
}

// leaveOut tells, once for a book, that the rest of it was not read.
func (p *parser) leaveOut() {
	if !p.cut {
		at := p.place(max(min(p.pos, len(p.src.lines))-1, 0), 0)
		p.add(bookTooLong(at))
	}
	p.cut, p.swallowed, p.missing = true, true, true
}
