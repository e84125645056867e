//go:build !unix || aix

package watch

import (
	"io/fs"
	"os"
)

// folderID tells a folder from another one of the same name.
type folderID struct{ path string }

func (s stamp) folderID(path string) folderID { return folderID{path} }

// stampAt is the stamp of what lies at path, of a link's target if follow is set.
func stampAt(path string, follow bool) (stamp, error) {
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

func stampOfOpen(f *os.File) (stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

func stampOf(info fs.FileInfo) stamp {
	return stamp{mode: info.Mode(), size: info.Size(), mtime: info.ModTime().UnixNano()}
}

func openFile(path string) (*os.File, error) { return os.Open(path) }
