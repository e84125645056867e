//go:build !windows

package objects

import (
	"errors"
	"syscall"
)

// isNotDir reports whether a file stands where a path needs a folder.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
