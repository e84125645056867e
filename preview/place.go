package preview

import (
	"math"
	"slices"
)

// spot is a place on a page.
type spot struct {
	Page int     `json:"page"` // counted from 1
	Top  float64 `json:"top"`  // part of the page's height
	Foot float64 `json:"foot"`
}

// place is a line of the manuscript.
type place struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
}

const (
	shortest = 3  // letters that say anything of a place
	window   = 24 // letters looked for at most
)

// findPlace returns the manuscript's line for a point of a page: the line whose
// text is printed there, in the chapter that the page's other lines come from.
// Line is 0 when nothing is found.
func findPlace(lines []line, x, y float64, sources []source) place {
	if len(lines) == 0 {
		return place{}
	}
	best, nearest := 0, math.Inf(1)
	for i, l := range lines {
		dx := max(l.left-x, x-l.right, 0)
		dy := max(l.top-y, y-l.foot, 0)
		if d := math.Hypot(dx, dy*2); d < nearest {
			best, nearest = i, d
		}
	}
	// The lines around say which of several places is meant.
	type hit struct{ source, line int }
	var around []hit
	for i, l := range lines {
		if i == best || i < best-12 || i > best+12 {
			continue
		}
		for s, src := range sources {
			if at := soleOccurrence(src.text, middle(l.text, len(l.text)/2, window)); at >= 0 {
				around = append(around, hit{s, src.lines[at]})
			}
		}
	}
	near := func(s, line int) int {
		n := 0
		for _, h := range around {
			if h.source == s {
				n++
				if abs(h.line-line) < 40 {
					n += 3
				}
			}
		}
		return n
	}
	// From the line itself outwards: a page number or a heading's number has
	// no place of its own.
	order := []int{best}
	for d := 1; d < 6; d++ {
		order = append(order, best-d, best+d)
	}
	for _, i := range order {
		if i < 0 || i >= len(lines) {
			continue
		}
		l := lines[i]
		share := (x - l.left) / max(l.right-l.left, 1e-6)
		at := int(math.Round(min(max(share, 0), 1) * float64(len(l.text))))
		for size := min(window, len(l.text)); size >= shortest; size = size * 3 / 4 {
			var found place
			score := -1
			// The text at the click comes first: a line may begin or end with a
			// number that is not in the manuscript.
			for _, at := range []int{at, len(l.text), 0} {
				part := middle(l.text, at, size)
				for s, src := range sources {
					for _, p := range occurrences(src.text, part, 64) {
						line := src.lines[p+len(part)/2]
						if n := near(s, line); n > score {
							score, found = n, place{File: src.file, Line: line}
						}
					}
				}
				if score > 0 || score == 0 && size >= 6 {
					return found
				}
			}
		}
	}
	return place{}
}

// findSpot returns where line n of a chapter stands in print, Page 0 when it is not
// found. It looks at the pages first to last.
func findSpot(pages [][]line, first, last int, src source, n int) spot {
	begin := 0
	for begin < len(src.lines) && src.lines[begin] < n {
		begin++
	}
	// A line that prints little (a command, a blank) is where the text after
	// it is; the last line is where the text before it is.
	text := src.text[begin:]
	if len(text) < shortest {
		text = src.text[max(0, len(src.text)-window):]
	}
	for skip := 0; skip <= 3*window && skip+shortest <= len(text); skip += window / 2 {
		for size := min(window, len(text)-skip); size >= 6 || size == len(text)-skip && size >= shortest; size /= 2 {
			part := text[skip : skip+size]
			for i := max(first, 1); i <= min(last, len(pages)); i++ {
				if at := lineOf(pages[i-1], part); at != nil {
					return spot{Page: i, Top: at.top, Foot: at.foot}
				}
			}
		}
	}
	return spot{}
}

// lineOf returns the line of print in which part begins, also when it goes on
// in the next line.
func lineOf(lines []line, part []rune) *line {
	var all []rune
	starts := make([]int, len(lines))
	for i, l := range lines {
		starts[i] = len(all)
		all = append(all, l.text...)
	}
	at := index(all, part)
	if at < 0 {
		return nil
	}
	i, exact := slices.BinarySearch(starts, at)
	if !exact {
		i--
	}
	return &lines[i]
}

// middle is the part of text around at, size runes long if text is.
func middle(text []rune, at, size int) []rune {
	size = min(size, len(text))
	from := min(max(0, at-size/2), len(text)-size)
	return text[from : from+size]
}

// soleOccurrence is where part stands in text if it stands there once, else -1.
func soleOccurrence(text, part []rune) int {
	if len(part) < 6 {
		return -1
	}
	found := occurrences(text, part, 2)
	if len(found) != 1 {
		return -1
	}
	return found[0]
}

// occurrences are where part stands in text, the first most of them.
func occurrences(text, part []rune, most int) []int {
	var list []int
	if len(part) == 0 {
		return nil
	}
	for from := 0; len(list) < most; {
		i := index(text[from:], part)
		if i < 0 {
			break
		}
		list = append(list, from+i)
		from += i + 1
	}
	return list
}

// index is where part first stands in text, or -1.
func index(text, part []rune) int {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i] == part[0] && slices.Equal(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func abs(n int) int { return max(n, -n) }
