package watch

import (
	"os"
	"sync"
	"testing"
	"time"
)

// fakeClock stands still until it is told to go on.
type fakeClock struct {
	mu     sync.Mutex
	mono   time.Duration
	wall   time.Time
	timers map[chan time.Time]time.Duration
}

func newFakeClock() *fakeClock {
	return &fakeClock{mono: time.Hour, wall: time.Now(), timers: map[chan time.Time]time.Duration{}}
}

func (c *fakeClock) Mono() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.mono }
func (c *fakeClock) Wall() time.Time     { c.mu.Lock(); defer c.mu.Unlock(); return c.wall }

func (c *fakeClock) Timer(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.timers[ch] = c.mono + d
	return ch, func() { c.mu.Lock(); defer c.mu.Unlock(); delete(c.timers, ch) }
}

const oneStep = 10 * time.Millisecond

// forward waits until Run sleeps and then lets d pass step by step.
func (c *fakeClock) forward(t *testing.T, d time.Duration) {
	t.Helper()
	for ; d > 0; d -= oneStep {
		until(t, c.asleep, func() string { return "Run does not sleep" })
		c.add(min(d, oneStep))
	}
	until(t, c.asleep, func() string { return "Run does not sleep" })
}

// step lets the events of what was done arrive, and Run act on them, before the
// clock goes on. Run may have ended.
func (c *fakeClock) step(t *testing.T) {
	t.Helper()
	time.Sleep(time.Millisecond)
	for end := time.Now().Add(time.Second); !c.asleep() && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
	c.add(oneStep)
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mono += d
	c.wall = c.wall.Add(d)
	for ch, at := range c.timers {
		if at <= c.mono {
			ch <- c.wall
			delete(c.timers, ch)
		}
	}
}

func (c *fakeClock) asleep() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.timers) > 0 }

// fakeBench polls every 100 ms of fake time (a look costs real time, and must
// not make that longer), with 1 s of quiet and at most 10 s.
func fakeBench(t *testing.T) (*bench, *fakeClock) {
	b := newBench(t)
	b.opts.Poll = true
	b.opts.PollInterval, b.opts.Quiet, b.opts.MaxWait = 100*time.Millisecond, time.Second, 10*time.Second
	b.write("ch01.re", "0")
	return b, b.clock
}

func (b *bench) wantCount(n int) {
	b.t.Helper()
	until(b.t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return !b.running }, func() string { return "a build runs on" })
	if got := b.count(); got != n {
		b.t.Fatalf("%d builds, want %d", got, n)
	}
}

// settleDown lets Run take in the end of a build.
func settleDown(t *testing.T, c *fakeClock) { t.Helper(); c.forward(t, 50*time.Millisecond) }

func TestTheQuietTimeSlidesAndIsBounded(t *testing.T) {
	b, c := fakeBench(t)
	b.launch()
	until(t, func() bool { return b.count() == 1 }, func() string { return "no first build" })
	c.forward(t, 5000*time.Millisecond)
	b.wantCount(1)

	b.write("ch01.re", "1")
	c.forward(t, 800*time.Millisecond)
	b.write("ch01.re", "11")
	c.forward(t, 800*time.Millisecond)
	b.wantCount(1) // 1.6 s after the first edit, but 0.8 s after the second
	c.forward(t, 3000*time.Millisecond)
	b.wantCount(2)

	for i := range 15 { // an edit every 0.8 s
		b.write("ch01.re", string(rune('a'+i)))
		c.forward(t, 800*time.Millisecond)
	}
	settleDown(t, c)
	b.wantCount(3) // after ten seconds, though it never was quiet
	c.forward(t, 10*time.Second)
	b.wantCount(4)
}

func TestAFileThatIsEmptyOrAwayIsWaitedForButNotForEver(t *testing.T) {
	b, c := fakeBench(t)
	b.launch()
	until(t, func() bool { return b.count() == 1 }, func() string { return "no first build" })
	c.forward(t, 5000*time.Millisecond)
	must(t, os.Truncate(b.path("ch01.re"), 0))
	c.forward(t, 2000*time.Millisecond)
	b.wantCount(1)
	b.write("ch01.re", "1")
	c.forward(t, 4000*time.Millisecond)
	b.wantCount(2)
	must(t, os.Remove(b.path("ch01.re")))
	c.forward(t, 6000*time.Millisecond)
	b.wantCount(3)
	b.wantEdits("removed ch01.re")
}

func TestAfterTheMachineSleptEverythingIsLookedAt(t *testing.T) {
	b, c := fakeBench(t)
	b.launch()
	until(t, func() bool { return b.count() == 1 }, func() string { return "no first build" })
	c.forward(t, 5000*time.Millisecond)
	c.mu.Lock()
	c.wall = c.wall.Add(8 * time.Hour)
	c.mu.Unlock()
	b.write("ch01.re", "1")
	c.forward(t, 5000*time.Millisecond)
	b.wantCount(2)
	if !b.noticed(Woke) {
		t.Error("the jump was not noticed")
	}
	c.mu.Lock()
	c.wall = c.wall.Add(-24 * time.Hour)
	c.mu.Unlock()
	c.forward(t, 5000*time.Millisecond)
	b.wantCount(2)
	b.write("ch01.re", "2")
	c.forward(t, 5000*time.Millisecond)
	b.wantCount(3)
}

func TestLooksCostAtMostTheirShare(t *testing.T) {
	l := newLoop(Options{PollInterval: 500 * time.Millisecond, Clock: newFakeClock()}, nil)
	for _, c := range []struct{ cost, took, want time.Duration }{
		{0, 0, 500 * time.Millisecond},
		{time.Millisecond, time.Millisecond, 500 * time.Millisecond},
		{4 * time.Millisecond, 4 * time.Millisecond, 1600 * time.Millisecond},
		{time.Millisecond, time.Second, 4 * time.Second}, // a slow file server
		{time.Second, time.Second, slowest},
	} {
		for i := range l.cost {
			l.cost[i] = c.cost
		}
		if got := l.interval(c.took); got != c.want {
			t.Errorf("a look of %v, %v of it work: every %v, want %v", c.took, c.cost, got, c.want)
		}
	}
}
