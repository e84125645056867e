package watcher

import (
	"context"
	"os/exec"
	"syscall"
)

// shellCommand is what the user wrote, for the system's shell, which takes all
// between the outermost quotes as it stands.
func shellCommand(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd.exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd.exe /d /s /c "` + command + `"`}
	return cmd
}
