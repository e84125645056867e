//go:build unix

package fsx

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// FolderID tells a folder from another one of the same name.
type FolderID struct{ dev, ino uint64 }

// FolderID is that of the folder whose stamp s is.
func (s Stamp) FolderID(string) FolderID { return FolderID{s.Dev, s.Ino} }

// StampAt is the stamp of what lies at path, of a link's target if follow is
// set. It does what os.Lstat and os.Stat do, for a third of the memory: polling
// calls it for every file.
func StampAt(path string, follow bool) (Stamp, error) {
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
			return Stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
		}
	}
}

// StampOfOpen is the stamp of an open file.
func StampOfOpen(f *os.File) (Stamp, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return stampOf(&st), nil
}

func stampOf(st *unix.Stat_t) Stamp {
	s := Stamp{
		Mode: fs.FileMode(st.Mode & 0o777), Size: st.Size,
		MTime: st.Mtim.Nano(), CTime: st.Ctim.Nano(),
		Dev: uint64(st.Dev), Ino: uint64(st.Ino),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		s.Mode |= fs.ModeDir
	case unix.S_IFLNK:
		s.Mode |= fs.ModeSymlink
	default:
		s.Mode |= fs.ModeIrregular
	}
	return s
}
