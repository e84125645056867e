package preview

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
)

// line is a line of print.
type line struct {
	text                   []rune  // without blanks
	left, top, right, foot float64 // parts of the page's width and height, 0 to 1
}

// readWords reads what pdftotext -bbox-layout writes: the lines of each page, in the
// order in which a reader reads them. What a page has beyond mostLines is left out.
// An error comes with the pages before it.
func readWords(r io.Reader) ([][]line, error) {
	const mostLines = 2000
	dec := xml.NewDecoder(speakable{r})
	dec.Strict = false
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var pages [][]line
	var width, height float64
	inWord := false
	var now *line
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return pages, nil
		}
		if err != nil {
			return pages, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "page":
				width, height = number(t, "width"), number(t, "height")
				pages = append(pages, nil)
			case "line":
				now = nil
				if len(pages) > 0 && width > 0 && height > 0 && len(pages[len(pages)-1]) < mostLines {
					now = &line{left: number(t, "xMin") / width, top: number(t, "yMin") / height, right: number(t, "xMax") / width, foot: number(t, "yMax") / height}
				}
			case "word":
				inWord = true
			}
		case xml.CharData:
			if inWord && now != nil {
				now.text = append(now.text, plain(string(t))...)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "word":
				inWord = false
			case "line":
				if now != nil && len(now.text) > 0 {
					pages[len(pages)-1] = append(pages[len(pages)-1], *now)
				}
				now = nil
			}
		}
	}
}

// speakable replaces what XML cannot hold: pdftotext writes glyphs without a
// meaning as they come.
type speakable struct{ r io.Reader }

func (s speakable) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for i, b := range p[:n] {
		if b < ' ' && b != '\n' && b != '\t' && b != '\r' {
			p[i] = ' '
		}
	}
	return n, err
}

func number(e xml.StartElement, name string) float64 {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			n, err := strconv.ParseFloat(a.Value, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}
