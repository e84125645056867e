package screen

import (
	"fmt"
	"strings"
	"time"
)

// Seconds is a span of time in words.
func Seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// Size is a number of bytes in words.
func Size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

// PageNumbers writes page numbers, in order, as in "pages 3, 7-9".
func PageNumbers(pages []int) string {
	var parts []string
	for i := 0; i < len(pages); {
		j := i
		for j+1 < len(pages) && pages[j+1] == pages[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(pages[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", pages[i], pages[j]))
		}
		i = j + 1
	}
	const shown = 6
	if len(parts) > shown {
		return fmt.Sprintf("%d pages from page %d on", len(pages), pages[0])
	}
	word := "pages"
	if len(pages) == 1 {
		word = "page"
	}
	return word + " " + strings.Join(parts, ", ")
}
