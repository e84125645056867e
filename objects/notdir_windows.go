package objects

// Windows says of such a path that it does not exist.
func isNotDir(error) bool { return false }
