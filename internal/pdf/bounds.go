package pdf

import (
	"context"
	"errors"
	"fmt"
)

// A PDF decides how much its reader does: a few bytes can unpack to gigabytes,
// name each other in circles or claim a table of terabytes. These bounds hold
// for whatever it says. Books of some thousand pages stay well below them.
const (
	leastWork    = 256 << 20 // that even a small PDF may ask for, in bytes unpacked; 535 pages take 8 MB
	mostWork     = 1 << 30   // that a PDF may ask for, unless twice its own bytes are more
	mostSize     = 16 << 30  // of a file that is read to its end
	mostObjects  = 2 << 20   // entries of the cross-reference table: 48 MB
	mostSections = 1024      // cross-reference sections, one for each update of the file
	mostDepth    = 64        // arrays and dictionaries within each other
	mostLoading  = 8         // objects that wait for each other to be read
	mostValues   = 1 << 18   // in one object
	mostKept     = 1 << 20   // values of objects that are kept for their next use
	mostToken    = 4 << 10   // bytes of a name, number or keyword
	mostString   = 1 << 20   // bytes of a string
	mostUnpacked = 32 << 20  // bytes of a stream that holds objects
	mostRow      = 1 << 16   // bytes of a row that a predictor works on
	mostFilters  = 4         // of one stream
	mostLevels   = 32        // of the page tree
	mostNodes    = 100_000   // of the page tree
)

// What a step costs, in bytes unpacked.
const (
	costOfByte   = 8   // that is read as syntax
	costOfValue  = 32  // that is made
	costOfLookup = 128 // of an object by its number

	costOfStream     = 4 << 10 // that is opened
	costOfRow        = 64      // that a predictor works on
	costOfPredicting = 2       // of each byte of such a row, beside the byte itself
)

// workFor is what a PDF of size bytes may ask for, in bytes unpacked. It grows with
// the size, as what a large book draws and shows is in its file. Reading a small
// file takes a second or two at most, and a large one some seconds. A photo book's
// pictures are read as they stand, each byte at its price, however many they are.
func workFor(size int64) int64 {
	const perByte = 8
	size = min(size, mostSize)
	return min(max(mostWork, 2*size), leastWork+perByte*size)
}

// errWork ends the reading of a PDF that asks for more than it may.
var errWork = errors.New("it asks for more work than any book")

// purse is the work that may still be done.
type purse struct {
	ctx     context.Context // of the one call that reads the PDF
	left    int64
	unasked int64 // spent since ctx was last asked
	ended   error // why nothing more is done, nil while the work goes on
}

// spend takes n from the purse and tells whether the work may go on.
func (p *purse) spend(n int64) bool {
	if p.ended != nil {
		return false
	}
	if p.left -= n; p.left < 0 {
		p.ended = errWork
		return false
	}
	const between = 1 << 16
	if p.unasked += n; p.unasked >= between {
		p.unasked = 0
		p.ended = context.Cause(p.ctx)
	}
	return p.ended == nil
}

// Recovered turns a panic into an error. Whoever reads a PDF defers it: a mistake
// in this package, which its fuzz test looks for, must not end a watch.
func Recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("what it holds cannot be followed: %v", r)
	}
}
