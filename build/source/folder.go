package source

import (
	"errors"
	"os"
	"path/filepath"
)

// ErrBounds is the error of a folder that holds more than it may.
var ErrBounds = errors.New("the folder holds too much")

// ListFolder lists the regular files below a folder of this machine, none when
// it is missing. They are mostFiles at most, and have mostBytes together.
func ListFolder(dir string, mostBytes int64, mostFiles int) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		if mostBytes -= info.Size(); mostBytes < 0 || len(files) == mostFiles {
			return ErrBounds
		}
		rel, err := filepath.Rel(dir, name)
		files = append(files, File{Path: filepath.ToSlash(rel), Mode: info.Mode(), Size: info.Size(), MTime: info.ModTime().UnixNano()})
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return files, err
}
