//go:build !linux

package watch

import "time"

// timed runs f and returns how long it took, which stands for the processor
// time where that of a thread cannot be asked for.
func timed(f func() error, clock Clock) (time.Duration, error) {
	before := clock.Mono()
	err := f()
	return clock.Mono() - before, err
}
