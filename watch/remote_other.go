//go:build !linux && !darwin

package watch

// remoteFS is not known here; the probe and the slow poll find out.
func remoteFS(string) string { return "" }
