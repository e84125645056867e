package book

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func readBook(t testing.TB, files map[string]string) *Book {
	t.Helper()
	b, err := Read(testbook.Folder(t, files), ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shown is a diagnostic as a test states it.
func shown(d Diagnostic) string {
	return fmt.Sprintf("%s:%d %s %s", d.File, d.Line, d.Severity, d.Message)
}

func TestABookIsReadWithItsChaptersInOrder(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{
		"catalog.yml": "PREDEF:\n  - pre.re\nCHAPS:\n  - 第一部:\n    - ch01.re\n  - part2.re:\n    - ch02.re\n  - ch03.re\nAPPENDIX:\n  - appA.re\nPOSTDEF:\n  - post.re\n",
		"part2.re":    "= 第二部\n", "ch03.re": "= 三\n", "appA.re": "= 付録\n", "post.re": "= あとがき\n",
	}))
	var got []string
	for _, c := range b.Chapters {
		got = append(got, fmt.Sprintf("%s %s %s %s", c.ID, c.Path, c.Kind, c.Part))
	}
	want := []string{"pre pre.re predef ", "ch01 ch01.re chap 第一部", "part2 part2.re part ", "ch02 ch02.re chap part2.re",
		"ch03 ch03.re chap ", "appA appA.re appendix ", "post post.re postdef "}
	if !slices.Equal(got, want) {
		t.Errorf("chapters are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if b.Bookname != "book" || b.ReviewVersion != "5.0" || b.Settings["booktitle"] != "本" {
		t.Errorf("read %+v", b)
	}
	if want := []string{"config.yml", "catalog.yml"}; !slices.Equal(b.ConfigFiles, want) {
		t.Errorf("config files are %q", b.ConfigFiles)
	}
	if found := b.Check(Targets...); len(found) > 0 {
		t.Errorf("a sound book is faulted: %v", found)
	}
}

func TestChaptersLieInTheContentDirectory(t *testing.T) {
	b := readBook(t, map[string]string{
		"config.yml":         "bookname: b\ncontentdir: contents\n",
		"catalog.yml":        "CHAPS: [ch01.re]\n",
		"contents/ch01.re":   "= x\n",
		"contents/unused.re": "= x\n",
	})
	if len(b.Chapters) != 1 || b.Chapters[0].Path != "contents/ch01.re" || b.ContentDir != "contents" {
		t.Errorf("read %+v", b)
	}
	if found := b.Check(); len(found) > 0 {
		t.Errorf("faulted: %v", found)
	}
}

func TestAChildBeatsItsParentsAndALaterParentAnEarlierOne(t *testing.T) {
	// The order that Re:VIEW's own loader documents: 7 > 6 > 5 > 4 > 3 > 2 > 1.
	files := map[string]string{"catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": "= x\n"}
	inherit := map[int]string{7: "inherit: [3.yml, 6.yml]\n", 3: "inherit: [1.yml, 2.yml]\n", 6: "inherit: [4.yml, 5.yml]\n"}
	for i := 1; i <= 7; i++ {
		text := inherit[i]
		for k := 1; k <= i; k++ {
			text += fmt.Sprintf("key%d: %d\n", k, i)
		}
		text += fmt.Sprintf("deep:\n  all: %d\n  only%d: true\n", i, i)
		files[fmt.Sprintf("%d.yml", i)] = text
	}
	b, err := Read(testbook.Folder(t, files), ".", "7.yml")
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= 7; k++ {
		if got := b.Settings[fmt.Sprintf("key%d", k)]; got != int64(7) {
			t.Errorf("key%d is %v", k, got)
		}
	}
	deep := b.Settings["deep"].(map[string]any)
	if deep["all"] != int64(7) || len(deep) != 8 {
		t.Errorf("deep is %v", deep)
	}
	if want := []string{"7.yml", "6.yml", "5.yml", "4.yml", "3.yml", "2.yml", "1.yml", "catalog.yml"}; !slices.Equal(b.ConfigFiles, want) {
		t.Errorf("read in the order %q", b.ConfigFiles)
	}
	if _, ok := b.Settings["inherit"]; ok {
		t.Error("inherit is left in the settings")
	}
}

func TestALaterParentBeatsAnEarlierOne(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{
		"config.yml": "inherit: [a.yml, b.yml]\n",
		"a.yml":      "bookname: a\nbooktitle: A\npdfmaker: {x: 1, y: 1}\n",
		"b.yml":      "bookname: b\npdfmaker: {y: 2}\n",
	}))
	if b.Bookname != "b" || b.Settings["booktitle"] != "A" || fmt.Sprint(b.Settings["pdfmaker"]) != "map[x:1 y:2]" {
		t.Errorf("read %v", b.Settings)
	}
}

func TestParentsAreNamedFromTheFirstConfigsFolder(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"book/config.yml":  "inherit: [../common/base.yml]\n",
		"common/base.yml":  "inherit: [extra.yml]\nbookname: base\n",
		"book/extra.yml":   "booktitle: beside the first\n",
		"common/extra.yml": "booktitle: beside the parent\n",
		"book/catalog.yml": "CHAPS: [a.re]\n",
		"book/a.re":        "= a\n",
	})
	b, err := Read(root, "book", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if b.Settings["booktitle"] != "beside the first" {
		t.Errorf("read %v", b.Settings)
	}
	if want := []string{"book/config.yml", "common/base.yml", "book/extra.yml", "book/catalog.yml"}; !slices.Equal(b.ConfigFiles, want) {
		t.Errorf("config files are %q", b.ConfigFiles)
	}
}

func TestFaultsOfAConfigAreFoundAtTheirLine(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		want   string // FILE:LINE and a part of the message
	}{
		"bad YAML":           {map[string]string{"config.yml": "bookname: book\nbooktitle: \"x\naut: y\n"}, "config.yml:2 config.yml is no valid YAML"},
		"a cycle":            {map[string]string{"config.yml": "bookname: b\ninherit: [a.yml]\n", "a.yml": "x: 1\ninherit:\n  - config.yml\n"}, "a.yml:3 a.yml inherits from itself: config.yml -> a.yml -> config.yml"},
		"itself":             {map[string]string{"config.yml": "bookname: b\ninherit: [config.yml]\n"}, "config.yml:2 config.yml inherits from itself"},
		"a diamond":          {map[string]string{"config.yml": "inherit: [a.yml, b.yml]\n", "a.yml": "inherit: [c.yml]\n", "b.yml": "inherit: [c.yml]\n", "c.yml": "x: 1\n"}, "a.yml:1 a.yml inherits from c.yml a second time"},
		"no parent":          {map[string]string{"config.yml": "bookname: b\ninherit:\n  - base.yml\n"}, "config.yml:3 config.yml inherits from base.yml, which is not there"},
		"a parent outside":   {map[string]string{"config.yml": "bookname: b\ninherit: [../base.yml]\n"}, "config.yml:2 config.yml inherits from ../base.yml, which lies outside"},
		"an empty parent":    {map[string]string{"config.yml": "inherit: [a.yml]\n", "a.yml": "# nothing\n"}, "a.yml:1 a.yml is empty"},
		"inherit as text":    {map[string]string{"config.yml": "bookname: b\ninherit: a.yml\n"}, "config.yml:2 inherit is the text \"a.yml\", not a list"},
		"inherit of nothing": {map[string]string{"config.yml": "bookname: b\ninherit:\n"}, "config.yml:2 inherit is empty, not a list"},
		"a list":             {map[string]string{"config.yml": "- bookname\n"}, "config.yml:1 config.yml is a list, not a mapping"},
		"an empty config":    {map[string]string{"config.yml": "\n"}, "config.yml:1 config.yml is empty"},
		"Shift_JIS":          {map[string]string{"config.yml": "bookname: b\nbooktitle: \x96\x7b\n"}, "config.yml:2 config.yml is not UTF-8"},
	} {
		_, err := Read(testbook.Folder(t, testbook.Small(c.change)), ".", "config.yml")
		var be *Faults
		if !errors.As(err, &be) || len(be.Diagnostics) == 0 {
			t.Errorf("%s: %v is no fault of the book", name, err)
			continue
		}
		d := be.Diagnostics[0]
		if got := fmt.Sprintf("%s:%d %s", d.File, d.Line, d.Message); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if d.Line > 0 && !strings.Contains(c.change[d.File], strings.ToValidUTF8(d.Source, "")) && d.Source != "" && !strings.Contains(d.Source, "\ufffd") {
			t.Errorf("%s: shows the line %q", name, d.Source)
		}
	}
}

// Each case was tried with Re:VIEW 5.9: what has "error" here stopped it, what
// has "lax" or "warning" it let pass.
func TestFaultsOfABookAreFoundAtTheirLine(t *testing.T) {
	for name, c := range map[string]struct {
		change  map[string]string
		targets []Target
		want    []string
	}{
		"a missing chapter":        {map[string]string{"ch02.re": ""}, nil, []string{"catalog.yml:5 error the chapter file ch02.re is not there"}},
		"a missing preface":        {map[string]string{"pre.re": ""}, nil, []string{"catalog.yml:2 error the chapter file pre.re is not there"}},
		"a chapter twice":          {map[string]string{"catalog.yml": "CHAPS:\n  - ch01.re\n  - ch02.re\n  - ch01.re\n"}, nil, []string{"catalog.yml:4 lax catalog.yml names ch01.re a second time, after line 2"}},
		"two of one name":          {map[string]string{"catalog.yml": "CHAPS:\n  - ch01.re\n  - sub/ch01.re\n", "sub/ch01.re": "= x\n"}, []Target{EPUB}, []string{"catalog.yml:3 lax ch01.re (line 2) and sub/ch01.re have the same name to Re:VIEW, which mixes them up"}},
		"a chapter in a folder":    {map[string]string{"catalog.yml": "CHAPS:\n  - sub/ch09.re\n", "sub/ch09.re": "= x\n"}, nil, []string{"catalog.yml:2 lax review-pdfmaker leaves the chapter sub/ch09.re out of the PDF without a word"}},
		"the same for an EPUB":     {map[string]string{"catalog.yml": "CHAPS:\n  - sub/ch09.re\n", "sub/ch09.re": "= x\n"}, []Target{EPUB}, nil},
		"no .re file":              {map[string]string{"catalog.yml": "CHAPS:\n  - ch09.md\n", "ch09.md": "= x\n"}, nil, []string{"catalog.yml:2 lax review-pdfmaker leaves the chapter ch09.md out of the PDF without a word"}},
		"no extension":             {map[string]string{"catalog.yml": "CHAPS:\n  - ch01\n"}, nil, []string{"catalog.yml:2 error the chapter file ch01 is not there"}},
		"an empty catalog":         {map[string]string{"catalog.yml": "# nothing\n"}, nil, []string{"catalog.yml:1 lax catalog.yml names no chapter, so that the book would have none"}},
		"no chapters":              {map[string]string{"catalog.yml": "CHAPS:\n"}, nil, []string{"catalog.yml:1 lax catalog.yml names no chapter, so that the book would have none"}},
		"a catalog that is a list": {map[string]string{"catalog.yml": "- ch01.re\n"}, nil, []string{"catalog.yml:1 error catalog.yml is a list, not a mapping of PREDEF, CHAPS, APPENDIX and POSTDEF to lists of files"}},
		"a bad catalog":            {map[string]string{"catalog.yml": "CHAPS:\n  - ch01.re\n - ch02.re\n"}, nil, []string{"catalog.yml:3 error catalog.yml is no valid YAML: did not find expected key"}},
		"CHAPS as text":            {map[string]string{"catalog.yml": "PREDEF:\nCHAPS: ch01.re\n"}, nil, []string{"catalog.yml:2 error CHAPS is the text \"ch01.re\", not a list"}},
		"an empty entry":           {map[string]string{"catalog.yml": "CHAPS:\n  - ch01.re\n  -\n"}, nil, []string{"catalog.yml:3 error catalog.yml has an empty entry in CHAPS"}},
		"the same for the web":     {map[string]string{"catalog.yml": "CHAPS:\n  - ch01.re\n  -\n"}, []Target{Web}, nil},
		"an empty part":            {map[string]string{"catalog.yml": "CHAPS:\n  - 部:\n"}, nil, []string{"catalog.yml:2 error the part \"部\" has no chapters"}},
		"a part of nothing":        {map[string]string{"catalog.yml": "CHAPS:\n  - 部: []\n  - ch01.re\n"}, nil, nil},
		"a part of text":           {map[string]string{"catalog.yml": "CHAPS:\n  - 部: ch01.re\n"}, nil, []string{"catalog.yml:2 error the part \"部\" holds the text \"ch01.re\", not a list of chapters"}},
		"a number as title":        {map[string]string{"catalog.yml": "CHAPS:\n  - 2024:\n    - ch01.re\n"}, nil, []string{"catalog.yml:2 error catalog.yml has the number 2024 as the title of a part, which Re:VIEW takes for no title"}},
		"a missing part file":      {map[string]string{"catalog.yml": "CHAPS:\n  - part.re:\n    - ch01.re\n"}, nil, []string{"catalog.yml:2 error the chapter file part.re is not there"}},
		"two titles":               {map[string]string{"catalog.yml": "CHAPS:\n  - A:\n    - ch01.re\n    B:\n    - ch02.re\n"}, nil, []string{"catalog.yml:4 lax the part \"B\" begins without a hyphen, so that Re:VIEW leaves it out"}},
		"an unknown section":       {map[string]string{"catalog.yml": "CHAP:\n  - ch01.re\nCHAPS:\n  - ch02.re\n"}, nil, []string{"catalog.yml:1 warning Re:VIEW knows no section \"CHAP\" and leaves it out"}},
		"a folder as chapter":      {map[string]string{"ch02.re": "", "ch02.re/": "dir"}, nil, []string{"catalog.yml:5 error the chapter file ch02.re is a folder"}},
		"a part in the appendix":   {map[string]string{"catalog.yml": "CHAPS: [ch01.re]\nAPPENDIX:\n  - x:\n    - ch02.re\n"}, nil, []string{"catalog.yml:3 error APPENDIX has a part, which only CHAPS can have"}},
		"a chapter outside":        {map[string]string{"catalog.yml": "CHAPS:\n  - ../../etc/passwd\n"}, nil, []string{"catalog.yml:2 error the chapter file ../../etc/passwd lies outside the folder that the build sees"}},
		"no catalog":               {map[string]string{"catalog.yml": ""}, nil, []string{"config.yml:0 error there is no catalog.yml"}},
		"a catalog of git's":       {map[string]string{"config.yml": "bookname: b\ncatalogfile: .git/list.yml\n", ".git/list.yml": "CHAPS: [ch01.re]\n"}, nil, []string{"config.yml:2 error the catalog .git/list.yml lies in a folder that holds no sources"}},
		"a chapter of git's":       {map[string]string{"catalog.yml": "CHAPS:\n  - .git/x.re\n", ".git/x.re": "= x\n"}, nil, []string{"catalog.yml:2 error the chapter file .git/x.re lies in a folder that holds no sources"}},
		"an unknown catalog":       {map[string]string{"config.yml": "bookname: b\ncatalogfile: other.yml\n"}, nil, []string{"config.yml:2 error there is no other.yml"}},

		"bookname with a slash":   {map[string]string{"config.yml": "booktitle: x\nbookname: a/b\n"}, nil, []string{"config.yml:2 error bookname is \"a/b\": a slash cannot stand in the name of a file"}},
		"bookname with a hyphen":  {map[string]string{"config.yml": "bookname: -x\n"}, nil, []string{"config.yml:1 error bookname is \"-x\": programs take a name that begins with a hyphen for an option"}},
		"bookname with a control": {map[string]string{"config.yml": "bookname: \"a\\tb\"\n"}, nil, []string{"config.yml:1 error bookname is \"a\\tb\", with a control character"}},
		"no bookname":             {map[string]string{"config.yml": "booktitle: x\nbookname:\n"}, nil, []string{"config.yml:2 error bookname is empty"}},
		"a number as bookname":    {map[string]string{"config.yml": "bookname: 2024\n"}, nil, []string{"config.yml:1 error bookname is the number 2024, at which review-pdfmaker stops"}},
		"the same for an EPUB ":   {map[string]string{"config.yml": "bookname: 2024\n"}, []Target{EPUB}, nil},
		"a maker's bookname":      {map[string]string{"config.yml": "bookname: b\nepubmaker:\n  bookname: a/b\n"}, []Target{PDF, EPUB}, []string{"config.yml:3 error bookname is \"a/b\": a slash cannot stand in the name of a file"}},
		"a maker of text":         {map[string]string{"config.yml": "bookname: b\npdfmaker: x\n"}, nil, []string{"config.yml:2 error pdfmaker is the text \"x\", not a mapping of settings"}},
		"a maker of nothing":      {map[string]string{"config.yml": "bookname: b\npdfmaker:\n"}, nil, []string{"config.yml:2 error pdfmaker has no settings, at which Re:VIEW stops"}},
		"a time":                  {map[string]string{"config.yml": "bookname: b\ndate: 2024-01-02 10:00:00\n"}, nil, []string{"config.yml:2 error the time 2024-01-02 10:00:00 is a value that Re:VIEW refuses"}},
		"a symbol":                {map[string]string{"config.yml": "bookname: b\nx: :y\n"}, nil, []string{"config.yml:2 error :y is a Ruby symbol, which Re:VIEW refuses"}},
		"a date":                  {map[string]string{"config.yml": "bookname: b\nprt: 2024-01-02\n"}, nil, nil},
		"a time in an old book":   {map[string]string{"config.yml": "review_version: 3.0\nbookname: b\ndate: 2024-01-02 10:00:00\n"}, nil, []string{"config.yml:3 warning the time 2024-01-02 10:00:00 is a value that Re:VIEW refuses"}},
		"a docroot outside":       {map[string]string{"config.yml": "bookname: b\nwebmaker:\n  docroot: ../out\n"}, []Target{Web}, []string{"config.yml:3 error docroot is \"../out\", which is no folder inside the book's"}},
		"the book as its docroot": {map[string]string{"config.yml": "bookname: b\ndocroot: .\n"}, []Target{Web}, []string{"config.yml:2 error docroot is \".\", which is no folder inside the book's"}},
		"a docroot inside":        {map[string]string{"config.yml": "bookname: b\ndocroot: public/site\n"}, []Target{Web}, nil},
		"an empty contentdir":     {map[string]string{"config.yml": "bookname: b\ncontentdir:\n"}, nil, []string{"config.yml:2 error contentdir is empty, not a folder"}},
	} {
		b := readBook(t, testbook.Small(c.change))
		var got []string
		for _, d := range b.Check(c.targets...) {
			got = append(got, shown(d))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: found\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestTheNameOfABookIsSafeToShow(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{"config.yml": "bookname: \"a\\e[2Jb\"\n"}))
	if b.Name != "a[2Jb" {
		t.Errorf("the book is shown as %q", b.Name)
	}
}

func TestAMisspelledKeyIsNamed(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{"config.yml": "bookname: b\nbooktitel: 題\nauthor: 誰か\nmy_own: 1\npdfmaker:\n  hook_beforetexcompil: h.sh\n  toclevl: 2\n"}))
	var got []string
	for _, d := range b.Check() {
		got = append(got, shown(d)+": "+d.Hint)
	}
	want := []string{
		"config.yml:2 warning Re:VIEW knows no key booktitel and passes over it: write booktitle:",
		"config.yml:3 warning Re:VIEW knows no key author and passes over it: write aut:",
		"config.yml:6 warning Re:VIEW knows no key hook_beforetexcompil and passes over it: write hook_beforetexcompile:",
		"config.yml:7 warning Re:VIEW knows no key toclevl and passes over it: write toclevel:",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s", strings.Join(got, "\n"))
	}
}

// The hint says how the line is to be written; written so, nothing is wrong.
func TestSignsAndSpacesOfYAMLAreMendedByTheHint(t *testing.T) {
	const config, catalog = "bookname: b\nbooktitle: 題\naut: x\n", "CHAPS:\n  - ch01.re\n"
	for _, c := range []struct{ file, text, hint, mended string }{
		{"config.yml", "bookname: b\nbooktitle:　題\naut: x\n", `write "booktitle: 題": half-width signs, and a space behind them`, config},
		{"config.yml", "bookname: b\nbooktitle： 題\naut: x\n", `write "booktitle: 題": half-width signs, and a space behind them`, config},
		{"config.yml", "bookname:b\nbooktitle: 題\naut: x\n", `write "bookname: b" in line 1: half-width signs, and a space behind them`, config},
		{"catalog.yml", "CHAPS:\n  -　ch01.re\n", `write "  - ch01.re": half-width signs, and a space behind them`, catalog},
		{"catalog.yml", "CHAPS:\n　- ch01.re\n", `write "  - ch01.re": half-width signs, and a space behind them`, catalog},
		{"catalog.yml", "CHAPS:\n  -ch01.re\n", `write "  - ch01.re": half-width signs, and a space behind them`, catalog},
		{"config.yml", "bookname: b\nbooktitle: Re:VIEW: 入門\naut: x\n", `write booktitle: "Re:VIEW: 入門": a value with a colon and a space in it stands in quotes`, "bookname: b\nbooktitle: \"Re:VIEW: 入門\"\naut: x\n"},
		{"catalog.yml", "CHAPS:\n<<<<<<< HEAD\n  - ch01.re\n=======\n  - ch02.re\n>>>>>>> x\n", "git has left two versions here: keep one of the two versions, and take out the lines that begin with <<<<<<<, ======= and >>>>>>>", catalog},
		{"catalog.yml", "CHAPS：\n  - ch01.re\n", `write "CHAPS:": half-width signs, and a space behind them`, catalog},
	} {
		found := func(text string) []Diagnostic {
			files := map[string]string{"config.yml": config, "catalog.yml": catalog, "ch01.re": "= 章\n"}
			files[c.file] = text
			b, err := Read(testbook.Folder(t, files), ".", "config.yml")
			var bad *Faults
			if errors.As(err, &bad) {
				return bad.Diagnostics
			}
			return b.Check()
		}
		if said := found(c.text); len(said) == 0 || said[0].Hint != c.hint {
			t.Errorf("%q: %v", c.text, said)
		}
		if said := found(c.mended); len(said) > 0 {
			t.Errorf("%q: %v", c.mended, said)
		}
	}
}

func TestAMakersSectionOverridesTheConfig(t *testing.T) {
	b := readBook(t, testbook.Small(map[string]string{
		"config.yml":      "bookname: book\npdfmaker:\n  bookname: print\nepubmaker:\n  catalogfile: short.yml\n",
		"short.yml":       "CHAPS: [ch02.re]\n",
		"unrelated.re":    "= x\n",
		"images/dummy.md": "x",
	}))
	if b.BooknameFor(PDF) != "print" || b.BooknameFor(EPUB) != "book" {
		t.Errorf("books are named %q and %q", b.BooknameFor(PDF), b.BooknameFor(EPUB))
	}
	if len(b.ChaptersFor(PDF)) != 3 || len(b.ChaptersFor(EPUB)) != 1 || b.ChaptersFor(EPUB)[0].ID != "ch02" {
		t.Errorf("the EPUB has the chapters %v", b.ChaptersFor(EPUB))
	}
	if b.Setting(EPUB, "catalogfile") != "short.yml" || b.Setting(PDF, "catalogfile") != nil {
		t.Error("a maker sees another's settings")
	}
	if !slices.Contains(b.ConfigFiles, "short.yml") {
		t.Errorf("config files are %q", b.ConfigFiles)
	}
}

func TestALinkOutOfTheRootIsNotRead(t *testing.T) {
	outside := testbook.Folder(t, map[string]string{"secret.yml": "password: [x\n"})
	root := testbook.Folder(t, testbook.Small(nil))
	for _, name := range []string{"config.yml", "catalog.yml"} {
		os.Remove(filepath.Join(root, name))
		if err := os.Symlink(filepath.Join(outside, "secret.yml"), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Read(root, ".", "config.yml")
	if err == nil || strings.Contains(fmt.Sprintf("%+v", err), "password") || !strings.Contains(err.Error(), "outside") {
		t.Errorf("reading the config: %v", err)
	}
	os.Remove(filepath.Join(root, "config.yml"))
	if err := os.WriteFile(filepath.Join(root, "config.yml"), []byte("bookname: b\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	b, err := Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	if found := b.Check(); len(found) != 1 || found[0].Severity != Error || strings.Contains(fmt.Sprint(found), "password") {
		t.Errorf("found %+v", found)
	}
}

func TestAConfigInShiftJISSaysHowToConvertIt(t *testing.T) {
	_, err := Read(testbook.Folder(t, testbook.Small(map[string]string{"config.yml": "bookname: book\nbooktitle: \x82\xb1\x82\xcc\x96\x7b\n"})), ".", "config.yml")
	var bad *Faults
	if !errors.As(err, &bad) || bad.Diagnostics[0].Line != 2 || !strings.Contains(bad.Hint(), "iconv -f CP932 -t UTF-8 config.yml") {
		t.Errorf("got %v with the hint %q", err, bad.Hint())
	}
}

func TestANamedPipeAsConfigEndsAtOnce(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(map[string]string{"config.yml": ""}))
	testbook.FIFO(t, filepath.Join(root, "config.yml"))
	if _, err := Read(root, ".", "config.yml"); err == nil {
		t.Error("a named pipe is read")
	}
}

func TestABrokenConfigStillGivesABookToWorkWith(t *testing.T) {
	b, err := Read(testbook.Folder(t, map[string]string{"a/config.yml": "bookname: [\n"}), "a", "config.yml")
	if err == nil || b == nil || b.Dir != "a" || b.Config != "config.yml" {
		t.Errorf("read %+v, %v", b, err)
	}
	if b.Check() != nil || b.ChaptersFor(PDF) != nil || b.Setting(PDF, "x") != nil {
		t.Error("a book that was not read has contents")
	}
}
