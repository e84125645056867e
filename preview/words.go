package preview

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// line is a line of print.
type line struct {
	text                   []rune  // without blanks
	left, top, right, foot float64 // parts of the page's width and height, 0 to 1
}

// readWords reads what pdftotext -bbox-layout writes: pages of lines, in the
// order in which they are read. What a page has beyond mostLines is left out.
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

// plain is text as it can be compared between manuscript and print: without
// blanks, in lower case, and with one form for the signs that TeX changes.
func plain(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			continue
		case r == '’' || r == '‘':
			r = '\''
		case r == '“' || r == '”':
			r = '"'
		case r >= 'ﬀ' && r <= 'ﬄ':
			out = append(out, []rune([]string{"ff", "fi", "fl", "ffi", "ffl"}[r-'ﬀ'])...)
			continue
		}
		out = append(out, unicode.ToLower(r))
	}
	return out
}

// manuscript is a chapter's text as it can be compared with print, and the
// line that each of its letters stands in.
type manuscript struct {
	text  []rune
	lines []int // of each rune, counted from 1
}

// readManuscript leaves out what Re:VIEW does not print: the names of blocks
// and inline commands, and comments.
func readManuscript(text string) manuscript {
	var m manuscript
	n := 0
	for l := range strings.SplitSeq(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		n++
		for _, r := range plain(printed(l)) {
			m.text = append(m.text, r)
			m.lines = append(m.lines, n)
		}
	}
	return m
}

// printed is what of a manuscript line may be seen in print.
func printed(l string) string {
	l = strings.TrimSpace(l)
	switch {
	case strings.HasPrefix(l, "#@"), strings.HasPrefix(l, "//}"):
		return ""
	case strings.HasPrefix(l, "//"):
		// The last argument is mostly the caption.
		var args []string
		for part := range strings.SplitSeq(l, "[") {
			if arg, _, ok := strings.Cut(part, "]"); ok {
				args = append(args, arg)
			}
		}
		if len(args) == 0 {
			return ""
		}
		return inline(args[min(1, len(args)-1)])
	case strings.HasPrefix(l, "="):
		l = strings.TrimLeft(l, "=")
		for _, pair := range []string{"[]", "{}"} {
			if strings.HasPrefix(l, pair[:1]) {
				if _, rest, ok := strings.Cut(l, pair[1:]); ok {
					l = rest
				}
			}
		}
	case strings.HasPrefix(l, "* "), strings.HasPrefix(l, "** "), strings.HasPrefix(l, ": "):
		l = strings.TrimLeft(l, "*: ")
	}
	return inline(l)
}

// inline takes the markup out of a line: @<b>{word} is word.
func inline(l string) string {
	var out strings.Builder
	for {
		i := strings.Index(l, "@<")
		if i < 0 {
			break
		}
		name, rest, ok := strings.Cut(l[i+2:], ">")
		if !ok || rest == "" {
			break
		}
		out.WriteString(l[:i])
		var body string
		switch rest[0] {
		case '{':
			end := closing(rest)
			body, l = strings.ReplaceAll(rest[1:end], `\}`, "}"), rest[min(end+1, len(rest)):]
		case '$', '|':
			body, l, _ = strings.Cut(rest[1:], rest[:1])
		default:
			out.WriteString("@<" + name + ">")
			l = rest
			continue
		}
		switch name {
		case "list", "img", "table", "eq", "chap", "chapref", "hd", "column", "fn", "endnote", "bib", "hidx", "icon", "m", "comment":
			// References print a number, or nothing.
		case "idx":
			out.WriteString(body)
		case "kw", "ruby", "href":
			if a, b, two := strings.Cut(body, ","); two {
				if body = a; name == "href" {
					body = b
				}
			}
			out.WriteString(body)
		default:
			out.WriteString(body)
		}
	}
	out.WriteString(l)
	return out.String()
}

// closing is where the brace that s begins with is closed.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '}' && s[i-1] != '\\' {
			return i
		}
	}
	return len(s)
}
