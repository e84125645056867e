package text

import "testing"

func TestALineIsWhatATerminalWouldShowOfIt(t *testing.T) {
	for line, want := range map[string]string{
		"plain\r":                    "plain",
		"10 %\r100 %":                "100 %",
		"\x1b[31;1mred\x1b[0m":       "red",
		"\x1b(B\x1b[mas tput resets": "as tput resets",
		"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b": "ab",
		"\x1b]0;breaks off\x1b[31mred":             "red",
		"\x1b章":                                    "章",
		"\x1b":                                     "",
		"\x1b(":                                    "",
		"a\x00b\u202ec\xff":                        "abc\ufffd",
		"a\tb":                                     "a\tb",
	} {
		if got := PlainLine(line); got != want {
			t.Errorf("%q is shown as %q, not as %q", line, got, want)
		}
	}
}
