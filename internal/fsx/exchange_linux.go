package fsx

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange swaps two paths in one step.
func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported // a file system that cannot
	}
	return err
}
