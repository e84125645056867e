package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Whatever is done to the folders, in whatever order: once it is quiet, the
// last build has seen exactly what is there, and nothing is built without need.
func TestAfterAnySequenceOfOperationsTheLastBuildSawTheFinalState(t *testing.T) {
	for _, poll := range []bool{false, true} {
		for _, reports := range []bool{false, true} {
			for seed := range uint64(*seeds) {
				t.Run(fmt.Sprintf("polling %v, reports %v, seed %d", poll, reports, seed), func(t *testing.T) {
					randomOperations(t, rand.New(rand.NewPCG(seed, 7)), poll, reports, 6)
				})
			}
		}
	}
}

func randomOperations(t *testing.T, rng *rand.Rand, poll, reports bool, bursts int) {
	b := newRealBench(t)
	b.opts.Quiet = 30 * time.Millisecond
	b.opts.Poll, b.opts.PollInterval = poll, 30*time.Millisecond
	if rng.IntN(2) == 0 {
		b.opts.Cancel = CancelYoung(50*time.Millisecond, 2)
	}
	var prev map[string]string
	b.onBuild = func(ctx context.Context, c Change) (Result, error) {
		tree := readTree(b.dir, b.opts.Ignore)
		select {
		case <-ctx.Done():
			return Result{}, context.Cause(ctx)
		case <-time.After(time.Duration(rand.IntN(60)) * time.Millisecond):
		}
		// A build cannot report what it did not find, as a file that was removed
		// a moment before, or a link to nowhere. Run cannot know better then.
		b.mu.Lock()
		defer b.mu.Unlock()
		known := slices.ContainsFunc(c.Edits, func(e Edit) bool { return e.Kind != Removed })
		if reports && prev != nil && sameTree(prev, tree) && known {
			t.Errorf("needless: %+v", c)
		}
		prev = tree
		if reports {
			return Result{Read: sums(b.dir, tree)}, nil
		}
		return Result{}, nil
	}
	b.write("a/ch01.re", "one")
	b.write("b/c/ch02.re", "two")
	b.start()
	for range bursts {
		for range 1 + rng.IntN(12) {
			operate(b, rng)
			if rng.IntN(3) == 0 {
				time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
			}
		}
		b.rest()
		// On a busy machine it may take longer, but not until the slow poll finds it.
		for end := time.Now().Add(recheck / 2); ; time.Sleep(50 * time.Millisecond) {
			b.mu.Lock()
			saw, now := prev, readTree(b.dir, b.opts.Ignore)
			b.mu.Unlock()
			if sameTree(saw, now) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the last build saw %v, there is %v", saw, now)
			}
		}
	}
	if b.noticed(ByPolling) && !poll {
		t.Errorf("events were missed: %v", b.notices)
	}
}

// operate does one thing to the tree. Many fail, for want of their object; that is fine.
func operate(b *bench, rng *rand.Rand) {
	dirs := []string{".", "a", "b", "b/c", "a/d", "artifacts"}
	names := []string{"ch01.re", "ch02.re", "x.sty", "ch01.re~", "4913"}
	dir := func() string { return b.path(dirs[rng.IntN(len(dirs))]) }
	file := func() string { return filepath.Join(dir(), names[rng.IntN(len(names))]) }
	content := fmt.Sprint(rng.IntN(4))
	switch rng.IntN(14) {
	case 0, 1, 2:
		_ = os.WriteFile(file(), []byte(content), 0o644)
	case 3:
		_ = theEditors[rng.IntN(len(theEditors))].save(file(), content)
	case 4:
		_ = os.Remove(file())
	case 5:
		_ = os.Rename(file(), file())
	case 6:
		_ = os.MkdirAll(dir(), 0o755)
	case 7:
		from, to := dir(), dir()
		if from != b.dir && to != b.dir {
			_ = os.Rename(from, to)
		}
	case 8:
		if d := dir(); d != b.dir {
			_ = os.RemoveAll(d)
		}
	case 9:
		now := time.Now()
		_ = os.Chtimes(file(), now, now)
	case 10:
		_ = os.Symlink(names[rng.IntN(3)], file())
	case 11:
		away := b.dir + "-away"
		if d := dir(); d != b.dir {
			_ = os.Rename(d, away)
			time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
			_ = os.Rename(away, d)
			_ = os.RemoveAll(away)
		}
	case 12:
		_ = os.Link(file(), file())
	case 13:
		if rng.IntN(3) == 0 {
			_ = os.Rename(b.dir, b.dir+"-gone")
			time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
			_ = os.Rename(b.dir+"-gone", b.dir)
		}
	}
}
