package fsx

import "path/filepath"

// Absolute is the path of name, a slash path below root or one that is absolute already.
func Absolute(root, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(root, name)
}
