package source

import (
	"errors"
	"os"
	"path/filepath"
)

// MostLearnt and MostLearntFiles bound a folder of what is kept between builds. TeX's
// files are small, and a few a chapter; its font caches have some 20 MB. What lies
// there may have come with the sources, and a session holds it in memory.
const (
	MostLearnt      = 512 << 20 // bytes
	MostLearntFiles = 20_000
)

var errBounds = errors.New("the folder holds too much")

// ListFolder lists the regular files below a folder of this machine, with slash paths
// below it; none when it is missing. More than mostFiles of them, or more than
// mostBytes in all, are an error: a part of such a folder would be of no use.
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
			return errBounds
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
