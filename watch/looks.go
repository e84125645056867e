package watch

import (
	"context"
	"time"
)

// This file decides how often the folders are looked at, and at what cost.

// look looks at everything, and sets when the next look at intervals is due.
func (l *loop) look(ctx context.Context, prev *snapshot) error {
	began := l.clock.Mono()
	cost, err := timed(func() error { return l.lookNow(ctx, prev) }, l.clock)
	if err != nil {
		return err
	}
	l.cost[l.costAt%len(l.cost)] = cost
	l.costAt++
	now := l.clock.Mono()
	l.tickAt = now + l.interval(now-began)
	return nil
}

// lookNow looks at everything and listens to the folders found. As long as a folder
// turns up that was not listened to yet, it looks again: a file written there
// before may have been seen half, and its events are lost.
func (l *loop) lookNow(ctx context.Context, prev *snapshot) error {
	for i := 0; ; i++ {
		snap, err := l.scan(ctx, prev)
		if err != nil {
			return context.Cause(ctx)
		}
		l.cur = snap
		if l.src == nil {
			return nil
		}
		added, err := l.src.sync(snap)
		if err != nil {
			l.src.close()
			l.src, l.limited = nil, true
			l.Notify(limitNotice(err))
			return nil
		}
		if !added {
			return nil
		}
		if i == rounds {
			l.cur.moving = true
			return nil
		}
		if prev != nil {
			prev = snap
		}
	}
}

// interval is the time to the next look at intervals. The cheapest of the last few
// looks counts: the others may have read files.
func (l *loop) interval(took time.Duration) time.Duration {
	cost := l.cost[0]
	for _, c := range l.cost[1:] {
		if c > 0 {
			cost = min(cost, c)
		}
	}
	share := time.Duration(pollShare)
	if l.noticed > 0 && l.clock.Mono()-l.noticed < atWork {
		share /= 4
	}
	d := max(l.PollInterval, cost*share, took*4)
	if l.src != nil && !l.wary {
		d = max(recheck, cost*pollShare*4)
	}
	return min(d, max(slowest, l.PollInterval))
}

// fill reads some of the files that the first look left unread, into the snapshot
// that the next looks are compared with.
func (l *loop) fill() {
	end := l.clock.Mono() + fillFor
	for len(l.unread) > 0 && l.clock.Mono() < end {
		path := l.unread[len(l.unread)-1]
		l.unread = l.unread[:len(l.unread)-1]
		snap := l.base
		if l.running != nil {
			snap = l.running.snap
		}
		if snap == nil {
			continue
		}
		if e := snap.files[path]; e != nil && !e.known {
			c := *e
			if l.hash(path, &c) == nil {
				snap.files[path] = &c
				if now := l.cur.files[path]; now == e {
					l.cur.files[path] = &c
				}
			}
		}
	}
}
