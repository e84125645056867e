package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

func runGit(t *testing.T, dir string, args ...string) Git {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git here")
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b", "GIT_COMMITTER_DATE=1700000000 +0900"}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %s", args, out)
	}
	return Git{Path: program, Env: env[:2]}
}

func TestTheSourceDateIsThatOfTheLastCommit(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"repo/x.re": "x", "elsewhere/": "dir"})
	repo := filepath.Join(root, "repo")
	git := runGit(t, repo, "init", "-q")
	inputs := []File{{Path: "x.re", MTime: 1600000000e9}, {Path: "dir", Mode: fs.ModeDir, MTime: 1800000000e9}}
	date := func(git Git) int64 {
		t.Helper()
		seconds, err := Date(context.Background(), git, repo, inputs)
		if err != nil {
			t.Fatal(err)
		}
		return seconds
	}
	const day = 1599955200 // 2020-09-13
	if got := date(git); got != day {
		t.Errorf("without a commit the date is %d", got)
	}
	runGit(t, repo, "add", ".")
	runGit(t, repo, "commit", "-qm", "x")
	if got := date(git); got != 1700000000 {
		t.Errorf("the date is %d", got)
	}
	if err := os.WriteFile(filepath.Join(repo, "x.re"), []byte("edited"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := date(git); got != 1700000000 {
		t.Errorf("after an edit the date is %d", got)
	}
	git.Env = append(git.Env, "GIT_DIR="+filepath.Join(root, "elsewhere"))
	if got := date(git); got != 1700000000 {
		t.Errorf("with GIT_DIR set the date is %d", got)
	}
	if got := date(Git{}); got != day {
		t.Errorf("without git the date is %d", got)
	}
}

func TestARepositoryCannotRunAProgramWhenAskedAboutTheSources(t *testing.T) {
	repo := testbook.Folder(t, map[string]string{"x.re": "x"})
	git := runGit(t, repo, "init", "-q")
	runGit(t, repo, "add", ".")
	runGit(t, repo, "commit", "-qm", "x")
	trap := filepath.Join(repo, "trap.sh")
	if err := os.WriteFile(trap, []byte("#!/bin/sh\n: > "+filepath.Join(repo, "sprung")+"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"core.fsmonitor", trap}, {"log.showSignature", "true"}, {"gpg.program", trap}, {"core.pager", trap}, {"alias.rev-list", "!" + trap}, {"alias.ls-files", "!" + trap}, {"core.sshCommand", trap}} {
		runGit(t, repo, "config", c[0], c[1])
	}
	if _, err := Date(context.Background(), git, repo, nil); err != nil {
		t.Fatal(err)
	}
	_ = Tracked(context.Background(), git, repo, filepath.Join(repo, ".bookci"))
	if _, err := os.Stat(filepath.Join(repo, "sprung")); err == nil {
		t.Error("a program named by the repository ran")
	}
}

func TestNoSourceIsOlderThanAnEPUBCanSay(t *testing.T) {
	seconds, err := Date(context.Background(), Git{}, t.TempDir(), []File{{Path: "x", MTime: int64(time.Second)}})
	if err != nil || time.Unix(seconds, 0).UTC().Year() != 1980 {
		t.Errorf("the date is %d, %v", seconds, err)
	}
}

func TestWhatACloneBringsIsKnownByItsNames(t *testing.T) {
	repo := testbook.Folder(t, map[string]string{"x.re": "x", ".bookci/state/a.json": "x", "sub/.texmf-var/a": "x", "sub/x.re": "x"})
	git := runGit(t, repo, "init", "-q")
	brought := func(git Git, root string) bool {
		return Tracked(context.Background(), git, root, filepath.Join(root, ".bookci"), filepath.Join(root, ".texmf-var"))
	}
	sub := filepath.Join(repo, "sub")
	runGit(t, repo, "add", "x.re", "sub/x.re")
	if brought(git, repo) || brought(git, sub) {
		t.Error("what git does not track came with the sources")
	}
	runGit(t, repo, "add", "sub/.texmf-var")
	if brought(git, repo) || !brought(git, sub) {
		t.Error("a font cache below another root counts here, or not there")
	}
	runGit(t, repo, "add", ".bookci")
	if !brought(git, repo) || brought(Git{}, repo) {
		t.Error("what git tracks did not come with the sources, or did without git")
	}
	if brought(git, t.TempDir()) || Tracked(context.Background(), git, repo, filepath.Join(t.TempDir(), ".bookci")) {
		t.Error("a folder outside of the repository came with it")
	}
}

func TestAFolderOfAnotherCaseIsKnownToo(t *testing.T) {
	repo := testbook.Folder(t, map[string]string{".BookCI/state/a.json": "x"})
	git := runGit(t, repo, "init", "-q")
	runGit(t, repo, "add", ".")
	if !Tracked(context.Background(), git, repo, filepath.Join(repo, ".bookci")) {
		t.Error("a file system may take it for .bookci")
	}
}
