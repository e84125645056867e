package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The author saves 1,000 times a minute, in every editor's manner, while
// branches are switched and folders moved, and builds are slow, fail and are
// cancelled. Run with -soak=8h for the real thing.
func TestSoak(t *testing.T) {
	b := newBenchAlone(t)
	rng := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	const chapters = 12
	for i := range chapters {
		b.write(fmt.Sprintf("part%d/ch%02d.re", i%3, i), "= start\n")
	}
	for i := range 500 {
		b.write(fmt.Sprintf("images/%d/f%d.svg", i%10, i), "branch one")
	}
	b.opts.Cancel = CancelYoung(100*time.Millisecond, 3)
	b.opts.Peek = func(Change) {}
	var prev map[string]string
	needless, superseded, total := 0, 0, 0
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		tree := readTree(b.dir, b.opts.Ignore)
		total++
		select {
		case <-ctx.Done():
			superseded++
			return Result{}, context.Cause(ctx)
		case <-time.After(time.Duration(rand.IntN(150)) * time.Millisecond):
		}
		if prev != nil && sameTree(prev, tree) {
			needless++
			t.Logf("needless: %+v", c)
		}
		prev = tree
		b.mu.Lock()
		if len(b.builds) > 10 {
			b.builds = b.builds[:1:1] // the test's own memory must not hide a leak
		}
		b.mu.Unlock()
		var err error
		if total%5 == 0 {
			err = errBook
		}
		return Result{Read: sums(b.dir, tree)}, err
	}
	b.launch()
	until(t, func() bool { return b.count() > 0 }, func() string { return "no first build" })

	saves, contents := 0, 0
	edit := func(until time.Time) {
		for time.Now().Before(until) {
			path := b.path(fmt.Sprintf("part%d/ch%02d.re", saves%3, saves%3))
			if rng.IntN(4) > 0 {
				contents++ // and otherwise the author saves what is there already
			}
			must(t, theEditors[rng.IntN(len(theEditors))].save(path, fmt.Sprintf("= version %d\n", contents)))
			saves++
			switch {
			case saves%97 == 0:
				for i := range 500 {
					b.write(fmt.Sprintf("images/%d/f%d.svg", i%10, i), fmt.Sprint("branch ", saves))
				}
			case saves%61 == 0:
				must(t, os.Rename(b.path("images/3"), b.dir+"-3"))
				must(t, os.Rename(b.path("images/4"), b.path("images/3")))
				must(t, os.Rename(b.dir+"-3", b.path("images/4")))
			}
			pause := time.Duration(rng.IntN(90)) * time.Millisecond
			if rng.IntN(40) == 0 {
				pause = 400 * time.Millisecond
			}
			time.Sleep(pause)
		}
	}
	edit(time.Now().Add(*soakFor / 4))
	time.Sleep(500 * time.Millisecond)
	before := usage()
	edit(time.Now().Add(*soakFor * 3 / 4))
	last := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return !b.running && sameTree(prev, readTree(b.dir, b.opts.Ignore))
	}
	until(t, last, func() string { return "an edit was lost" })
	time.Sleep(500 * time.Millisecond)
	if !last() {
		t.Error("the last build did not see the last state")
	}
	after := usage()
	t.Logf("%d saves, %d builds, %d of them superseded, %d needless; before %v, after %v", saves, total, superseded, needless, before, after)
	if needless > 0 {
		t.Errorf("%d needless builds", needless)
	}
	if b.noticed(ByPolling) {
		t.Errorf("notices %v", b.notices)
	}
	if after.files > before.files+2 || after.heap > before.heap+4<<20 {
		t.Errorf("grew from %+v to %+v", before, after)
	}
	if after.goroutines > before.goroutines+1 { // a build may run at one of the two times
		t.Errorf("goroutines: %d, then %d", before.goroutines, after.goroutines)
	}
	b.stop()
	// The other tests' goroutines are none of ours; what Run has started must be gone.
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, name := range []string{"watch.Run(", "(*events).pump", "fsnotify.(*inotify).readEvents", "(*loop).start"} {
		if strings.Contains(string(stacks), name) {
			t.Errorf("%s is left after Run has ended:\n%s", name, stacks)
		}
	}
}

type used struct {
	files, goroutines int
	heap              uint64
}

func usage() used {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	// Where /proc is missing the count stays 0 and is not tested.
	fds, _ := os.ReadDir("/proc/self/fd")
	return used{len(fds), runtime.NumGoroutine(), m.HeapAlloc}
}
