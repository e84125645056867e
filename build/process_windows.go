package build

import (
	"os"
	"os/exec"
)

// Windows has no process groups in this sense; the host engine is not offered there.
func ownSession(*exec.Cmd) {}
func ownGroup(*exec.Cmd)   {}

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func signalOf(*os.ProcessState) int { return 0 }
