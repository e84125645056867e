package watch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSpecialFilesAreNotRead(t *testing.T) {
	b := newBench(t)
	must(t, syscall.Mkfifo(b.path("pipe"), 0o644))
	b.write("ch01.re", "= one\n")
	b.start()
	b.write("ch01.re", "= two\n")
	b.waitBuilds(2)
}

// A user namespace has a limit of its own, which is lowered for real.
func TestBeyondTheSystemsLimitItPolls(t *testing.T) {
	const inside = "BOOKCI_TEST_INSIDE"
	if os.Getenv(inside) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), "=== RUN") {
			t.Skipf("no user namespace here: %v", err)
		}
		if err != nil || strings.Contains(string(out), "SKIP") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	must(t, os.WriteFile("/proc/sys/user/max_inotify_watches", []byte("5"), 0))
	b := newBench(t)
	b.opts.PollInterval = 50 * time.Millisecond
	for i := range 10 {
		b.write(fmt.Sprintf("d%d/ch.re", i), "one")
	}
	b.start()
	var told Notice
	for _, n := range b.notices {
		if n.Kind == ByPolling {
			told = n
		}
	}
	if !strings.Contains(told.Text, "limit of") || !strings.Contains(told.Hint, "sysctl fs.inotify.max_user_watches=") {
		t.Errorf("told %+v", told)
	}
	b.write("d9/ch.re", "two")
	b.waitBuilds(2)
	b.wantEdits("changed d9/ch.re")

	// A build that reads less may make listening possible again.
	b.onBuild = func(context.Context, Change) (Result, error) {
		return Result{Scope: &Scope{Folders: []string{b.path("d0")}}}, nil
	}
	b.mu.Lock()
	b.notices = nil
	b.mu.Unlock()
	b.write("d9/ch.re", "three")
	b.waitBuilds(3)
	if !b.noticed(ByEvents) {
		t.Error("it went on polling")
	}
	b.write("d0/ch.re", "two")
	b.waitBuilds(4)

	must(t, os.WriteFile("/proc/sys/user/max_inotify_instances", []byte("0"), 0))
	if _, err := newEvents(); err == nil {
		t.Error("an instance more than allowed")
	} else if n := limitNotice(err); !strings.Contains(n.Hint, "max_user_instances") {
		t.Errorf("told %+v", n)
	}
}
