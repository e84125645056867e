package preview

import (
	"context"
	"strings"
)

// A PDF for the printer has no outline. Its table of contents is made of the
// manuscript's headings, each at the page on which its words are found.

// contents is the table of contents of a PDF without an outline. It is searched
// for once for each edition, as every heading is looked for on many pages.
func (s *Server) contents(ctx context.Context, b *book) []Entry {
	e, words, err := s.print(ctx, b)
	if err != nil {
		return nil
	}
	e.foundMu.Lock()
	defer e.foundMu.Unlock()
	if e.found != nil {
		return e.found
	}
	list := []Entry{}
	from := 1
	for _, ch := range b.now() {
		if ctx.Err() != nil {
			return nil // nobody waits for it
		}
		data, err := readBelow(s.opts.Root, ch.File, chapterLimit)
		if err != nil {
			continue
		}
		var found []Entry
		found, from = findHeadings(words, from, ch.File, string(data))
		list = append(list, found...)
	}
	e.found = list[:min(len(list), mostEntries)]
	return e.found
}

// findHeadings finds a chapter's headings on the pages first and later, and tells
// on which page the next chapter begins at the earliest.
func findHeadings(words [][]line, first int, file, text string) (list []Entry, next int) {
	const near = 40 // pages from one heading to the next; further off the same words are others
	body := source{file, readManuscript(text)}
	for i, h := range headings(text) {
		var at spot
		if i == 0 {
			// The book's own table of contents has the same words: the text after the
			// heading says where the chapter itself is.
			at = findSpot(words, first, len(words), body, h.line+1)
		}
		if at.Page == 0 && (i == 0 || len(list) > 0) {
			last := len(words)
			if i > 0 {
				last = min(last, first+near)
			}
			at = findSpot(words, first, last, body, h.line)
		}
		if at.Page > 0 {
			first = at.Page
			list = append(list, Entry{Title: h.title, Page: at.Page, Level: h.level})
		}
	}
	return list, first
}

// heading is one of a manuscript's, with its line.
type heading struct {
	title string
	level int
	line  int // counted from 1
}

// headings are a chapter's, the first of them its title. What looks like one in a
// listing is none.
func headings(text string) []heading {
	var list []heading
	inside := false
	n := 0
	for l := range strings.SplitSeq(strings.TrimPrefix(text, "\uFEFF"), "\n") {
		n++
		l = strings.TrimRight(l, " \r")
		title := strings.TrimLeft(l, "=")
		switch {
		case strings.HasPrefix(l, "//}"):
			inside = false
		case strings.HasPrefix(l, "//") && strings.HasSuffix(l, "{"):
			inside = true
		case inside || title == l || strings.HasPrefix(title, "[/"):
		default:
			if printed := strings.TrimSpace(printed(l)); printed != "" {
				list = append(list, heading{printed, len(l) - len(title), n})
			}
		}
	}
	return list
}

// firstHeading is the line of a chapter's title, 0 when there is none.
func firstHeading(text string) int {
	if list := headings(text); len(list) > 0 {
		return list[0].line
	}
	return 0
}
