package text

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// NotUTF8 finds the first line of data, counted from 1, that is not UTF-8, and
// names the encoding that the whole looks like, as iconv calls it: "" where
// none does. line is 0 when all of it is UTF-8.
func NotUTF8(data []byte) (line int, encodingName string) {
	if wide := utf16Name(data); wide != "" {
		return 1, wide
	}
	if utf8.Valid(data) { // four times as fast as the search
		return 0, ""
	}
	line = 1
	rest := data
	for len(rest) > 0 {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size <= 1 {
			return line, guess(data)
		}
		if r == '\n' {
			line++
		}
		rest = rest[size:]
	}
	return 0, ""
}

// utf16Name tells UTF-16 by its mark, or by the zeros of its line breaks.
func utf16Name(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.Contains(data, []byte("\n\x00")) && !bytes.Contains(data, []byte("\x00\n")):
		return "UTF-16LE"
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), bytes.Contains(data, []byte("\x00\n")):
		return "UTF-16BE"
	}
	return ""
}

// guessFrom bounds what a guess is made from.
const guessFrom = 64 << 10

// guess names the encoding in which data reads most like Japanese: with the
// largest share of kana, and nothing that is no character.
func guess(data []byte) string {
	data = data[:min(len(data), guessFrom)]
	best, most := "", 0
	for _, e := range []struct {
		name string
		enc  encoding.Encoding
	}{{"CP932", japanese.ShiftJIS}, {"EUC-JP", japanese.EUCJP}} {
		out, err := e.enc.NewDecoder().Bytes(data)
		if err != nil {
			continue
		}
		score := 0
		for _, r := range string(out) {
			switch {
			case r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t':
				score -= 20
			case r >= 0xff61 && r <= 0xff9f: // half-width kana: what EUC looks like, read as Shift_JIS
				score--
			case unicode.In(r, unicode.Hiragana, unicode.Katakana), r == '、', r == '。':
				score += 2
			case unicode.Is(unicode.Han, r):
				score++
			}
		}
		if score > most {
			best, most = e.name, score
		}
	}
	return best
}

// ToUTF8Hint says how to convert the file name from an encoding that NotUTF8 named.
func ToUTF8Hint(name, encodingName string) string {
	if encodingName == "" {
		return "save the file as UTF-8"
	}
	return "save it as UTF-8 in your editor, or run: iconv -f " + encodingName + " -t UTF-8 " + Quote(name) + " >new && mv new " + Quote(name)
}

// Quote is a word as a shell takes it.
func Quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./:@%+=,", r)
	}) && !strings.HasPrefix(word, "-") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
