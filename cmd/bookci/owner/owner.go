package owner

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/process"
)

// Place names this machine, as long as it is not booted anew, and the namespace
// that its process numbers count in.
func Place() string {
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

// Token names this process.
func Token() string {
	pid := os.Getpid()
	return fmt.Sprintf("%s/%d/%s", Place(), pid, process.Started(pid))
}

// Alive reports whether the process that a token names still runs, as far
// as can be known from here.
func Alive(token string) bool {
	rest, ok := strings.CutPrefix(token, Place()+"/")
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
