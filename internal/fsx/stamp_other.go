//go:build !unix || aix

package fsx

import (
	"io/fs"
	"os"
)

// FolderID tells a folder from another one of the same name.
type FolderID struct{ path string }

// FolderID is that of the folder whose stamp s is.
func (s Stamp) FolderID(path string) FolderID { return FolderID{path} }

// StampAt is the stamp of what lies at path, of a link's target if follow is set.
func StampAt(path string, follow bool) (Stamp, error) {
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(path)
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(info), nil
}

// StampOfOpen is the stamp of an open file.
func StampOfOpen(f *os.File) (Stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(info), nil
}

func stampOf(info fs.FileInfo) Stamp {
	return Stamp{Mode: info.Mode(), Size: info.Size(), MTime: info.ModTime().UnixNano()}
}

// OpenFile opens for reading.
func OpenFile(path string) (*os.File, error) { return os.Open(path) }
