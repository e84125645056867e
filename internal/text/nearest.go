package text

import (
	"fmt"
	"strings"
)

// Nearest returns the word of words that is so like word that a slip of the
// hand explains the difference, "" when none is.
func Nearest(word string, words []string) string {
	const longest = 256 // bytes; nobody slips in more
	if len(word) > longest {
		return ""
	}
	best, least := "", len([]rune(word))/3+1
	for _, w := range words {
		if len(w) > len(word)+longest {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(w)); d < least {
			best, least = w, d
		}
	}
	return best
}

// editDistance counts the letters to insert, drop, change or swap with their
// neighbour between a and b.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before := make([]int, len(t)+1)
	last := make([]int, len(t)+1)
	row := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

// DidYouMean names the one of words that is meant by a word, as the end of a
// sentence, "" when none is near.
func DidYouMean(word string, words []string) string {
	if near := Nearest(word, words); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
