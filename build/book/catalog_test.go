package book

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func TestAMissingChapterIsExplained(t *testing.T) {
	for name, c := range map[string]struct{ catalog, file, hint string }{
		"a slip":           {"CHAPS:\n  - ch10.re\n", "ch01.re", "write ch01.re, if that is what the file is called now; otherwise create the file or take it out of the catalog"},
		"letter case":      {"CHAPS:\n  - Ch01.re\n", "ch01.re", "there is a file ch01.re, whose name differs in letter case; rename one of the two"},
		"the Unicode form": {"CHAPS:\n  - が.re\n", "か\u3099.re", "there is a file か\u3099.re, whose name differs in Unicode form; rename one of the two"},
		"an extension":     {"CHAPS:\n  - ch01\n", "ch01.re", "write it with its extension: ch01.re"},
		"a space":          {"CHAPS:\n  - \"ch01.re \"\n", "ch01.re", "the name in the catalog has a space at its end or beginning"},
	} {
		b := readBook(t, map[string]string{"config.yml": "bookname: b\n", "catalog.yml": c.catalog, c.file: "= x\n"})
		found := b.Check()
		if len(found) != 1 || found[0].Hint != c.hint {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}

func TestARenamedChapterIsTheOneThatTheCatalogDoesNotName(t *testing.T) {
	b := readBook(t, map[string]string{"config.yml": "bookname: b\n", "catalog.yml": "PREDEF:\n  - ch02.re\nCHAPS:\n  - ch03.re\n  - ch01.re\n", "ch01.re": "= 1\n", "ch02.re": "= 2\n", "install.re": "= 3\n", "bib.re": "\n"})
	found := b.Check()
	if len(found) != 1 || !strings.HasPrefix(found[0].Hint, "write install.re, if that is what the file is called now") {
		t.Errorf("found %+v", found)
	}
}

func TestABookOfTheOldKindIsRead(t *testing.T) {
	b := readBook(t, map[string]string{
		"config.yml": "review_version: 2.0\nbookname: old\n",
		"PREDEF":     "pre\n",
		"CHAPS":      "# chapters\nch01.re # the first\n\nch02.re\nch03.re\n",
		"PART":       "第一部\n第二部\n",
		"POSTDEF":    "app.re\n",
		"pre.re":     "= p\n", "ch01.re": "= 1\n", "ch02.re": "= 2\n", "ch03.re": "= 3\n", "app.re": "= a\n",
	})
	var got []string
	for _, c := range b.Chapters {
		got = append(got, fmt.Sprintf("%s/%s/%s", c.ID, c.Kind, c.Part))
	}
	if want := "pre/predef/ ch01/chap/第一部 ch02/chap/第二部 ch03/chap/第二部 app/appendix/"; strings.Join(got, " ") != want {
		t.Errorf("chapters are %s", strings.Join(got, " "))
	}
	if found := b.Check(); len(found) > 0 {
		t.Errorf("faulted: %v", found)
	}
	if want := []string{"config.yml", "PREDEF", "PART", "CHAPS", "POSTDEF"}; !slices.Equal(b.ConfigFiles, want) {
		t.Errorf("config files are %q", b.ConfigFiles)
	}
}

// A part with a file of its own is no title.
func TestAFileIsNoTitleOfAnOldPart(t *testing.T) {
	b := readBook(t, map[string]string{
		"config.yml": "review_version: 2.0\nbookname: old\n", "CHAPS": "ch01.re\n\nch02.re\n", "PART": "part1.re\n第二部\n",
		"ch01.re": "= 1\n", "ch02.re": "= 2\n", "part1.re": "= p\n",
	})
	if titles := b.PartTitlesFor(PDF); len(titles) != 1 || titles[0].Title != "第二部" {
		t.Errorf("titles of parts are %v", titles)
	}
}

func TestAMissingChapterOfAnOldBookIsFoundInItsList(t *testing.T) {
	b := readBook(t, map[string]string{"config.yml": "bookname: b\n", "CHAPS": "ch01.re\n\nch02.re\n", "ch01.re": "= 1\n"})
	found := b.Check()
	if len(found) != 1 || found[0].File != "CHAPS" || found[0].Line != 3 || found[0].Severity != Error {
		t.Errorf("found %+v", found)
	}
}

// Each fault is looked up in the file and the folder: without a bound, a catalog
// of the size that is read at all would keep bookci busy for an hour.
func TestTheFaultsOfACatalogAreBounded(t *testing.T) {
	const missing = 20_000
	var catalog strings.Builder
	catalog.WriteString("PREDEF:\n  - {}\nCHAPS:\n")
	for i := range missing {
		fmt.Fprintf(&catalog, "  - c%d.re\n", i)
	}
	found := readBook(t, testbook.Small(map[string]string{"catalog.yml": catalog.String()})).Check()
	if len(found) < 100 || len(found) > 3*mostFaults {
		t.Errorf("%d faults", len(found))
	}
}

func TestANamedPipeAsChapterIsNamed(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(nil))
	name := filepath.Join(root, "ch01.re")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	testbook.FIFO(t, name)
	b, err := Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if found := b.Check(PDF); len(found) != 1 || !strings.Contains(found[0].Message, "a named pipe") || found[0].Severity != Error {
		t.Errorf("got %v", found)
	}
}

func TestSlipsInAListOfChaptersSayWhatToWrite(t *testing.T) {
	for catalog, want := range map[string]Diagnostic{
		"CHAPS:\n  - hon.re\n - soil.re\n":            {Severity: Error, Line: 3, Hint: `write "  - soil.re": the hyphens of a list stand below each other`},
		"CHAPS:\n  - hon.re\n  soil.re\n":             {Severity: Error, Line: 3, Hint: `write "  - soil.re": each entry of a list begins with a hyphen`},
		"CHAPS:\n - hon.re\n  - soil.re\n":            {Severity: Error, Line: 2, Hint: "let the hyphens stand below each other, that of the next line below that of hon.re"},
		"CHAP:\n  - hon.re\n":                         {Severity: Lax, Line: 1, Hint: "write CHAPS:", Message: `Re:VIEW knows no section "CHAP" and leaves it out, so that the book has no chapters`},
		"chaps:\n  - hon.re\n":                        {Severity: Lax, Line: 1, Hint: "write CHAPS:", Message: `Re:VIEW knows no section "chaps" and leaves it out, so that the book has no chapters`},
		"CHAPS:\n  - hon.re\nAPENDIX:\n  - soil.re\n": {Severity: Warning, Line: 3, Hint: "write APPENDIX:", Message: `Re:VIEW knows no section "APENDIX" and leaves it out`},
	} {
		found := readBook(t, map[string]string{"config.yml": "bookname: b\n", "catalog.yml": catalog, "hon.re": "= x\n", "soil.re": "= y\n"}).Check()
		if len(found) != 1 || found[0].Severity != want.Severity || found[0].Line != want.Line || found[0].Hint != want.Hint || want.Message != "" && found[0].Message != want.Message {
			t.Errorf("%s: %v", catalog, found)
		}
	}
}

func FuzzCatalog(f *testing.F) {
	for _, s := range []string{
		"\rA", // a line to YAML
		"PREDEF:\n  - pre.re\nCHAPS:\n  - A:\n    - ch01.re\n  - ch02.re\nAPPENDIX: []\nPOSTDEF:\n",
		"CHAPS:\n  - [a, [b]]\n  -\n  - {}\n  - 1: x\n", "CHAPS: &a\n  - A: *a\n", "- x\n", "CHAPS: {A: [b]}\nPREDEF: {x: y}\n",
		"CHAPS:\n  - ../../x\n  - /etc/passwd\n  - \"\"\n  - .\n  - \"a\\0b\"\n",
	} {
		f.Add(s)
	}
	root := testbook.Folder(f, testbook.Small(nil))
	files, err := openBookFiles(root)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { files.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(root, "catalog.yml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		conf, err := readConfig(files, "config.yml")
		if err != nil {
			t.Fatal(err)
		}
		c := readCatalog(files, conf, ".", PDF)
		lines := testbook.YAMLLines(text)
		for _, fault := range c.faults {
			if fault.Line < 0 || fault.Line > lines || fault.Message == "" {
				t.Fatalf("%+v in a file of %d lines", fault, lines)
			}
		}
	})
}
