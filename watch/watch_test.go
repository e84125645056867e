package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnEditIsBuiltOnce(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	if c := b.last().change; !c.First || len(c.Edits) != 0 {
		t.Errorf("the first build was asked for as %+v", c)
	}
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
	b.wantEdits("changed ch01.re")
	if b.last().change.First {
		t.Error("the second build was called the first")
	}
}

func TestATouchIsNotBuilt(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	now := time.Now()
	must(t, os.Chtimes(b.path("ch01.re"), now, now))
	b.waitBuilds(1)
	b.write("ch01.re", "= one\n") // saved as it was
	b.waitBuilds(1)
}

func TestAnEditOfTheSameSizeWithItsOldTimeIsBuilt(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	info, err := os.Stat(b.path("ch01.re"))
	must(t, err)
	b.start()
	b.write("ch01.re", "= two\n")
	must(t, os.Chtimes(b.path("ch01.re"), info.ModTime(), info.ModTime()))
	b.waitBuilds(2)
}

func TestAnEditTakenBackWithinTheBurstIsNotBuilt(t *testing.T) {
	b := newBench(t)
	b.opts.Quiet = 200 * time.Millisecond
	b.write("ch01.re", "= one\n")
	b.start()
	b.write("ch01.re", "= two\n")
	b.pass(20 * time.Millisecond)
	b.write("ch01.re", "= one\n")
	b.waitBuilds(1)
}

func TestOutputsAndTransientFilesDoNotTrigger(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.write("artifacts/book.pdf", "%PDF")
	b.start()
	for i := range 5 {
		b.write("artifacts/book.pdf", fmt.Sprint(i))
		b.write("artifacts/deep/er.log", fmt.Sprint(i))
		b.write(".git/index", fmt.Sprint(i))
		b.write(".ch01.re.swp", fmt.Sprint(i))
		b.write("ch01.re~", fmt.Sprint(i))
	}
	b.waitBuilds(1)
}

func TestANewFolderIsWalkedAndListenedTo(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	b.write("part/deep/ch02.re", "= two\n") // both folders and the file at once
	b.waitBuilds(2)
	b.wantEdits("created part/deep/ch02.re")
	b.write("part/deep/ch02.re", "= zwei\n")
	b.waitBuilds(3)
	b.wantEdits("changed part/deep/ch02.re")
}

func TestFoldersMovedAboutAreStillListenedTo(t *testing.T) {
	b := newBench(t)
	b.write("a/sub/ch01.re", "= one\n")
	b.start()
	must(t, os.Rename(b.path("a"), b.path("b")))
	b.waitBuilds(2)
	b.wantEdits("removed a/sub/ch01.re", "created b/sub/ch01.re")
	b.write("b/sub/ch01.re", "= two\n")
	b.waitBuilds(3)
	b.wantEdits("changed b/sub/ch01.re")

	outside := b.dir + "-outside"
	must(t, os.Rename(b.path("b"), outside))
	b.waitBuilds(4)
	b.wantEdits("removed b/sub/ch01.re")
	must(t, os.WriteFile(filepath.Join(outside, "sub/ch01.re"), []byte("= three\n"), 0o644))
	b.waitBuilds(4)
	must(t, os.Rename(outside, b.path("a")))
	b.waitBuilds(5)
	b.wantEdits("created a/sub/ch01.re")
	b.write("a/sub/ch01.re", "= four\n")
	b.waitBuilds(6)

	// Away and back within one burst: fsnotify forgets the folder, Run must not.
	must(t, os.Rename(b.path("a"), b.path("c")))
	must(t, os.Rename(b.path("c"), b.path("a")))
	b.waitBuilds(6)
	b.write("a/sub/ch01.re", "= five\n")
	b.waitBuilds(7)
	b.wantEdits("changed a/sub/ch01.re")
	if b.noticed(ByPolling) {
		t.Error("events were missed")
	}
}

func TestTwoFoldersThatChangePlacesAreStillListenedTo(t *testing.T) {
	b := newBench(t)
	b.write("a/sub/ch01.re", "= one\n")
	b.write("b/sub/ch01.re", "= two\n")
	b.start()
	must(t, os.Rename(b.path("a"), b.path("tmp")))
	must(t, os.Rename(b.path("b"), b.path("a")))
	must(t, os.Rename(b.path("tmp"), b.path("b")))
	b.waitBuilds(2)
	b.wantEdits("changed a/sub/ch01.re", "changed b/sub/ch01.re")
	b.write("a/sub/ch01.re", "= three\n")
	b.waitBuilds(3)
	b.wantEdits("changed a/sub/ch01.re")
	b.write("b/sub/ch01.re", "= four\n")
	b.waitBuilds(4)
	b.wantEdits("changed b/sub/ch01.re")
}

func TestTheFolderItselfMayGoAndComeBack(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	must(t, os.Rename(b.dir, b.dir+"-away"))
	b.until(func() bool { return b.noticed(FolderGone) }, func() string { return "not told that the folder is gone" })
	b.waitBuilds(1) // an absent book is not built
	must(t, os.Rename(b.dir+"-away", b.dir))
	b.until(func() bool { return b.noticed(FolderBack) }, func() string { return "not told that the folder is back" })
	b.waitBuilds(1) // and the same one not again

	must(t, os.RemoveAll(b.dir))
	b.waitBuilds(1)
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
	b.wantEdits("changed ch01.re")
	b.write("ch01.re", "= three\n")
	b.waitBuilds(3)
}

func TestLinkedFilesOutsideAreWatched(t *testing.T) {
	b := newBench(t)
	target := filepath.Join(filepath.Dir(b.dir), "elsewhere", "style.sty")
	must(t, os.MkdirAll(filepath.Dir(target), 0o755))
	must(t, os.WriteFile(target, []byte("one"), 0o644))
	must(t, os.Symlink(target, b.path("style.sty")))
	b.start()
	must(t, os.WriteFile(target, []byte("two"), 0o644))
	b.waitBuilds(2)
	b.wantEdits("changed style.sty")
	must(t, os.WriteFile(filepath.Join(filepath.Dir(target), "other"), nil, 0o644))
	b.waitBuilds(2)
	must(t, os.Remove(target))
	b.waitBuilds(3)
	must(t, os.WriteFile(target, []byte("three"), 0o644))
	b.waitBuilds(4)
	if b.noticed(ByPolling) {
		t.Error("events were missed")
	}
}

func TestLinkedFoldersAreWatchedAndCyclesEnd(t *testing.T) {
	b := newBench(t)
	outside := filepath.Join(filepath.Dir(b.dir), "figures")
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "a.svg"), []byte("one"), 0o644))
	must(t, os.Symlink(outside, b.path("images")))
	must(t, os.Symlink("..", b.path("up")))
	must(t, os.Symlink(".", b.path("here")))
	must(t, os.Symlink(outside, filepath.Join(outside, "self")))
	b.start()
	must(t, os.WriteFile(filepath.Join(outside, "a.svg"), []byte("two"), 0o644))
	b.waitBuilds(2)
	if e := b.edits(); len(e) != 1 || !strings.HasSuffix(e[0], "a.svg") {
		t.Errorf("edits %q", e)
	}
}

func TestAMissingSingleFileIsWaitedFor(t *testing.T) {
	b := newBench(t)
	extra := filepath.Join(filepath.Dir(b.dir), "code", "deep", "main.go")
	b.opts.Scope.Files = []string{extra}
	b.start()
	must(t, os.MkdirAll(filepath.Dir(extra), 0o755))
	must(t, os.WriteFile(extra, []byte("package main"), 0o644))
	b.waitBuilds(2)
	b.wantEdits("created ../code/deep/main.go")
	must(t, os.WriteFile(extra, []byte("package other"), 0o644))
	b.waitBuilds(3)
	must(t, os.RemoveAll(filepath.Dir(extra)))
	b.waitBuilds(4)
	b.wantEdits("removed ../code/deep/main.go")
}

func TestA500FileCheckoutIsOneBuild(t *testing.T) {
	b := newBench(t)
	for i := range 500 {
		b.write(fmt.Sprintf("d%d/f%d.re", i%20, i), "one")
	}
	b.start()
	for i := range 500 {
		must(t, os.Remove(b.path(fmt.Sprintf("d%d/f%d.re", i%20, i))))
		b.write(fmt.Sprintf("d%d/f%d.re", i%20, i), "two")
	}
	b.waitBuilds(2)
	if n := len(b.last().change.Edits); n != 500 {
		t.Errorf("%d edits, want 500", n)
	}
}

func TestABusyMakerOfManyFilesIsWaitedFor(t *testing.T) {
	b := newBench(t)
	lock := b.path(".git/index.lock")
	b.opts.MaxWait = 200 * time.Millisecond
	b.opts.Busy = func() bool { _, err := os.Stat(lock); return err == nil }
	b.write("a.re", "one")
	b.start()
	b.write(".git/index.lock", "")
	for i := range 10 {
		b.write(fmt.Sprintf("f%d.re", i), "two")
		b.pass(100 * time.Millisecond)
	}
	must(t, os.Remove(lock))
	b.waitBuilds(2)
}

func TestPeekIsFasterThanTheBuild(t *testing.T) {
	b := newBench(t)
	b.opts.Quiet = 300 * time.Millisecond
	peeks := make(chan Change, 10)
	b.opts.Peek = func(c Change) { peeks <- c }
	b.write("ch01.re", "= one\n")
	b.start()
	b.write("ch01.re", "= two\n")
	b.until(func() bool { return len(peeks) > 0 }, func() string { return "no peek" })
	if c := <-peeks; b.count() != 1 || len(c.Edits) != 1 {
		t.Errorf("peek %+v after %d builds", c, b.count())
	}
	b.waitBuilds(2)
	if len(peeks) != 0 {
		t.Error("the same edit was peeked at twice")
	}
}

func TestPollingSeesWhatEventsSee(t *testing.T) {
	b := newBench(t)
	b.opts.Poll, b.opts.PollInterval = true, 50*time.Millisecond
	b.write("ch01.re", "= one\n")
	b.start()
	if !b.noticed(ByPolling) {
		t.Error("polling was not announced")
	}
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
	b.write("new/deep/ch02.re", "= two\n")
	b.waitBuilds(3)
	b.wantEdits("created new/deep/ch02.re")
	must(t, os.Rename(b.path("new"), b.path("old")))
	b.waitBuilds(4)
	must(t, os.RemoveAll(b.dir))
	b.waitBuilds(4)
	b.write("ch01.re", "= two\n")
	b.waitBuilds(5)
	b.wantEdits("removed old/deep/ch02.re")
	b.write("ch01.re", "= two\n")
	b.waitBuilds(5)
}

func TestWhatCannotBeWatchedIsSaidAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	for _, scope := range []Scope{{}, {Folders: []string{"relative"}}, {Folders: []string{file}}, {Folders: []string{file + "-not-there"}}} {
		err := Run(t.Context(), Options{Scope: scope}, func(context.Context, Change) (Result, error) {
			t.Error("a build was started")
			return Result{}, nil
		})
		if err == nil || !strings.HasPrefix(err.Error(), "watching") {
			t.Errorf("%v: %v", scope, err)
		}
	}
}
