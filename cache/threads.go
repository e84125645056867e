package cache

import "runtime"

// threadsPerCore is how many of Go's threads share a core while an image flows.
//
// With one each, a compressor at work keeps the goroutine that reads the
// daemon's socket waiting for up to 10 ms after every 200 kB, and the daemon
// with it. The kernel shares a core more finely: compressing a 2.3 GB tar on a
// busy machine of two cores took 12.9 s with four each and 16.7 s with one.
const threadsPerCore = 4

// manyThreads lets more goroutines run than there are cores, until undo.
func manyThreads() (undo func()) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(max(before, threadsPerCore*runtime.NumCPU()))
	return func() { runtime.GOMAXPROCS(before) }
}
