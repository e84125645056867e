package fsx

import (
	"io/fs"
	"os"
	"path/filepath"
)

// RemoveAll removes dir also where something made its folders unwritable, and
// with the patience of Rename.
func RemoveAll(dir string) error {
	return patiently(func() error {
		if err := os.RemoveAll(dir); err == nil {
			return nil
		}
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(name, 0o700)
			}
			return nil
		})
		return os.RemoveAll(dir)
	})
}
