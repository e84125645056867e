//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// group is a process group, whose number is that of the command.
type group struct{ pid int }

func start(cmd *exec.Cmd) (*Group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Group{ID: cmd.Process.Pid, group: group{cmd.Process.Pid}}, nil
}

// A group that is gone is what is wanted.
func (g group) kill()            { _ = syscall.Kill(-g.pid, syscall.SIGKILL) }
func (g group) terminate() error { return syscall.Kill(-g.pid, syscall.SIGTERM) }
func (g group) runs() bool       { return syscall.Kill(-g.pid, 0) == nil }
func (group) close()             {}

// Detach has Ctrl-C and a closed terminal reach this process alone, and not cmd.
func Detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// IsGone reports whether surely no process has this number.
func IsGone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func signalOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}
