//go:build unix && !aix

package watch

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// folderID tells a folder from another one of the same name.
type folderID struct{ dev, ino uint64 }

func (s stamp) folderID(string) folderID { return folderID{s.dev, s.ino} }

// stampAt is the stamp of what lies at path, of a link's target if follow is
// set. It does what os.Lstat and os.Stat do, for a third of the memory: polling
// calls it for every file.
func stampAt(path string, follow bool) (stamp, error) {
	var st unix.Stat_t
	for {
		var err error
		if follow {
			err = unix.Stat(path, &st)
		} else {
			err = unix.Lstat(path, &st)
		}
		if err == nil {
			return stampOf(&st), nil
		}
		if err != unix.EINTR {
			return stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
		}
	}
}

func stampOfOpen(f *os.File) (stamp, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return stamp{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return stampOf(&st), nil
}

func stampOf(st *unix.Stat_t) stamp {
	s := stamp{
		mode: fs.FileMode(st.Mode & 0o777), size: st.Size,
		mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(),
		dev: uint64(st.Dev), ino: uint64(st.Ino),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		s.mode |= fs.ModeDir
	case unix.S_IFLNK:
		s.mode |= fs.ModeSymlink
	default:
		s.mode |= fs.ModeIrregular
	}
	return s
}

// openFile opens for reading, and does not wait should the file have become a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
