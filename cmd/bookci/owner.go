package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/process"
)

// A token names one process on one machine: the boot, the namespace that its
// process number counts in, the number, and when it started. Containers carry
// it, so that a later bookci can tell whose are left over. A bookci in a CI
// container sees other jobs' numbers in another namespace, and leaves them alone.

func place() string {
	if runtime.GOOS != "linux" {
		host, _ := os.Hostname() // an empty one matches itself
		return runtime.GOOS + " " + host + "/"
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		host, _ := os.Hostname()
		boot = []byte(host)
	}
	ns, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + "/" + ns
}

// ownerToken names this process.
func ownerToken() string {
	pid := os.Getpid()
	return fmt.Sprintf("%s/%d/%s", place(), pid, process.Started(pid))
}

// ownerAlive reports whether the process that a token names still runs, as far
// as can be known from here.
func ownerAlive(token string) bool {
	rest, ok := strings.CutPrefix(token, place()+"/")
	if !ok {
		return true
	}
	number, start, _ := strings.Cut(rest, "/")
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 0 {
		return true
	}
	if process.IsGone(pid) {
		return false
	}
	// With hidepid=2 another user's processes are there but not to be seen:
	// what is not known counts as alive.
	now := process.Started(pid)
	return now == "" || now == start
}
