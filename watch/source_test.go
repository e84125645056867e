package watch

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fsnotify/fsnotify"
)

// opened starts a loop whose event source the test may tamper with.
func opened(t *testing.T, b *bench) *events {
	t.Helper()
	ready := make(chan struct{})
	told := b.opts.Notify
	b.opts.Notify = func(n Notice) {
		told(n)
		if n.Kind == ByEvents {
			close(ready)
		}
	}
	l := newLoop(b.opts.withDefaults(), b.build)
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel, b.ended = cancel, make(chan error, 1)
	go func() { defer l.close(); b.ended <- l.run(ctx) }()
	t.Cleanup(func() { b.stop() })
	<-ready
	src := l.src
	b.waitBuilds(1)
	return src
}

func TestLostEventsMakeItLookAtEverything(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	src := opened(t, b)
	must(t, src.w.Remove(b.dir)) // nothing is heard from here on
	b.write("ch01.re", "= two\n")
	src.w.Errors <- fsnotify.ErrEventOverflow
	b.waitBuilds(2)
	if !b.noticed(Overflow) {
		t.Error("the overflow was not told")
	}
}

func TestEventsThatDoNotArriveAreFoundOut(t *testing.T) {
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	src := opened(t, b)
	for i := range 2 {
		must(t, src.w.Remove(b.dir))
		b.write("ch01.re", fmt.Sprint(i))
		b.waitBuilds(2 + i) // by the slow poll, which also listens again
	}
	if !b.noticed(ByPolling) {
		t.Error("events are still trusted")
	}
	must(t, src.w.Remove(b.dir))
	start := b.clock.Mono()
	b.write("ch01.re", "last")
	b.until(func() bool { return b.count() == 4 }, func() string { return "an edit was lost" })
	if d := b.clock.Mono() - start; d > recheck/2 {
		t.Errorf("polling took %v", d)
	}
}

func TestTheProbeTellsWhetherEventsArrive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src, err := newEvents()
	must(t, err)
	defer src.close()
	if err := src.probe(dir, SystemClock()); err != nil {
		t.Errorf("events do arrive here, but: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the probe left %v", left)
	}
	deaf, err := newEvents()
	must(t, err)
	deaf.close() // hears nothing any more
	deaf.w, _ = fsnotify.NewWatcher()
	defer deaf.w.Close()
	if err := deaf.probe(dir, SystemClock()); err == nil {
		t.Error("a deaf source passed the probe")
	}
}

func TestAProcFileSystemOrNoneIsNotCalledRemote(t *testing.T) {
	for _, dir := range []string{t.TempDir(), "/", "/not-there"} {
		if name := remoteFS(dir); name != "" {
			t.Errorf("%s is on %s", dir, name)
		}
	}
}

func TestAFileThatCannotBeReadIsAStateLikeAnyOther(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	b := newBench(t)
	b.write("ch01.re", "= one\n")
	b.start()
	must(t, os.Chmod(b.path("ch01.re"), 0))
	b.waitBuilds(2)
	must(t, os.Chmod(b.path("ch01.re"), 0o644))
	b.waitBuilds(3)
}

func TestALookFindsAThousandFiles(t *testing.T) {
	b := newBench(t)
	for i := range 1000 {
		b.write(filepath.Join(fmt.Sprint(i%40), fmt.Sprintf("f%d.svg", i)), "<svg/>")
	}
	l := newLoop(b.opts.withDefaults(), nil)
	must(t, l.look(t.Context(), nil))
	must(t, l.look(t.Context(), l.cur))
	if len(l.cur.files) != 1000 {
		t.Errorf("%d files", len(l.cur.files))
	}
	t.Logf("a look costs %v", l.cost[1])
	for _, e := range l.cur.files {
		if e.stamp.Mode&fs.ModeType != 0 {
			t.Fatal("not a file")
		}
	}
}
