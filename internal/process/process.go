package process

import (
	"os"
	"os/exec"
	"syscall"
)

// OwnSession detaches cmd from this process's terminal and process group.
func OwnSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// OwnGroup makes cmd the leader of a process group, which killGroup ends.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func KillGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// SignalOf is the signal that ended a process.
func SignalOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return int(status.Signal())
	}
	return 0
}
