package watch

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// timed runs f and returns the processor time that it used. Only f's own thread
// is measured, for others may be busy with a build's output.
func timed(f func() error, _ Clock) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadTime()
	err := f()
	return threadTime() - before, err
}

// threadTime is exact to the nanosecond, where getrusage counts in ticks.
func threadTime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
