package fsx

import (
	"errors"
	"os"
)

// Replace puts the file or folder made in the place of to, on the same file
// system, in one step where the system has one. A folder that stood there, or
// gives way to one, then stands at made, or at made with ".old" behind it.
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
