package sheet

import "strings"

var romanLetters = []struct {
	text  string
	value int
}{
	{"m", 1000}, {"cm", 900}, {"d", 500}, {"cd", 400}, {"c", 100}, {"xc", 90}, {"l", 50}, {"xl", 40}, {"x", 10}, {"ix", 9}, {"v", 5}, {"iv", 4}, {"i", 1},
}

// Roman returns a number in small Roman letters.
func Roman(n int) string {
	var b strings.Builder
	for _, l := range romanLetters {
		for n >= l.value {
			b.WriteString(l.text)
			n -= l.value
		}
	}
	return b.String()
}

// RomanValue reads what Roman writes, 0 for anything else.
func RomanValue(s string) int {
	n, rest := 0, s
	for _, l := range romanLetters {
		for strings.HasPrefix(rest, l.text) {
			n += l.value
			rest = rest[len(l.text):]
		}
	}
	if rest != "" || n == 0 || n > 5000 || Roman(n) != s {
		return 0
	}
	return n
}
