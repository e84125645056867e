//go:build !linux

package s3server

import "errors"

func setAttribute(string) error { return errors.ErrUnsupported }
