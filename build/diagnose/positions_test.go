package diagnose

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALineOfTeXKnowsItsLinesOfTheManuscript(t *testing.T) {
	p, err := ReadPositions(strings.NewReader(strings.Join([]string{
		"C ch01.tex\tch01.re",
		"M 0\t1", // "\chapter{a}" after line 1
		"M 13\t4",
		"M 22\t9",
		`T \chapter{a}`,
		"T ",
		"T aaa",
		"T bbb",
		"T ",
		"T \\begin{x}",
		"T y",
	}, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, ok := p.chapter("./ch01.tex")
	if !ok || c.source != "ch01.re" {
		t.Fatalf("got %+v", c)
	}
	for n, want := range [][2]int{{1, 1}, {1, 1}, {2, 4}, {2, 4}, {2, 4}, {5, 9}, {5, 9}, {5, 9}} {
		if line := c.at(n + 1); line.first != want[0] || line.last != want[1] {
			t.Errorf("line %d of TeX is from %d to %d, want %v", n+1, line.first, line.last, want)
		}
	}
}

func TestLinesThatAHookPutInOrTookOutDoNotShiftThePlaces(t *testing.T) {
	p, err := ReadPositions(strings.NewReader("C a.tex\ta.re\nM 0\t1\nM 4\t2\nM 8\t3\nT one\nT two\nT six\nF new\nF one\nF new\nF six\nF end\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, _ := p.chapter("a.tex")
	var got []int
	for _, l := range c.lines {
		got = append(got, l.last)
	}
	if want := []int{0, 1, 1, 3, 3}; !equalInts(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestDamagedPositionsAreNone(t *testing.T) {
	for _, text := range []string{
		"M 0\t1\n", "C a.tex\n", "C a.tex\ta.re\nM x\t1\n", "C a.tex\ta.re\nM -1\t1\n", "C a.tex\ta.re\nX\n",
		"C a.tex\ta.re\nT " + strings.Repeat("x", positionsLineLimit) + "\n",
	} {
		if p, err := ReadPositions(strings.NewReader(text)); err == nil || p != nil {
			t.Errorf("%.40q: got %v, %v", text, p, err)
		}
	}
}

func FuzzPositions(f *testing.F) {
	recorded, err := os.ReadFile(filepath.Join("testdata", "positions"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(recorded)
	f.Add([]byte("C a.tex\ta.re\nM 0\t1\nM 4\t2\nT one\nT two\nF x\nF two\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPositions(bytes.NewReader(data))
		if (p == nil) != (err != nil) {
			t.Fatalf("got %v, %v", p, err)
		}
		if err != nil {
			return
		}
		for name, c := range p.chapters {
			for n := -1; n <= len(c.lines)+1; n++ {
				if l := c.at(n); l.first > l.last || l.first < 0 {
					t.Fatalf("%s:%d is from %d to %d", name, n, l.first, l.last)
				}
			}
			c.runawayLine("x", `\y`, len(c.lines))
		}
	})
}
