//go:build !linux && !darwin

package fsx

import "errors"

// exchange cannot be had in one step on this system.
func exchange(_, _ string) error { return errors.ErrUnsupported }
