package layout

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/review"
)

var dated = regexp.MustCompile(`^(\d+)-(\d+)-(\d+)(?:[\s　](.+))?$`)

// history returns the lines of a colophon that tell when the book came out.
func (w *words) history(s *review.Settings) []string {
	var lines []string
	editions, ok := s.Value("history").([]any)
	if !ok {
		if date := s.Text("date", ""); date != "" {
			lines = append(lines, w.locale.Word("published_by2", w.date(date)))
		}
		return lines
	}
	for e, printings := range editions {
		list, ok := printings.([]any)
		if !ok {
			list = []any{printings}
		}
		for p, value := range list {
			text := fmt.Sprint(value)
			edition := w.locale.Word("first_edition")
			if e > 0 {
				edition = w.locale.Word("nth_edition", strconv.Itoa(e+1))
			}
			m := dated.FindStringSubmatch(text)
			switch {
			case m == nil:
				lines = append(lines, text)
			case m[4] != "":
				lines = append(lines, w.locale.Word("published_by3", w.date(text), m[4]))
			default:
				lines = append(lines, w.locale.Word("published_by1", w.date(text), edition+w.locale.Word("nth_impression", strconv.Itoa(p+1))))
			}
		}
	}
	return lines
}

// date writes a day as the book's language does.
func (w *words) date(day string) string {
	m := dated.FindStringSubmatch(day)
	if m == nil {
		return day
	}
	text := strings.ReplaceAll(w.locale.Word("date_format"), "%%", "%")
	number := func(s string) string { return strings.TrimLeft(s, "0") }
	if text == "" {
		return m[0]
	}
	return strings.NewReplacer("%Y", m[1], "%-m", number(m[2]), "%m", m[2], "%-d", number(m[3]), "%d", m[3]).Replace(text)
}
