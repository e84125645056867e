package diagnose

import (
	"path"
	"regexp"
	"slices"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// Ruby's words for a file in another encoding name neither the file nor the line.
var encodingWords = regexp.MustCompile(`invalid byte sequence in UTF-8|incompatible (?:character encodings?|encoding regexp)|ASCII incompatible encoding|invalid multibyte char`)

// encodingNames are what authors call what iconv calls otherwise.
var encodingNames = map[string]string{"CP932": "Shift_JIS"}

// fromEncoding finds the files of the book that are not UTF-8, and drops what
// was said of them in other words.
func (d *diagnoser) fromEncoding() {
	var found []book.Diagnostic
	names := slices.Clone(d.book.ConfigFiles)
	for _, c := range d.book.Chapters {
		names = append(names, c.Path)
	}
	for _, name := range names {
		data, err := d.read(name)
		if err != nil || len(data) > manuscriptLimit {
			continue
		}
		line, looksLike := text.NotUTF8(data)
		if line == 0 {
			continue
		}
		message := "the file is not UTF-8"
		if looksLike != "" {
			known := encodingNames[looksLike]
			if known == "" {
				known = looksLike
			}
			message += ": it looks like " + known
		}
		found = append(found, book.Diagnostic{
			Severity: book.Error, Code: "review-encoding", File: name, Line: line,
			Message: message, Hint: text.ToUTF8Hint(path.Base(name), looksLike),
		})
	}
	if len(found) == 0 {
		return
	}
	d.list = slices.DeleteFunc(d.list, func(x book.Diagnostic) bool { return encodingWords.MatchString(x.Message) })
	d.later = slices.DeleteFunc(d.later, func(x book.Diagnostic) bool { return encodingWords.MatchString(x.Message) })
	d.list = append(found, d.list...)
}
