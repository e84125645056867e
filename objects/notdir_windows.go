package objects

// isNotDir is not needed here: Windows says of such a path that it does not exist.
func isNotDir(error) bool { return false }
