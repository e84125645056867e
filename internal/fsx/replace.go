package fsx

import (
	"errors"
	"os"
)

// Replace puts made, a file or a folder, in the place of to on the same file system.
// Files are replaced in one step, and nothing is left of the old one. Where made or
// what stood at to is a folder, the old one is left: at made, if the system can
// exchange the two in one step, else at made+".old".
func Replace(made, to string) error {
	if !isFolder(made) && !isFolder(to) {
		return Rename(made, to)
	}
	if _, err := os.Lstat(to); errors.Is(err, os.ErrNotExist) {
		return Rename(made, to)
	}
	if err := exchange(made, to); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// Between these two, nothing stands at to: the best that such a system offers.
	old := made + ".old"
	if err := Rename(to, old); err != nil {
		return err
	}
	if err := Rename(made, to); err != nil {
		return errors.Join(err, Rename(old, to))
	}
	return nil
}

func isFolder(name string) bool {
	st, err := os.Lstat(name)
	return err == nil && st.IsDir()
}

// Rename is os.Rename, which replaces a file that may not be written to. Where a
// file that another program has open cannot be renamed or replaced, it has some
// patience: searchers and scanners of viruses look at every new file. See IsInUse
// for those that stay.
func Rename(from, to string) error {
	return patiently(func() error { return rename(from, to) })
}
