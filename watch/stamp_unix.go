//go:build unix

package watch

import (
	"io/fs"
	"os"
	"syscall"
)

// folderID tells a folder from another one of the same name.
type folderID struct{ dev, ino uint64 }

func folderIDOf(_ string, info fs.FileInfo) folderID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return folderID{}
	}
	return folderID{uint64(st.Dev), uint64(st.Ino)}
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{mode: info.Mode(), size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.dev, s.ino, s.ctime = uint64(st.Dev), uint64(st.Ino), changeTime(st)
	}
	return s
}

// openFile opens for reading, and does not wait should the file have become a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
