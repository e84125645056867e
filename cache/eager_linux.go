package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

// beginWriting asks the kernel to write a part of a file to the disk, and does
// not wait. It is advice: the flush at the end is what counts.
func beginWriting(f *os.File, offset, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, n, unix.SYNC_FILE_RANGE_WRITE)
}
