package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// keyword is a token that is no value: obj, R, [, >> and the like.
type keyword string

// lexer reads the syntax of PDF, from a file or from a stream unpacked before.
// Its first error ends it.
type lexer struct {
	purse  *purse
	source io.ReaderAt // nil when window is all there is
	window []byte
	start  int64 // of window in source
	pos    int   // in window
	values int   // made so far
	err    error
}

// at is the place of the next byte.
func (l *lexer) at() int64 { return l.start + int64(l.pos) }

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// peek is the next byte, or -1 at the end.
func (l *lexer) peek() int {
	if l.err != nil {
		return -1
	}
	if l.pos < len(l.window) {
		return int(l.window[l.pos])
	}
	if !l.fill() {
		return -1
	}
	return int(l.window[0])
}

// fill reads the next window. Most objects are shorter than the first.
func (l *lexer) fill() bool {
	if l.source == nil {
		return false
	}
	const first, later = 1 << 10, 16 << 10
	size := later
	if l.window == nil {
		size = first
	}
	if cap(l.window) < size {
		l.window = make([]byte, 0, size)
	}
	l.start += int64(l.pos)
	l.pos = 0
	n, err := l.source.ReadAt(l.window[:size], l.start)
	l.window = l.window[:n]
	if n == 0 && err != io.EOF {
		l.fail(err)
	}
	return n > 0
}

// next takes the next byte.
func (l *lexer) next() int {
	c := l.peek()
	if c >= 0 {
		l.pos++
		if !l.purse.spend(costOfByte) {
			l.fail(l.purse.ended)
			return -1
		}
	}
	return c
}

func isSpace(c int) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isRegular(c int) bool {
	return c >= 0 && !isSpace(c) && bytes.IndexByte([]byte("()<>[]{}/%"), byte(c)) < 0
}

func (l *lexer) skipSpace() {
	for {
		c := l.peek()
		switch {
		case isSpace(c):
			if l.next() < 0 {
				return
			}
		case c == '%':
			for c >= 0 && c != '\n' && c != '\r' {
				c = l.next()
			}
		default:
			return
		}
	}
}

// token is the next token: a value that is neither an array nor a dictionary, or
// a keyword, which is empty at the end.
func (l *lexer) token() any {
	l.skipSpace()
	c := l.peek()
	switch {
	case l.err != nil || c < 0:
		return keyword("")
	case c == '/':
		l.next()
		return l.name()
	case c == '(':
		l.next()
		return l.literal()
	case c == '<':
		l.next()
		if l.peek() == '<' {
			l.next()
			return keyword("<<")
		}
		return l.hex()
	case c == '>':
		l.next()
		if l.peek() != '>' {
			l.fail(errors.New("a > stands alone"))
			return keyword("")
		}
		l.next()
		return keyword(">>")
	case !isRegular(c):
		l.next()
		return keyword([]byte{byte(c)})
	}
	return word(l.regular())
}

func (l *lexer) regular() []byte {
	var text []byte
	for isRegular(l.peek()) {
		c := l.next()
		if c < 0 {
			break
		}
		if text = append(text, byte(c)); len(text) > mostToken {
			l.fail(errors.New("a word is too long"))
			break
		}
	}
	return text
}

// word is what a run of regular characters means.
func word(text []byte) any {
	switch s := string(text); s {
	case "":
		return keyword("")
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		if c := s[0]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
			return keyword(s)
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		// PDF knows neither exponents nor infinities.
		if len(bytes.Trim(text, "+-.0123456789")) == 0 {
			if n, err := strconv.ParseFloat(s, 64); err == nil {
				return n
			}
		}
		return keyword(s)
	}
}

func (l *lexer) name() Name {
	text := l.regular()
	out := text[:0]
	for i := 0; i < len(text); i++ {
		if text[i] == '#' && i+2 < len(text) && nibble(int(text[i+1])) >= 0 && nibble(int(text[i+2])) >= 0 {
			out = append(out, byte(nibble(int(text[i+1]))<<4|nibble(int(text[i+2]))))
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return Name(out)
}

// nibble is the value of a hexadecimal digit, or -1.
func nibble(c int) int {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

// hex reads a string written in hexadecimal digits, after its <.
func (l *lexer) hex() string {
	var out []byte
	high := -1
	for {
		c := l.next()
		switch n := nibble(c); {
		case c == '>':
			if high >= 0 {
				out = append(out, byte(high<<4))
			}
			return string(out)
		case isSpace(c):
		case n < 0 || len(out) > mostString:
			l.fail(errors.New("a hexadecimal string does not end"))
			return ""
		case high < 0:
			high = n
		default:
			out = append(out, byte(high<<4|n))
			high = -1
		}
	}
}

// literal reads a string in parentheses, after the first of them.
func (l *lexer) literal() string {
	var out []byte
	for open := 1; ; {
		c := l.next()
		switch {
		case c < 0 || len(out) > mostString:
			l.fail(errors.New("a string does not end"))
			return ""
		case c == '(':
			open++
		case c == ')':
			if open--; open == 0 {
				return string(out)
			}
		case c == '\r': // a line's end is read as \n, however it is written
			if l.peek() == '\n' {
				l.next()
			}
			c = '\n'
		case c == '\\':
			if c = l.escape(); c < 0 {
				continue
			}
		}
		out = append(out, byte(c))
	}
}

// escape reads what follows a \ in a string: the byte that it stands for, or -1
// for none.
func (l *lexer) escape() int {
	c := l.next()
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case '\r':
		if l.peek() == '\n' {
			l.next()
		}
		return -1
	case '\n':
		return -1
	}
	if c < '0' || c > '7' {
		return c
	}
	n := c - '0'
	for range 2 {
		if c = l.peek(); c < '0' || c > '7' {
			break
		}
		n = n<<3 | (l.next() - '0')
	}
	return n & 0xff
}

// object reads a value, arrays and dictionaries with all that is in them. A
// reference outside them reads as its first number.
func (l *lexer) object(depth int) any {
	return l.whole(l.token(), depth)
}

// whole is the value that begins with a token.
func (l *lexer) whole(token any, depth int) any {
	if l.values++; l.values > mostValues {
		l.fail(errors.New("an object holds too much"))
	}
	if !l.purse.spend(costOfValue) {
		l.fail(l.purse.ended)
	}
	if l.err != nil {
		return nil
	}
	if s, ok := token.(string); ok {
		l.values += len(s) / 16 // the memory of a string against that of a value
	}
	word, ok := token.(keyword)
	if !ok {
		return token
	}
	if depth >= mostDepth {
		l.fail(errors.New("its arrays and dictionaries are too deep"))
		return nil
	}
	switch word {
	case "[":
		return l.until("]", depth+1)
	case "<<":
		return l.dict(l.until(">>", depth+1))
	}
	l.fail(fmt.Errorf("a value is missing before %.40q", string(word)))
	return nil
}

// until reads values up to a keyword. Two numbers and an R are a reference.
func (l *lexer) until(end keyword, depth int) []any {
	var list []any
	for l.err == nil {
		token := l.token()
		switch token {
		case end:
			return list
		case keyword("R"):
			n := len(list)
			if n < 2 {
				l.fail(errors.New("a reference names no object"))
				return nil
			}
			number, ok := list[n-2].(int64)
			generation, also := list[n-1].(int64)
			if !ok || !also {
				l.fail(errors.New("a reference names no object"))
				return nil
			}
			list = append(list[:n-2], Ref{number, generation})
		default:
			list = append(list, l.whole(token, depth))
		}
	}
	return nil
}

// dict pairs keys and values. The last value of a key counts.
func (l *lexer) dict(list []any) dict {
	if len(list) == 0 || l.err != nil {
		return nil
	}
	if len(list)%2 != 0 {
		l.fail(errors.New("a key of a dictionary has no value"))
		return nil
	}
	d := make(dict, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		key, ok := list[i].(Name)
		if !ok {
			l.fail(errors.New("a key of a dictionary is no name"))
			return nil
		}
		d[key] = list[i+1]
	}
	return d
}
