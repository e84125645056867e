//go:build unix

package fsx

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// IsDiskFull reports whether err is for want of room.
func IsDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// IsCrossDevice reports whether a rename failed as it led to another file system.
func IsCrossDevice(err error) bool { return errors.Is(err, syscall.EXDEV) }

// IsInUse reports whether err is because another program has the file open.
func IsInUse(error) bool { return false }

// Holders are the names of the programs that have a file open, as far as they
// are known.
func Holders(string) []string { return nil }

func rename(from, to string) error { return os.Rename(from, to) }

func patiently(f func() error) error { return f() }

// Sync flushes a file or a folder to the disk.
func Sync(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // a file system that cannot
	}
	return errors.Join(err, f.Close())
}

// Writable tells why files cannot be made in a folder, nil when they can.
func Writable(dir string) error { return unix.Access(dir, unix.W_OK) }

// Free is how many bytes there is room for in a folder.
func Free(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
