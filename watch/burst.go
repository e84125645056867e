package watch

import "time"

// maxBusy bounds a burst while Options.Busy holds: git keeps index.lock all the
// time that `git commit -a` waits for the author's message.
const maxBusy = 10 * time.Second

// maxHeld is how often a burst may be held. With the default quiet time a file
// that a save has emptied or taken away has 320 ms to come back.
const maxHeld = 3

// burst is a run of events with no long gap between them. Times are Clock.Mono.
type burst struct {
	open  bool
	since time.Time     // when it began, by the wall clock
	first time.Duration // its first event
	last  time.Duration // its latest event
	limit time.Duration // when the burst is over at the latest
	held  int           // how often hold was granted
}

// touch begins the burst, or prolongs it.
func (b *burst) touch(now time.Duration, wall time.Time, maxWait time.Duration) {
	if !b.open {
		*b = burst{open: true, since: wall, first: now, limit: now + maxWait}
	}
	b.last = now
}

// end is when the burst is over if nothing else happens.
func (b *burst) end(quiet time.Duration) time.Duration {
	return min(b.last+quiet, b.limit)
}

// hold gives the burst another quiet time, because what was found looks like
// the middle of a save. It is refused when it has been granted too often.
func (b *burst) hold(now, quiet time.Duration) bool {
	if b.held >= maxHeld {
		return false
	}
	b.held++
	b.last = now
	b.limit = max(b.limit, now+quiet)
	return true
}
