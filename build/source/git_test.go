package source

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/bookci/bookci/internal/testbook"
)

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
