package sheet

import "testing"

func TestRomanNumbers(t *testing.T) {
	for n, want := range map[int]string{1: "i", 4: "iv", 9: "ix", 14: "xiv", 48: "xlviii", 1999: "mcmxcix"} {
		if got := Roman(n); got != want || RomanValue(want) != n {
			t.Errorf("%d is %s", n, got)
		}
	}
	if RomanValue("mix up") != 0 || RomanValue("iiii") != 0 {
		t.Error("a word is taken for a number")
	}
}
