package review

import (
	"fmt"
	"strconv"
	"strings"
)

// numberChapters gives parts and chapters their numbers as Re:VIEW counts them.
func (r *reader) numberChapters() {
	part, body, appendix := 0, 0, 0
	for _, c := range r.chapters {
		switch c.Kind {
		case Part:
			part++
			c.Number = part
		case Body:
			body++
			c.Number = body
			if c.unnumbered {
				c.Number = 0
				if c.Part == nil {
					body-- // inside a part the number is used up all the same
				}
			}
		case Appendix:
			appendix++
			c.Number = appendix
			if c.unnumbered {
				c.Number = 0
			}
		}
		c.Label = r.chapterLabel(c)
	}
}

// chapterLabel is how a chapter is called: "第1章".
func (r *reader) chapterLabel(c *Chapter) string {
	if c.Number == 0 {
		return ""
	}
	switch c.Kind {
	case Part:
		return r.locale.Word("part", c.Number)
	case Appendix:
		if c.Number > maxAppendix {
			return strconv.Itoa(c.Number)
		}
		return r.locale.Word("appendix", c.Number)
	}
	return r.locale.Word("chapter", c.Number)
}

// Re:VIEW has no letter for more appendices.
const maxAppendix = 27

// shortLabel is a chapter's number as it stands before a point: "1", "A". A
// part is "I" there in headings and captions.
func (r *reader) shortLabel(c *Chapter) string {
	if c.Number == 0 {
		return ""
	}
	switch c.Kind {
	case Part:
		return r.locale.Word("part_short", c.Number)
	case Appendix:
		if c.Number <= maxAppendix {
			format := "%s"
			words := r.locale.words["appendix"]
			if i := strings.IndexByte(words, '%'); i >= 0 {
				format = words[i:]
				if style := longestStyle(strings.TrimPrefix(format, "%p")); strings.HasPrefix(format, "%p") && style != "" {
					return inStyle(style, c.Number)
				}
			}
			return strconv.Itoa(c.Number)
		}
	}
	return strconv.Itoa(c.Number)
}

// itemLabel is what stands before a caption: "図1.2".
func (r *reader) itemLabel(word string, c *Chapter, number int) string {
	if r.secnolevel > 0 {
		if short := r.shortLabel(c); short != "" {
			return r.locale.Word(word) + r.locale.Word("format_number", short, number)
		}
	}
	return r.locale.Word(word) + r.locale.Word("format_number_without_chapter", number)
}

// sectionCounter counts the headings of a chapter.
type sectionCounter [6]int // of the levels 2 to 6, and one that stays 0

func (s *sectionCounter) count(level int) {
	n := level - 2
	if n >= 0 {
		s[n]++
	}
	for i := max(n+1, 0); i < len(s); i++ {
		s[i] = 0
	}
}

// numbers are those down to the deepest level that has been counted.
func (s *sectionCounter) numbers() []int {
	n := len(s)
	for n > 0 && s[n-1] == 0 {
		n--
	}
	return append([]int(nil), s[:n]...)
}

// headingNumber is what is printed before a heading: "第1章", "1.2".
func (r *reader) headingNumber(c *Chapter, level int, s *sectionCounter) string {
	switch {
	case c.Number == 0 || r.secnolevel < level:
		return ""
	case level == 1:
		return c.Label
	}
	return dotted(r.shortLabel(c), s[:level-1])
}

func dotted(first string, rest []int) string {
	for _, n := range rest {
		first += fmt.Sprintf(".%d", n)
	}
	return first
}

// targetNumber is what a reference to a heading shows: "1.2", "" for one that
// has no number.
func (r *reader) targetNumber(c *Chapter, e *entry) string {
	if e.numbers == nil || c.Number == 0 {
		return ""
	}
	first := strconv.Itoa(c.Number)
	if c.Kind == Appendix {
		first = r.shortLabel(c)
	}
	n := dotted(first, e.numbers)
	if r.secnolevel < strings.Count(n, ".")+1 {
		return ""
	}
	return n
}

// bibLabel is how an entry of the bibliography is referred to.
func (r *reader) bibLabel(number int) string { return "[" + strconv.Itoa(number) + "]" }
