package pdf

import (
	"fmt"
	"strconv"

	"github.com/bookci/bookci/build/draft/sheet"
)

// label is a page's number as its reader sees it, parted for a PDF.
type label struct {
	style  string // D, r or "" for text alone
	number int
	text   string
}

func readLabel(s string) label {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return label{style: "D", number: n}
	}
	if n := sheet.RomanValue(s); n > 0 {
		return label{style: "r", number: n}
	}
	return label{text: s}
}

// follows tells whether a viewer that counts on from before comes to l.
func (l label) follows(before label) bool {
	return l.style != "" && l.style == before.style && l.number == before.number+1
}

func (l label) dict() string {
	if l.style == "" {
		return "<< /P " + text(l.text) + " >>"
	}
	return fmt.Sprintf("<< /S /%s /St %d >>", l.style, l.number)
}
