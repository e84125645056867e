//go:build unix

package watcher

import (
	"context"
	"os/exec"
)

// shellCommand is what the user wrote, for the system's shell.
func shellCommand(ctx context.Context, command string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", command)
}
