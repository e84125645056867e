package links

import (
	"context"
	"sync"
	"time"
)

// Politeness lives in this file: whoever asks a host goes through its gate, one
// at a time, and the next one waits for the pause after the last answer. The
// pause counts from the end of an answer, so a slow host is asked more rarely.
// The slots bound how many hosts are asked at the same moment; a host that is
// only waiting holds none, so a slow one keeps nobody else waiting.

// gates are the hosts that have been asked.
type gates struct {
	mu    sync.Mutex
	hosts map[string]*gate
	slots chan struct{}
	pause time.Duration
	now   func() time.Time
}

type gate struct {
	turn chan struct{} // holds a token while somebody asks

	mu    sync.Mutex
	next  time.Time // when the host may be asked again
	pause time.Duration
}

func newGates(atOnce int, pause time.Duration, now func() time.Time) *gates {
	return &gates{hosts: map[string]*gate{}, slots: make(chan struct{}, atOnce), pause: pause, now: now}
}

func (g *gates) of(host string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hosts[host] == nil {
		g.hosts[host] = &gate{turn: make(chan struct{}, 1), pause: g.pause}
	}
	return g.hosts[host]
}

// pass calls f when the host may be asked. It returns an error, without having
// called f, when ctx ends before.
func (g *gates) pass(ctx context.Context, host string, f func()) error {
	h := g.of(host)
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-h.turn }()
	for {
		wait := h.wait(g.now())
		if wait <= 0 {
			break
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-g.slots }()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f()
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := g.now().Add(h.pause); at.After(h.next) {
		h.next = at
	}
	return nil
}

// wait is how much longer the host is to be left alone.
func (h *gate) wait(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next.Sub(now)
}

// slow makes the pause between requests at least this long.
func (h *gate) slow(pause time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pause = max(h.pause, pause)
}

// rest leaves the host alone until then.
func (h *gate) rest(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.After(h.next) {
		h.next = until
	}
}

// state is what estimates need.
func (h *gate) state(now time.Time) (pause, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pause, max(0, h.next.Sub(now))
}

// sleep waits, and ends early with the cause when ctx does.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
