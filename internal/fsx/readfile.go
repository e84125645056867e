package fsx

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads the regular file name, which may come from a stranger: a FIFO
// or a device is refused, not waited for, and so is more than max bytes.
// Links are followed.
func ReadFile(name string, max int64) ([]byte, error) {
	f, err := OpenFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is no regular file")}
	}
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(text)) > max {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is larger than %d bytes", max)}
	}
	return text, err
}

// IsFileBelow reports whether local names a regular file below dir that no link
// leads out of it.
func IsFileBelow(dir, local string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	st, err := root.Stat(local)
	return err == nil && st.Mode().IsRegular()
}
