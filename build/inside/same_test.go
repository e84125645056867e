//go:build unix

package inside

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// conversions is how often dvipdfmx made a PDF in the last build.
func (b *texBench) conversions() int {
	runs, err := os.ReadFile(filepath.Join(b.dir, "runs"))
	if err != nil {
		return 0
	}
	return strings.Count(string(runs), "converts ")
}

// published puts the last PDF where the next build finds it.
func (b *texBench) published() string {
	b.t.Helper()
	pdf, err := os.ReadFile(filepath.Join(b.dir, "out.pdf"))
	must(b.t, err)
	b.write("published.pdf", string(pdf), 0o666)
	return "BOOKCI_LAST_PDF=" + filepath.Join(b.dir, "published.pdf")
}

func TestWhatTheLastBuildMadeOfTheSameIsNotMadeAgain(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.write("book/picture.png", "four", 0o666)
		b.book("text", "picture picture.png", "index b", "index a")
		b.same("from nothing", 4)
		last := b.published()
		got := b.same("nothing that TeX sees has changed", 0, last)
		if n := b.conversions(); n != 0 {
			t.Errorf("dvipdfmx ran %d times on a DVI that had been converted", n)
		}
		if strings.Count(got.output, "This is fake TeX") != 4 || !strings.Contains(got.output, "-> __REVIEW_BOOK__.pdf") {
			t.Errorf("the maker did not see the programs' output: %q", got.output)
		}
		b.same("and again", 0, b.published())

		b.write("book/picture.png", "five", 0o666)
		b.same("a picture of the same size has another content", 0, last)
		if n := b.conversions(); n != 1 {
			t.Errorf("dvipdfmx ran %d times for another picture", n)
		}
		b.write("book/picture.png", "larger", 0o666)
		b.same("a picture has another size", 2, b.published())
		b.write("book/other.png", "new", 0o666)
		b.same("there is another picture", 1, b.published())
		b.book("text that changed", "picture picture.png", "index b", "index a")
		b.same("an edit", 1, b.published())
		b.write("outside.sty", "another outside, longer\n", 0o666)
		b.same("a file elsewhere has changed", 1, b.published())
		b.env = append(b.env, "SOURCE_DATE_EPOCH=5")
		b.same("another date", 2, b.published())
		b.same("the same date", 0, b.published())
		last = b.published()
		b.env = append(b.env, "TEXINPUTS=/elsewhere:")
		b.same("TeX is told to look elsewhere", 1, last)
		if _, err := os.Stat(filepath.Join(b.dir, "state/tex/pdf")); err == nil {
			t.Error("a PDF whose pictures may lie elsewhere can be taken again")
		}
	})
}

func TestAPDFThatIsNotTheLastOneIsNotTaken(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text")
		b.same("from nothing", 4)
		for what, spoil := range map[string]func(name string){
			"damaged": func(name string) {
				text, err := os.ReadFile(name)
				must(t, err)
				text[len(text)/2] ^= 1
				must(t, os.WriteFile(name, text, 0o666))
			},
			"truncated": func(name string) { must(t, os.Truncate(name, 3)) },
			"gone":      func(name string) { must(t, os.Remove(name)) },
			"a folder": func(name string) {
				must(t, os.Remove(name))
				must(t, os.Mkdir(name, 0o777))
			},
		} {
			last := b.published()
			spoil(filepath.Join(b.dir, "published.pdf"))
			b.same(what, 0, last)
			if n := b.conversions(); n != 1 {
				t.Errorf("%s: dvipdfmx ran %d times", what, n)
			}
			must(t, os.RemoveAll(filepath.Join(b.dir, "published.pdf")))
		}
	})
}

func TestDamageToTheLastPassIsNoticed(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text")
		b.same("from nothing", 4)
		for _, name := range []string{"dvi", "log", "inputs", "out", "written", "contents", "sums", "world"} {
			found, err := filepath.Glob(filepath.Join(b.dir, "state/tex/*/last", name))
			if err != nil || len(found) != 1 {
				t.Fatalf("%s is kept %d times", name, len(found))
			}
			must(t, os.WriteFile(found[0], []byte("something else\n"), 0o666))
			b.same("damaged "+name, 1)
		}
	})
}

func TestAHookBetweenPassesIsSeenWherePagesWereKept(t *testing.T) {
	eachShell(t, func(t *testing.T, b *texBench) {
		b.book("text", "index a")
		b.same("from nothing", 4)
		for what, hook := range map[string]string{
			"what TeX reads": `HOOK=echo changed >style.sty`,
			"the index":      `HOOK_AFTER=echo more >>__REVIEW_BOOK__.ind`,
			"the pages":      `HOOK_DVI=echo more >>__REVIEW_BOOK__.dvi`,
		} {
			env := b.env
			b.env = append(slices.Clone(env), hook)
			b.same("a hook changes "+what, 4)
			b.same("it still does", 4)
			b.env = env
			b.same("no hook changes "+what+" any more", 4)
		}
	})
}
