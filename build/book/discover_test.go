package book

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/testbook"
)

func find(t *testing.T, opts SearchOptions) *Book {
	t.Helper()
	b, err := Find(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABookIsFoundInTheFolderOrBelowIt(t *testing.T) {
	for _, dir := range []string{"src", "articles", "_review", "review", "docs/a/b/book", "原稿", "か\u3099", "が", "my book", "-rf", "[x]*"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(dir, "*") {
			continue // no folder there has such a name
		}
		files := testbook.In(dir, testbook.Small(nil))
		files["README.md"] = "x"
		root := testbook.Folder(t, files)
		if b := find(t, SearchOptions{Dir: root}); b.Dir != "." || b.Root != filepath.Join(root, dir) || len(b.Chapters) != 3 {
			t.Errorf("%q: found %s below %s", dir, b.Dir, b.Root)
		}
		if b := find(t, SearchOptions{Dir: filepath.Join(root, dir), Root: root}); b.Dir != dir || b.Root != root {
			t.Errorf("%q: found %s below %s", dir, b.Dir, b.Root)
		}
	}
}

func TestAFolderThatIsABookIsNotSearched(t *testing.T) {
	files := testbook.Small(nil)
	for name, text := range testbook.In("samples/other", testbook.Small(nil)) {
		files[name] = text
	}
	if b := find(t, SearchOptions{Dir: testbook.Folder(t, files)}); b.Dir != "." || len(b.Chapters) != 3 {
		t.Errorf("found %s", b.Dir)
	}
}

func TestAnotherProgramsConfigIsNoBook(t *testing.T) {
	files := testbook.In("articles", testbook.Small(nil))
	files["config.yml"] = "title: my site\ntheme: minima\nplugins:\n  - jekyll-feed\n"
	files["docs/config.yml"] = "site_name: x\nnav:\n  - index.md\n"
	files[".circleci/config.yml"] = "version: 2.1\njobs: {}\n"
	root := testbook.Folder(t, files)
	if b := find(t, SearchOptions{Dir: root}); b.Root != filepath.Join(root, "articles") {
		t.Errorf("found %s", b.Root)
	}
	os.RemoveAll(filepath.Join(root, "articles"))
	_, err := Find(context.Background(), SearchOptions{Dir: root})
	var se *SearchError
	if !errors.As(err, &se) || !slices.Equal(se.Foreign, []string{"config.yml", "docs/config.yml"}) || !strings.Contains(se.Hint(), "bookci init") {
		t.Errorf("got %v, %+v", err, se)
	}
}

func TestCopiesAndInstalledBooksAreNotFound(t *testing.T) {
	files := testbook.In("articles", testbook.Small(nil))
	for _, dir := range []string{"node_modules/review/samples", "vendor/bundle/ruby/gems/review/samples/src", "artifacts/old", ".bookci/work", ".git/x", "_site/articles"} {
		for name, text := range testbook.In(dir, testbook.Small(nil)) {
			files[name] = text
		}
	}
	if b := find(t, SearchOptions{Dir: testbook.Folder(t, files)}); filepath.Base(b.Root) != "articles" {
		t.Errorf("found %s", b.Root)
	}
}

func TestSeveralBooksAreListed(t *testing.T) {
	files := testbook.In("vol1", testbook.Small(nil))
	for name, text := range testbook.In("vol2/src", testbook.Small(nil)) {
		files[name] = text
	}
	root := testbook.Folder(t, files)
	_, err := Find(context.Background(), SearchOptions{Dir: root})
	var se *SearchError
	if !errors.As(err, &se) || !slices.Equal(se.Books, []string{"vol1/config.yml", "vol2/src/config.yml"}) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "vol1 vol2/src") || !strings.Contains(se.Hint(), SettingsFile) {
		t.Errorf("said %q, %q", err, se.Hint())
	}
	if b := find(t, SearchOptions{Dir: filepath.Join(root, "vol2")}); b.Root != filepath.Join(root, "vol2/src") {
		t.Errorf("found %s", b.Root)
	}
}

func TestABrokenConfigIsABookWithAFault(t *testing.T) {
	files := testbook.In("articles", testbook.Small(map[string]string{"config.yml": "bookname: [\n"}))
	_, err := Find(context.Background(), SearchOptions{Dir: testbook.Folder(t, files)})
	var be *Faults
	if !errors.As(err, &be) {
		t.Errorf("got %v", err)
	}
}

func TestAConfigOfAnotherNameIsTakenWhenItIsNamed(t *testing.T) {
	root := testbook.Folder(t, testbook.In("articles", testbook.Small(map[string]string{
		"config.yml": "", "catalog.yml": "", "book.yml": "bookname: x\ncatalogfile: list.yml\n", "list.yml": "CHAPS: [ch01.re]\n",
	})))
	_, err := Find(context.Background(), SearchOptions{Dir: root})
	var se *SearchError
	if !errors.As(err, &se) || !strings.Contains(se.Hint(), "articles/book.yml") || !strings.Contains(se.Hint(), "--config") {
		t.Errorf("got %v", err)
	}
	for _, config := range []string{"book.yml", "articles/book.yml"} {
		if b := find(t, SearchOptions{Dir: root, Config: config}); b.Config != "book.yml" || b.Bookname != "x" {
			t.Errorf("found %s", b.Config)
		}
	}
	if _, err := Find(context.Background(), SearchOptions{Dir: root, Config: "../book.yml"}); err == nil {
		t.Error("a config above the folder is taken")
	}
}

func TestALinkedFolderIsSearchedWhereItReallyLies(t *testing.T) {
	root := testbook.Folder(t, testbook.In("repo/articles", testbook.Small(map[string]string{"bookci.yml": "timeout: 1m\n"})))
	link := filepath.Join(root, "link")
	if err := os.Symlink(filepath.Join("repo", "articles"), link); err != nil {
		t.Fatal(err)
	}
	if b := find(t, SearchOptions{Dir: link}); b.Root != filepath.Join(root, "repo/articles") {
		t.Errorf("the root is %s", b.Root)
	}
}

func TestNamesAreFoundInEitherUnicodeForm(t *testing.T) {
	root := testbook.Folder(t, testbook.In("か\u3099/はひふ", testbook.Small(nil)))
	b, err := Read(root, "が/はひふ", "config.yml")
	if err != nil || b.Dir != "か\u3099/はひふ" {
		t.Errorf("read %q: %v", b.Dir, err)
	}
}

func TestTheSearchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(ctx, SearchOptions{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
