package project

import "testing"

func TestAPathBecomesAPatternOfItself(t *testing.T) {
	for _, c := range []struct{ goos, rel, want string }{
		{"linux", "a*b/[c]", `a\*b/\[c]`}, {"linux", "!x?", `\!x\?`},
		{"windows", `out\pdf`, `out\pdf`}, {"windows", `out\[c]`, `out\[[]c]`}, {"windows", "!x", "[!]x"},
	} {
		if got := literalPattern(c.rel, c.goos); got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.rel, c.goos, got, c.want)
		}
	}
}
