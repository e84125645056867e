package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A token names one process on one machine: the boot, the namespace that its
// process number counts in, the number, and when it started. Containers carry
// it, so that a later bookci can tell whose are left over. A bookci in a CI
// container sees other jobs' numbers in another namespace, and leaves them alone.

func place() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		host, _ := os.Hostname() // elsewhere than on Linux; an empty one matches itself
		boot = []byte(host)
	}
	ns, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + "/" + ns
}

// ownerToken names this process.
func ownerToken() string {
	pid := os.Getpid()
	return fmt.Sprintf("%s/%d/%s", place(), pid, started(pid))
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
	if err := syscall.Kill(pid, 0); err == syscall.ESRCH {
		return false
	}
	// With hidepid=2 another user's processes are there but not to be seen:
	// what is not known counts as alive.
	now := started(pid)
	return now == "" || now == start
}

// started is when a process started, in ticks since the boot; "" where the
// system does not say.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The command's name, in parentheses, may hold anything.
	_, after, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(after)
	const startField = 22 - 3 // the first after the name is the third
	if len(fields) <= startField {
		return ""
	}
	return fields[startField]
}
