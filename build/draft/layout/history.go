package layout

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bookci/bookci/build/review"
)

var dated = regexp.MustCompile(`^(\d+)-(\d+)-(\d+)(?:[\s　](.+))?$`)

// history returns the lines of a colophon that tell when the book came out. date, as
// 2006-01-02, is that of a book that has no history.
func (w *words) history(s *review.Settings, date string) []string {
	var lines []string
	editions, ok := s.Value("history").([]any)
	if !ok {
		if date != "" {
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

// date writes a day as the book's language does, and what is no day as it is.
func (w *words) date(day string) string {
	m := dated.FindStringSubmatch(day)
	if m == nil {
		return day
	}
	plain := m[1] + "-" + m[2] + "-" + m[3]
	at, err := time.Parse("2006-1-2", plain)
	format := w.locale.Word("date_format")
	if err != nil || format == "" {
		return plain
	}
	return strings.NewReplacer("%Y", m[1], "%-m", at.Format("1"), "%m", at.Format("01"), "%b", at.Format("Jan"), "%B", at.Format("January"),
		"%-d", at.Format("2"), "%d", at.Format("02"), "%e", at.Format("_2")).Replace(format)
}
