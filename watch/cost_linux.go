package watch

import (
	"runtime"
	"syscall"
	"time"
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

func threadTime() time.Duration {
	var u syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
