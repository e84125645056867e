package screen

import (
	"fmt"
	"io"
	"strings"
)

// region is the part of a terminal that is redrawn in place. It stands below the
// lines that stay.
type region struct {
	w     io.Writer
	size  func() (cols, rows int)
	drawn []int // the width of each of its lines on the screen, in cells
}

// redraw writes what is to stay above the region, and the region anew. No line may
// be as wide as the terminal, nor all of them as high: what scrolls away cannot be
// taken back.
func (r *region) redraw(stay string, lines []string) {
	cols, _ := r.size()
	var b strings.Builder
	if up := rowsOf(r.drawn, cols); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", up)
	}
	b.WriteString(stay)
	r.drawn = r.drawn[:0]
	for _, line := range lines {
		b.WriteString(line + "\n")
		r.drawn = append(r.drawn, cells(line))
	}
	if b.Len() > 0 {
		_, _ = io.WriteString(r.w, b.String()) // a terminal that is gone is no reason to stop
	}
}
