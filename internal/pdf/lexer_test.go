package pdf

import (
	"bytes"
	"testing"
)

func lexed(text string) *lexer {
	return &lexer{purse: &purse{left: 1 << 30, ended: nil, unasked: -1 << 40}, window: []byte(text)}
}

func TestValuesReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]string{
		"[1 -2 +3 .5 -4.25 1 0 R null true false]": "[1 -2 3 0.5 -4.25 1 0 R <nil> true false]",
		"<</A 1/B[/C#20d 12 0 R]/A 2>>":            "<</A 2 /B [/C d 12 0 R]>>",
		"(a(b)\\)\\n\\101\\\r\nc\r\nd\\d)":         `"a(b))\nAc\ndd"`,
		"<48 65 6C6>":                              `"Hel` + "`" + `"`,
		"% a comment\n/Name%another":               "/Name",
		"[()<><<>>]":                               `["" "" <<>>]`,
	} {
		l := lexed(text)
		if got := written(l.object(0)); got != want || l.err != nil {
			t.Errorf("%s reads as %s, %v, not as %s", text, got, l.err, want)
		}
	}
}

func TestWhatIsNoValueIsRefused(t *testing.T) {
	for _, text := range []string{"", "]", ">", "[1", "<</A>>", "<<1 2>>", "[R]", "[1 R]", "[/A 0 R]", "(a", "<4", "<zz>", "endobj", "%"} {
		l := lexed(text)
		if got := l.object(0); l.err == nil {
			t.Errorf("%q reads as %s", text, written(got))
		}
	}
}

func TestAValueIsReadAcrossWindows(t *testing.T) {
	data := append(append([]byte("("), bytes.Repeat([]byte("x"), 100_000)...), ')')
	l := lexed("")
	l.source, l.window = bytes.NewReader(data), nil
	if s, _ := l.object(0).(string); len(s) != 100_000 || l.err != nil {
		t.Errorf("%d bytes, %v", len(s), l.err)
	}
}

func TestTextIsReadInItsEncoding(t *testing.T) {
	for raw, want := range map[string]string{
		"plain":                         "plain",
		"\xfe\xff\x98\x4c\x54\x0d":      "題名",
		"\xfe\xff\xd8\x42\xdf\x9f\x00":  "𠮟",
		"\xef\xbb\xbf題名\xff":            "題名\ufffd",
		"\xe9\x80\xa0\x18\x1f \x92\x9f": "é•€˘˜ ™\ufffd",
	} {
		if got := (Value{data: raw}).Text(); got != want {
			t.Errorf("%q reads as %q, not as %q", raw, got, want)
		}
	}
}
