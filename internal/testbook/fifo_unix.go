//go:build unix

package testbook

import (
	"syscall"
	"testing"
)

// FIFO makes a named pipe.
func FIFO(t testing.TB, name string) {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Skip(err)
	}
}
