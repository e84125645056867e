package watch

import "time"

// Clock is the time that Run lives in.
type Clock interface {
	// Mono is a time that never jumps. It may stand still while the machine sleeps.
	Mono() time.Duration
	// Wall is the time of day, which file times are compared with.
	Wall() time.Time
	// Timer sends on c once after d. The caller calls stop when it no longer listens.
	Timer(d time.Duration) (c <-chan time.Time, stop func())
}

// SystemClock returns the machine's clock.
func SystemClock() Clock { return systemClock{start: time.Now()} }

type systemClock struct{ start time.Time }

func (c systemClock) Mono() time.Duration { return time.Since(c.start) }

// Round strips the monotonic reading, which would hide that the machine slept.
func (c systemClock) Wall() time.Time { return time.Now().Round(0) }

func (c systemClock) Timer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
