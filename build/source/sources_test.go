package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/testbook"
)

func sources(t testing.TB, root string, opts Options) *Sources {
	t.Helper()
	s, err := Find(context.Background(), root, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func paths(files []File) []string {
	var list []string
	for _, f := range files {
		list = append(list, f.Path)
	}
	return list
}

func TestEverythingBelowTheRootGoesIntoTheWorkTree(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"a/config.yml": "x", "a-b.re": "x", "a/x.re": "x", "code/main.go": "x", "new\nline.re": "x", "原稿.re": "x", "-rf": "x", "my file": "x",
		"empty/": "dir", "only/.git/HEAD": "x",
		".git/HEAD": "x", ".hg/x": "x", "sub/.git": "gitdir: x", "sub/x": "x", ".bookci/log/x": "x", ".texmf-var/x": "x", "a/.texmf-var/x": "x", "artifacts/book.pdf": "x", ".gitignore": "x",
	})
	s := sources(t, root, Options{Artifacts: "artifacts"})
	want := []string{"-rf", ".gitignore", "a-b.re", "a/config.yml", "a/x.re", "code/main.go", "empty", "my file", "new\nline.re", "only", "sub/x", "原稿.re"}
	if got := paths(s.Files); !slices.Equal(got, want) {
		t.Errorf("listed\n%q, want\n%q", got, want)
	}
	for _, f := range s.Files {
		if f.Mode.IsDir() != (f.Path == "empty" || f.Path == "only") {
			t.Errorf("%s has the mode %v", f.Path, f.Mode)
		}
		if !f.Mode.IsDir() && (f.Size != 1 && f.Path != "sub/.git" || f.MTime == 0) {
			t.Errorf("%+v lacks its size or time", f)
		}
	}
}

func TestOldOutputOfTheMakersIsNoSource(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(map[string]string{"book.pdf": "old", "print.pdf": "old", "book.epub": "old", "figure.pdf": "x", "config.yml": "bookname: book\npdfmaker: {bookname: print}\n"}))
	b, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	got := paths(sources(t, root, Options{Books: []*book.Book{b}}).Files)
	for name, want := range map[string]bool{"print.pdf": false, "book.epub": false, "book.pdf": true, "figure.pdf": true} {
		if slices.Contains(got, name) != want {
			t.Errorf("%s is listed: %t", name, !want)
		}
	}
}

func TestPatternsExcludeSources(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"raw/a.psd": "x", "raw/keep/b.psd": "x", "raw/keep/c.txt": "x", "x.psd": "x", "y.re": "x", "deep/er/x.tmp": "x"})
	s := sources(t, root, Options{Exclude: []string{"raw", "!raw/keep/*.txt", "*.psd", "**/*.tmp"}})
	if got := paths(s.Files); !slices.Equal(got, []string{"deep/er", "raw/keep/c.txt", "y.re"}) {
		t.Errorf("listed %q", got)
	}
	if _, err := Find(context.Background(), root, Options{Exclude: []string{"[a"}}); err == nil {
		t.Error("a broken pattern is taken")
	}
}

func TestLinksAreListedAndNotFollowed(t *testing.T) {
	outside := testbook.Folder(t, map[string]string{"secret": "x"})
	root := testbook.Folder(t, map[string]string{"x.re": "x"})
	for name, to := range map[string]string{"in": "x.re", "out": outside, "gone": "nowhere", "self": "."} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := sources(t, root, Options{})
	if got := paths(s.Files); !slices.Equal(got, []string{"gone", "in", "out", "self", "x.re"}) {
		t.Errorf("listed %q", got)
	}
	if f := s.Files[2]; f.Link != outside || f.Mode&fs.ModeSymlink == 0 || f.Size != 0 {
		t.Errorf("the link is %+v", f)
	}
}

func TestSpecialFilesAreLeftOutWithANote(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"x.re": "x"})
	testbook.FIFO(t, filepath.Join(root, "pipe"))
	s := sources(t, root, Options{})
	if len(s.Files) != 1 || len(s.Notes) != 1 || s.Notes[0].File != "pipe" || !strings.Contains(s.Notes[0].Message, "a named pipe") {
		t.Errorf("listed %q with %+v", paths(s.Files), s.Notes)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	for name, mode := range map[string]fs.FileMode{"x.re": 0, "dir": 0o311} {
		root := testbook.Folder(t, map[string]string{"x.re": "x", "dir/y.re": "x"})
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			t.Fatal(err)
		}
		_, err := Find(context.Background(), root, Options{})
		os.Chmod(filepath.Join(root, name), 0o777)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkSourcesOfTenThousandFiles(b *testing.B) {
	root := b.TempDir()
	for i := range 100 {
		dir := filepath.Join(root, fmt.Sprintf("dir%02d", i))
		os.Mkdir(dir, 0o777)
		for k := range 100 {
			os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%02d.re", k)), nil, 0o644)
		}
	}
	os.WriteFile(filepath.Join(root, "config.yml"), []byte("bookname: b\n"), 0o644)
	book, err := book.Read(root, ".", "config.yml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if files, _, err := sources(b, root, Options{}).Inputs(book, nil); err != nil || len(files) < 10_000 {
			b.Fatal(len(files), err)
		}
	}
}
