package fsx

import "golang.org/x/sys/unix"

// Exchange swaps two paths in one step.
func Exchange(a, b string) error { return unix.RenamexNp(a, b, unix.RENAME_SWAP) }
