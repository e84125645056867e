package source

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/testbook"
)

// A root of hundreds of books must not go to each of them. What a book is known
// to read of another one's folder comes along; so does all that is nobody's.
func TestOtherBooksStayOutOfAWorkTree(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"a/config.yml": "imagedir: ../b/images\n", "a/catalog.yml": "CHAPS: [x.re]\n", "a/x.re": "x", "a/inner/config.yml": "x", "a/inner/y.re": "x",
		"b/config.yml": "x", "b/y.re": "x", "b/images/x.png": "x", "ab/x.re": "x", "c/z.re": "x", "c/hook/z.rb": "x",
		"styles/x.sty": "x", "Rakefile": "x",
	})
	s := sources(t, root, Options{})
	shared := []string{"Rakefile", "ab/x.re", "styles/x.sty"}
	for _, tt := range []struct {
		dir   string
		books []string
		want  []string
	}{
		{"a", []string{"a", "b/", "./c"}, []string{"a/catalog.yml", "a/config.yml", "a/inner/config.yml", "a/inner/y.re", "a/x.re", "b/images/x.png", "c/hook/z.rb"}},
		{"a", []string{"a", "a/inner", "b", "c"}, []string{"a/catalog.yml", "a/config.yml", "a/inner/config.yml", "a/inner/y.re", "a/x.re", "b/images/x.png", "c/hook/z.rb"}},
		{"b", []string{".", "a", "b", "c", "c/hook"}, []string{"b/config.yml", "b/images/x.png", "b/y.re", "c/hook/z.rb"}},
		{"a/inner", []string{"a", "a/inner", "b", "c"}, []string{"a/catalog.yml", "a/config.yml", "a/inner/config.yml", "a/inner/y.re", "a/x.re", "c/hook/z.rb"}},
		{"b", []string{"b", "b"}, nil}, // all of the root
	} {
		b, err := book.Read(root, tt.dir, "config.yml")
		var faults *book.Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		inputs, _, err := s.Inputs(b, []string{"c/hook/**"})
		if err != nil {
			t.Fatal(err)
		}
		want := append(slices.Clone(tt.want), shared...)
		if tt.want == nil {
			want = paths(s.Files)
		}
		slices.Sort(want)
		if got := paths(s.Divide(tt.books).Tree(b, inputs)); !slices.Equal(got, want) {
			t.Errorf("%s among %q holds\n%q, want\n%q", tt.dir, tt.books, got, want)
		}
	}
}

func TestABookDependsOnItsFolderAndOnWhatItsConfigNames(t *testing.T) {
	root := testbook.Folder(t, map[string]string{
		"bookci.yml": "x", "bookci.lock": "x", "README.md": "x", "other/x.re": "x", "code/a.go": "x", "code/b.md": "x",
		"book/config.yml":  "inherit: [../common/base.yml]\ncontentdir: ../text\nbookname: b\n",
		"book/catalog.yml": "CHAPS: [ch01.re]\n", "book/sty/x.sty": "x", "book/images/deep/x.png": "x", "booklet/x": "x",
		"common/base.yml": "imagedir: ../shared/img\n", "common/unrelated.yml": "x",
		"text/ch01.re": "= x\n", "shared/img/a.png": "x", "shared/raw/a.psd": "x", "linked/far/y.txt": "x", "linked/near.txt": "x",
	})
	for name, to := range map[string]string{"book/link": "../linked/far", "linked/far/again": "../near.txt", "book/out": "../../elsewhere", "book/abs": "/etc/passwd"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := book.Read(root, "book", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	files, notes, err := sources(t, root, Options{}).Inputs(b, []string{"code/**", "!code/*.md", "nothing/*"})
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	want := []string{"book/abs", "book/catalog.yml", "book/config.yml", "book/images/deep/x.png", "book/link", "book/out", "book/sty/x.sty",
		"code/a.go", "common/base.yml", "linked/far/again", "linked/far/y.txt", "linked/near.txt", "shared/img/a.png", "text/ch01.re"}
	if got := paths(files); !slices.Equal(got, want) {
		t.Errorf("depends on\n%q, want\n%q", got, want)
	}
}

func TestABookInALinkedFolderDependsOnWhereTheLinkLeads(t *testing.T) {
	root := testbook.Folder(t, testbook.In("real/deep", testbook.Small(nil)))
	if err := os.Symlink("real", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	b, err := book.Read(root, "link/deep", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := sources(t, root, Options{}).Inputs(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(files); !slices.Contains(got, "link") || !slices.Contains(got, "real/deep/ch01.re") {
		t.Errorf("depends on %q", got)
	}
}

func TestExtraInputsStayBelowTheRoot(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(nil))
	b, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	s := sources(t, root, Options{})
	for _, p := range []string{"../code/**", "/etc/*", "a/../../b", "", "[a"} {
		if _, _, err := s.Inputs(b, []string{p}); err == nil {
			t.Errorf("%q is taken", p)
		}
	}
	if _, notes, err := s.Inputs(b, []string{"nothing/**"}); err != nil || len(notes) != 1 {
		t.Errorf("a pattern without a file is noted as %v, %v", notes, err)
	}
}
