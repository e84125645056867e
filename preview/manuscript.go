package preview

import (
	"strings"
	"unicode"
)

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

// source is a chapter with its text.
type source struct {
	file string // slash path below the root
	manuscript
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
			body = "" // references print a number, or nothing
		case "kw", "ruby":
			body, _, _ = strings.Cut(body, ",")
		case "href":
			if _, label, ok := strings.Cut(body, ","); ok {
				body = label
			}
		}
		out.WriteString(body)
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

// sourceLine is line n of text, counted from 1.
func sourceLine(text string, n int) string {
	for l := range strings.SplitSeq(text, "\n") {
		if n--; n == 0 {
			return strings.TrimRight(l, "\r")
		}
	}
	return ""
}
