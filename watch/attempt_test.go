package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAnEditDuringABuildIsBuiltRightAfter(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	release := make(chan struct{})
	b.onBuild = func(context.Context, Change) (Result, error) { <-release; return Result{}, nil }
	b.write("ch01.re", "= two\n")
	b.untilBuilding()
	b.write("ch01.re", "= three\n")
	b.pass(200 * time.Millisecond)
	close(release)
	b.waitBuilds(3)
	b.wantEdits("changed ch01.re")
	if got := b.last().saw["/ch01.re"]; got != "= three\n" {
		t.Errorf("the last build saw %q", got)
	}
}

func TestAWorthlessBuildIsCancelledAndItsEditsAreKept(t *testing.T) {
	b := newBench(t)
	b.opts.Cancel = CancelYoung(time.Hour, 2)
	b.write("ch01.re", "= one\n")
	b.write("ch02.re", "= one\n")
	b.start()
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		if len(c.Edits) == 2 {
			return Result{}, nil
		}
		<-ctx.Done()
		return Result{}, context.Cause(ctx)
	}
	b.write("ch01.re", "= two\n")
	b.untilBuilding()
	b.write("ch02.re", "= two\n")
	b.waitBuilds(3)
	b.wantEdits("changed ch01.re", "changed ch02.re")
	if b.builds[1].err != ErrSuperseded {
		t.Errorf("the cancelled build's cause was %v", b.builds[1].err)
	}
	if n := b.last().change.Tries; n != 1 {
		t.Errorf("tries %d, want 1", n)
	}
}

func TestACancelledBuildWhoseEditIsTakenBackNeedsNoOther(t *testing.T) {
	b := newBench(t)
	b.opts.Cancel = CancelYoung(time.Hour, 2)
	b.write("ch01.re", "= one\n")
	b.start()
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		<-ctx.Done()
		return Result{}, context.Cause(ctx)
	}
	b.write("ch01.re", "= two\n")
	b.untilBuilding()
	b.write("ch01.re", "= one\n")
	b.waitBuilds(2)
}

func TestABuildThatFailsAsItIsGivenUpIsNotRepeated(t *testing.T) {
	b := newBench(t)
	b.opts.Cancel = CancelYoung(time.Hour, 2)
	b.write("ch01.re", "= one\n")
	b.start()
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		if c.Tries == 0 {
			<-ctx.Done() // the newer edit; it was read, too
		}
		return Result{Read: sums(b.dir, readTree(b.dir, nil))}, errBook
	}
	b.write("ch01.re", "= two\n")
	b.untilBuilding()
	b.write("ch01.re", "= three\n")
	b.waitBuilds(2)
}

func TestABuildThatReadANewerFileIsNotRepeated(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		b.write("ch01.re", "= three\n") // the author was faster than the build's reading
		b.takes(300 * time.Millisecond)
		return Result{Read: sums(b.dir, readTree(b.dir, nil))}, nil
	}
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
}

func TestABuildThatMayHaveReadATransientStateIsRepeated(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		if len(c.Edits) == 0 {
			return Result{}, nil
		}
		b.write("ch01.re", "= broken\n")
		b.takes(300 * time.Millisecond)
		b.write("ch01.re", "= two\n")
		return Result{}, errBook
	}
	b.write("ch01.re", "= two\n")
	b.waitBuilds(3)
	if b.last().err != nil {
		t.Error("the author is left with the error of a state that is gone")
	}
}

func TestErrorsOfBuildsDoNotEndTheLoopButFatalOnesDo(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.onBuild = func(context.Context, Change) (Result, error) { return Result{}, errBook }
	b.start()
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
	b.onBuild = func(context.Context, Change) (Result, error) {
		return Result{}, fmt.Errorf("building: %w", Fatal(errBook))
	}
	b.write("ch01.re", "= three\n")
	b.until(func() bool { return len(b.ended) > 0 }, func() string { return "Run has not ended" })
	if err := b.stop(); !errors.Is(err, errBook) {
		t.Errorf("ended with %v", err)
	}
}

func TestAgainAndRebuildBuildWithoutAnEdit(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	ask := make(chan string)
	b.opts.Rebuild = ask
	first := true
	b.onBuild = func(context.Context, Change) (Result, error) {
		if first {
			first = false
			return Result{Again: 50 * time.Millisecond}, errBook
		}
		return Result{}, nil
	}
	b.launch()
	b.waitBuilds(2)
	if r := b.last().change.Reason; r != "again" {
		t.Errorf("reason %q", r)
	}
	ask <- "the image changed"
	b.waitBuilds(3)
	if c := b.last().change; c.Reason != "the image changed" || len(c.Edits) != 0 {
		t.Errorf("change %+v", c)
	}
}

func TestABuildMayChangeTheScope(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	extra := filepath.Join(filepath.Dir(b.dir), "code")
	must(t, os.Mkdir(extra, 0o755))
	must(t, os.WriteFile(filepath.Join(extra, "main.go"), []byte("one"), 0o644))
	b.onBuild = func(context.Context, Change) (Result, error) {
		return Result{Scope: &Scope{Folders: []string{b.dir, extra}}}, nil
	}
	b.start()
	must(t, os.WriteFile(filepath.Join(extra, "main.go"), []byte("two"), 0o644))
	b.waitBuilds(2)
	b.wantEdits("changed ../code/main.go")
	b.onBuild = func(context.Context, Change) (Result, error) {
		return Result{Scope: &Scope{Folders: []string{b.dir}}}, nil
	}
	b.write("ch01.re", "= two\n")
	b.waitBuilds(3)
	must(t, os.WriteFile(filepath.Join(extra, "main.go"), []byte("three"), 0o644))
	b.waitBuilds(3)
}

func TestRunEndsWithItsContextAndWaitsForTheBuild(t *testing.T) {
	b := newBench(t)
	var left bool
	entered := make(chan struct{})
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		close(entered)
		<-ctx.Done()
		time.Sleep(100 * time.Millisecond)
		left = true
		return Result{}, ctx.Err()
	}
	b.launch()
	<-entered
	if err := b.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if !left {
		t.Error("Run returned before its build")
	}
}
