package psych

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func mustPsych(t *testing.T, text string) *Value {
	t.Helper()
	v, err := Parse("config.yml", []byte(text))
	if err != nil {
		t.Fatalf("reading %q: %v", text, err)
	}
	return v
}

// What Ruby 3.1 with Psych 4.0.4 makes of each scalar, as it printed it.
func TestScalarsAreReadAsPsychReadsThem(t *testing.T) {
	for text, want := range map[string]string{
		"book":                 `string "book"`,
		"yes":                  "bool true",
		"No":                   "bool false",
		"OFF":                  "bool false",
		"y":                    `string "y"`,
		"~":                    "<nil> <nil>",
		"Null":                 "<nil> <nil>",
		"010":                  "int64 8",
		"08":                   `string "08"`,
		"0x1F":                 "int64 31",
		"0b101":                "int64 5",
		"0o17":                 `string "0o17"`,
		"1_000":                "int64 1000",
		"1,000":                "int64 1000",
		"5.10":                 "float64 5.1",
		"1e3":                  `string "1e3"`,
		"1.0e+3":               "float64 1000",
		"1:30":                 "int64 5400",
		"2024-01-02":           `psych.Date "2024-01-02"`,
		"2024-1-2":             `psych.Date "2024-01-02"`,
		"2024-02-30":           `string "2024-02-30"`,
		"'5'":                  `string "5"`,
		"!!int '3'":            "int64 3",
		"!!str 12":             `string "12"`,
		"第1部":                  `string "第1部"`,
		"1.2.3":                `string "1.2.3"`,
		"x#c":                  `string "x#c"`,
		"\"\\u3042\"":          `string "あ"`,
		"99999999999999999999": "*big.Int 99999999999999999999",
	} {
		m := mustPsych(t, "k: "+text+"\n").Val.(*Map)
		v := m.Get("k").Val
		got := fmt.Sprintf("%T %v", v, v)
		switch v.(type) {
		case string, Date:
			got = fmt.Sprintf("%T %q", v, v)
		}
		if got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}

func TestMergeKeysOverrideWhatStandsAboveThem(t *testing.T) {
	m := mustPsych(t, "a: &A {x: 1, y: 1}\nc: &C {x: 2, z: 2}\nb:\n  x: 0\n  <<: *A\n  y: 3\nd:\n  <<: [*A, *C]\n").Val.(*Map)
	if got := fmt.Sprint(m.Get("b").Plain()); got != "map[x:1 y:3]" {
		t.Errorf("b is %s", got)
	}
	if got := fmt.Sprint(m.Get("d").Plain()); got != "map[x:1 y:1 z:2]" {
		t.Errorf("d is %s", got)
	}
}

func TestTheLastOfEqualKeysWins(t *testing.T) {
	if got := fmt.Sprint(mustPsych(t, "a: 1\nb: 2\na: 3\n").Plain()); got != "map[a:3 b:2]" {
		t.Errorf("read %s", got)
	}
}

func TestAByteOrderMarkIsNoPartOfTheFirstKey(t *testing.T) {
	if mustPsych(t, "\ufeffbookname: x\n").Val.(*Map).Get("bookname") == nil {
		t.Error("bookname is not found behind the mark")
	}
}

func TestYAMLFaultsAreFoundAtTheirLine(t *testing.T) {
	head := "# a comment\nbookname: book\nbooktitle: 本\npdfmaker:\n  toc: true\n"
	tail := "language: ja\nhistory:\n  - [\"2024-01-01\"]\nrights: |\n  (C)\n\n  all\n"
	for name, fault := range map[string]string{
		"a wrong indentation":  " aut: x\n",
		"a quote left open":    "aut: \"x\n",
		"a bracket left open":  "aut: [\"a\", \"b\"\n",
		"a brace left open":    "aut: {a: b\n",
		"a tab":                "\taut: x\n",
		"two colons":           "aut: x: y\n",
		"a stray bracket":      "aut: ]\n",
		"an unknown alias":     "aut: *nobody\n",
		"a reserved character": "aut: @me\n",
		"a missing colon":      "aut\n",
		"a bad escape":         "aut: \"\\q\"\n",
		"a control character":  "aut: a\x01b\n",
		"what is not UTF-8":    "aut: \x83\x89\n",
	} {
		_, err := Parse("config.yml", []byte(head+fault+tail))
		var ye *Error
		if !errors.As(err, &ye) {
			t.Errorf("%s is no fault", name)
			continue
		}
		if ye.Line != 6 {
			t.Errorf("%s is found at line %d, want 6: %v", name, ye.Line, err)
		}
	}
}

func TestAliasesCannotMultiplyAFile(t *testing.T) {
	// Each line holds the one above it ten times.
	tenfold := func(line string) string {
		text := "a0: &a0 [x]\n"
		for i := 1; i <= 9; i++ {
			ten := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", ")
			text += fmt.Sprintf(line, i, i, ten)
		}
		return text
	}
	var keys strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&keys, "k%d: 1, ", i)
	}
	for name, text := range map[string]string{
		"a billion values":         tenfold("v%d: &a%d [%s]\n"),
		"a billion parts of keys":  tenfold("v%d:\n  ? &a%d [%s]\n  : x\n"),
		"a mapping merged often":   "a: &A {" + keys.String() + "}\nb:\n  <<: [" + strings.Repeat("*A, ", 200) + "]\n",
		"a list that holds itself": "a: &a [*a]\n",
	} {
		var refused *Error
		if _, err := Parse("config.yml", []byte(text)); !errors.As(err, &refused) || refused.Line == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFloatsArePrintedAsRubyPrintsThem(t *testing.T) {
	for f, want := range map[float64]string{5.1: "5.1", 5: "5.0", 1e16: "1.0e+16", 1e15: "1000000000000000.0", 0.0001: "0.0001", 0.00001: "1.0e-05", 1.25e-7: "1.25e-07"} {
		if got := rubyFloat(f); got != want {
			t.Errorf("%g is printed as %s, want %s", f, got, want)
		}
	}
}

func TestANumberOfVeryManyDigitsIsText(t *testing.T) {
	for digits, text := range map[int]bool{1000: false, 100_000: true} {
		v := mustPsych(t, strings.Repeat("9", digits)+"\n")
		if _, is := v.Val.(string); is != text || v.Ruby() != strings.Repeat("9", digits) {
			t.Errorf("%d digits are read as a %T", digits, v.Val)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("bookname: book\ninherit: [config.yml]\n"))
	f.Add([]byte("a: &A {x: 1}\nb:\n  <<: *A\n  y: [*A, 1:30, 2024-01-02 10:00:00]\n"))
	f.Add([]byte("\ufeffa: 'b\nc: \"\\u3042\"\n? x\n: y\n"))
	f.Add([]byte("pdfmaker: &p\n  <<: [*p]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse("config.yml", data)
		if err != nil {
			var ye *Error
			if !errors.As(err, &ye) || ye.Line < 0 || ye.Line > testbook.YAMLLines(string(data)) {
				t.Fatalf("%v at a line that is not there", err)
			}
			return
		}
		if v != nil {
			v.Plain()
			if m, ok := v.Val.(*Map); ok {
				m.Merged(m)
			}
		}
	})
}
