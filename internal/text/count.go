package text

import "fmt"

// Count is a number of things in words, what being one of them: 1 link, 2 links.
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
