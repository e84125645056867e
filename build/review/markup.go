package review

import "strings"

// token is a piece of a line: text, or an inline command.
type token struct {
	offset int    // of its first byte within the line
	op     string // "" for text
	text   string // the text, or the command's argument
	raw    string // as it is written
}

// tokenize splits running text as Re:VIEW does: first what stands in fences,
// then what stands in braces. It takes time in proportion to the text, and leaves
// out what stands behind the first most tokens. nested is called for each piece in
// which commands stand inside each other, with the offset of the second.
func tokenize(text string, most int, nested func(t token, offset int)) []token {
	if !strings.Contains(text, "@<") {
		return []token{{text: text, raw: text}}
	}
	masked := maskFences(text)
	var tokens []token
	add := func(t token) {
		if nested != nil && t.raw != "" {
			checkNesting(masked, t, nested)
		}
		tokens = append(tokens, t)
	}
	begin := 0        // of the text before the next command
	unclosed := false // no } follows any more
	for i := 0; ; {
		if len(tokens) >= most {
			return tokens
		}
		at := strings.Index(masked[i:], "@<")
		if at < 0 {
			break
		}
		at += i
		open := commandEnd(masked, at)
		if open < 0 || open >= len(masked) || masked[open] != '{' || unclosed {
			i = at + 2
			continue
		}
		end := closingBrace(masked, open+1)
		if end < 0 {
			// Whatever follows is not closed either.
			unclosed = true
			i = at + 2
			continue
		}
		if at > begin {
			add(token{offset: begin, text: text[begin:at], raw: text[begin:at]})
		}
		t := token{offset: at, op: masked[at+2 : open-1], raw: text[at : end+1]}
		word := masked[at : end+1]
		word = strings.ReplaceAll(strings.ReplaceAll(word, `\}`, `}`), `\\`, `\`)
		t.text = unmask.Replace(word[open+1-at : len(word)-1])
		add(t)
		begin, i = end+1, end+1
	}
	if begin < len(text) {
		add(token{offset: begin, text: text[begin:], raw: text[begin:]})
	}
	return tokens
}

// Inside a fence these characters mean themselves. They are masked while the
// text is split; a manuscript has none of the masks.
var (
	mask   = strings.NewReplacer("@", "\x01", `\`, "\x02", "{", "\x03", "}", "\x04")
	unmask = strings.NewReplacer("\x01", "@", "\x02", `\`, "\x03", "{", "\x04", "}")
)

// maskFences turns @<op>$...$ and @<op>|...| into @<op>{...} of the same length.
func maskFences(text string) string {
	var b []byte
	gone := map[byte]bool{} // fences that do not occur any more
	for i := 0; ; {
		at := strings.Index(text[i:], "@<")
		if at < 0 {
			break
		}
		at += i
		open := commandEnd(text, at)
		if open < 0 || open >= len(text) || text[open] != '$' && text[open] != '|' || gone[text[open]] {
			i = at + 2
			continue
		}
		fence := text[open]
		end := -1
		if open+2 < len(text) {
			end = strings.IndexByte(text[open+2:], fence)
		}
		if end < 0 {
			gone[fence] = true
			i = at + 2
			continue
		}
		end += open + 2
		if b == nil {
			b = []byte(text)
		}
		b[open] = '{'
		copy(b[open+1:], mask.Replace(text[open+1:end]))
		b[end] = '}'
		i = end + 1
	}
	if b == nil {
		return text
	}
	return string(b)
}

// commandEnd returns the offset behind the > of the command that begins with
// the @< at a place, -1 when none does.
func commandEnd(text string, at int) int {
	i := at + 2
	for i < len(text) && isWord(text[i]) {
		i++
	}
	if i == at+2 || i >= len(text) || text[i] != '>' {
		return -1
	}
	return i + 1
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func closingBrace(text string, from int) int {
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '}':
			return i
		}
	}
	return -1
}

// checkNesting tells of a piece with more than one command in it: Re:VIEW
// refuses it, but for what stands in @<raw>.
func checkNesting(masked string, t token, nested func(token, int)) {
	piece := masked[t.offset : t.offset+len(t.raw)]
	if strings.HasPrefix(piece, "@<raw>") {
		return
	}
	count := 0
	for i := 0; ; {
		at := strings.Index(piece[i:], "@<")
		if at < 0 {
			return
		}
		i += at
		if end := commandEnd(piece, i); end >= 0 {
			if count++; count == 2 {
				nested(t, t.offset+i)
				return
			}
		}
		i += 2
	}
}

// splitArgument splits the argument of @<href> and @<ruby> at its commas. \,
// is a comma that does not split; any other backslash is left out, and splits.
func splitArgument(s string) []string {
	const most = 1000 // parts of a reading: a word has a few
	var parts []string
	for i := 0; i < len(s) && len(parts) < most; {
		begin := i
		for i < len(s) {
			if s[i] != ',' && s[i] != '\\' {
				i++
				continue
			}
			slashes := 0
			for i+slashes < len(s) && s[i+slashes] == '\\' {
				slashes++
			}
			if slashes%2 == 0 || i+slashes >= len(s) || s[i+slashes] != ',' {
				break
			}
			i += slashes + 1
		}
		if i > begin {
			parts = append(parts, s[begin:i])
			continue
		}
		i++
	}
	return parts
}

func unescapeCommas(s string) string { return strip(strings.ReplaceAll(s, `\,`, ",")) }

// blockHead is the first line of a block command, taken apart.
type blockHead struct {
	name    string
	args    []string
	columns []int  // where each argument begins
	rest    string // what is left of the line when it is not well formed
	opens   bool   // the line ends in {
}

// with is the line with other arguments, as it is to be written.
func (h blockHead) with(args []string) string {
	line := "//" + h.name
	for _, a := range args {
		line += "[" + strings.NewReplacer(`\`, `\\`, "]", `\]`).Replace(a) + "]"
	}
	if h.opens {
		line += "{"
	}
	return clipped(line)
}

// readBlockHead takes a line that begins with // and a letter apart.
func readBlockHead(line string) blockHead {
	var h blockHead
	i := 2
	for i < len(line) && 'a' <= line[i] && line[i] <= 'z' {
		i++
	}
	h.name = line[2:i]
	end := len(rstrip(line))
	if h.opens = end > 0 && line[end-1] == '{'; h.opens {
		end--
	}
	if i > end {
		return h
	}
	const most = 100 // arguments: no command takes more than a few
	for i < end && line[i] == '[' && len(h.args) < most {
		closing := closingBracket(line[:end], i)
		if closing < 0 {
			break
		}
		h.args = append(h.args, unescapeBrackets(line[i+1:closing]))
		h.columns = append(h.columns, i+1)
		i = closing + 1
	}
	h.rest = line[i:end]
	return h
}

// closingBracket finds the ] of the argument that begins with the [ at a place.
// One behind a backslash does not close.
func closingBracket(line string, open int) int {
	if open+1 < len(line) && line[open+1] == ']' {
		return open + 1
	}
	for i := open + 2; i < len(line); i++ {
		if line[i] == ']' && line[i-1] != '\\' {
			return i
		}
	}
	return -1
}

func unescapeBrackets(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == ']' || s[i+1] == '\\') {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// headLine is a heading, taken apart.
type headLine struct {
	level       int
	tag, label  string
	title       string
	titleColumn int // byte offset of the title
}

// readHeading takes a line that begins with = apart: ==[tag]{label} title.
func readHeading(line string) headLine {
	var h headLine
	i := 0
	for i < len(line) && line[i] == '=' {
		i++
	}
	h.level = i
	h.tag, i = bracketed(line, i, '[', ']')
	h.label, i = bracketed(line, i, '{', '}')
	h.title = strip(line[i:])
	h.titleColumn = i + indent(line[i:])
	return h
}

// bracketed reads a text of at least one character in brackets, if there is one.
func bracketed(line string, i int, open, closing byte) (string, int) {
	if i+2 < len(line) && line[i] == open {
		if end := strings.IndexByte(line[i+2:], closing); end >= 0 {
			return line[i+1 : i+2+end], i + 2 + end + 1
		}
	}
	return "", i
}
