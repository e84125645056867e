package owner

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/bookci/bookci/internal/process"
)

// Where /proc hides other users' processes (hidepid=2), a bookci of somebody
// else is not seen to live, nor is it seen to be dead.
func TestAProcessThatIsHiddenCountsAsAlive(t *testing.T) {
	const inside = "BOOKCI_TEST_HIDDEN"
	if token := os.Getenv(inside); token != "" {
		// The mount is of a namespace of its own, which ends with this process.
		if err := syscall.Mount("proc", "/proc", "proc", 0, "hidepid=2"); err != nil {
			t.Skipf("mounting /proc: %v", err)
		}
		// Members of group 0 see everything. Root comes back to clear away after the test.
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setresgid(-1, 65534, -1), syscall.Setresuid(-1, 65534, -1)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		defer syscall.Setresgid(-1, 0, -1)
		defer syscall.Setresuid(-1, 0, -1)
		if process.Started(os.Getppid()) != "" {
			t.Skip("this kernel hides nothing")
		}
		if !Alive(token) {
			t.Error("a living process counts as dead")
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to become somebody else")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+Token())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM) {
		t.Skipf("a namespace of its own cannot be had here, as in a chroot: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
