package fsx

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// IsDiskFull reports whether err is for want of room.
func IsDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// IsCrossDevice reports whether a rename failed as it led to another file system.
func IsCrossDevice(err error) bool { return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) }

// IsInUse reports whether err is because another program has the file open.
// That a file may not be replaced is said in the same words as a want of rights.
func IsInUse(err error) bool {
	for _, code := range []error{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_USER_MAPPED_FILE, windows.ERROR_ACCESS_DENIED} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

func rename(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return err
	}
	if st, serr := os.Lstat(to); serr != nil || !st.Mode().IsRegular() || st.Mode()&0o200 != 0 || os.Chmod(to, 0o666) != nil {
		return err
	}
	return os.Rename(from, to) // it was marked as not to be written to
}

// patiently calls f until it does not meet a file in use any more, for a second or so.
func patiently(f func() error) error {
	const first, longest = 5 * time.Millisecond, 640 * time.Millisecond
	for pause := first; ; pause *= 2 {
		err := f()
		if err == nil || !IsInUse(err) || pause > longest {
			return err
		}
		time.Sleep(pause)
	}
}

// Sync flushes a file to the disk. Folders need none, nor can they be.
func Sync(name string) error {
	st, err := os.Lstat(name)
	if err != nil || !st.Mode().IsRegular() {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a file that may not be written to was flushed when it was written
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Writable tells why files cannot be made in a folder, nil when they can.
func Writable(dir string) error {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	const addFile = 2 // FILE_ADD_FILE
	h, err := windows.CreateFile(name, addFile, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return err
	}
	return windows.CloseHandle(h)
}

// Free is how many bytes there is room for in a folder.
func Free(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return int64(free), err
}
