package fsx

import (
	"errors"
	"io/fs"
)

// Reason leaves out of err the system call and the path, for a message that names
// the file itself.
func Reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
