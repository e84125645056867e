package links

import (
	"context"
	"net/url"
	"slices"
	"time"
)

// This file holds the pages that wait for their host, and how far all are.

// host asks the pages of one host, one after the other.
type host struct {
	name  string
	wake  chan struct{}
	tasks []*task // guarded by run.mu
	busy  bool    // a task is with the goroutine
}

// task is a page on its way to a verdict.
type task struct {
	page   *Page
	at     *url.URL // what is to be asked next
	hops   []Hop
	first  *Try // what the first of two tries came to
	after  time.Time
	known  *Item           // what is remembered of the page, to ask for changes only
	passed map[string]bool // addresses that redirected to the next
}

// enqueue hands a task to the host that is to be asked, before the tasks that wait
// there or behind them.
func (r *run) enqueue(ctx context.Context, t *task, front bool) {
	name := t.at.Hostname()
	r.mu.Lock()
	h := r.hosts[name]
	if h == nil {
		h = &host{name: name, wake: make(chan struct{}, 1)}
		r.hosts[name] = h
		r.group.Go(func() { r.serve(ctx, h) })
	}
	if front {
		h.tasks = slices.Insert(h.tasks, 0, t)
	} else {
		h.tasks = append(h.tasks, t)
	}
	r.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// serve asks a host's pages until the run ends.
func (r *run) serve(ctx context.Context, h *host) {
	for {
		t, wait := r.next(h)
		if t != nil {
			r.step(ctx, t)
			continue
		}
		if wait == 0 {
			wait = time.Hour // until there is a task
		}
		timer := time.NewTimer(wait)
		select {
		case <-h.wake:
		case <-timer.C:
		case <-r.done:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// next takes the first task that is due off the queue. Where none is it says how
// long that takes, 0 for an empty queue.
func (r *run) next(h *host) (*task, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h.busy = false
	now := r.o.Now()
	var soonest time.Duration
	for i, t := range h.tasks {
		wait := t.after.Sub(now)
		if wait <= 0 {
			h.tasks = slices.Delete(h.tasks, i, i+1)
			h.busy = true
			return t, 0
		}
		if soonest == 0 || wait < soonest {
			soonest = wait
		}
	}
	return nil, soonest
}

// estimateEvery keeps the look at all hosts from taking longer than the pages do.
const estimateEvery = 100 * time.Millisecond

// progress is how far the run has come. The caller holds mu.
func (r *run) progress() Progress {
	if now := r.o.Now(); now.Sub(r.estimated) >= estimateEvery {
		r.estimated, r.estimate = now, r.hostsLeft(now)
	}
	p := r.estimate
	p.Done, p.Total = len(r.seen), r.total
	return p
}

// hostsLeft counts the hosts with pages to ask, and what politeness will take. The
// caller holds mu.
func (r *run) hostsLeft(now time.Time) (p Progress) {
	for _, h := range r.hosts {
		n := len(h.tasks)
		if h.busy {
			n++
		}
		if n == 0 {
			continue
		}
		p.Hosts++
		pause, wait := r.gates.of(h.name).state(now)
		p.Left = max(p.Left, wait+time.Duration(n-1)*pause)
	}
	return p
}
