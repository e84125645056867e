//go:build !unix

package watch

import (
	"io/fs"
	"os"
)

// folderID tells a folder from another one of the same name.
type folderID struct{ path string }

func folderIDOf(path string, _ fs.FileInfo) folderID { return folderID{path} }

func stampOf(info fs.FileInfo) stamp {
	return stamp{mode: info.Mode(), size: info.Size(), mtime: info.ModTime().UnixNano()}
}

func openFile(path string) (*os.File, error) { return os.Open(path) }
