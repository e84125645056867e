package watch

import (
	"strings"

	"golang.org/x/sys/unix"
)

// remoteFS names the kind of file system that dir lies on when its files are
// changed by others than this kernel, "" otherwise.
func remoteFS(dir string) string {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return ""
	}
	name := unix.ByteSliceToString(st.Fstypename[:])
	switch name {
	case "nfs", "smbfs", "afpfs", "webdav", "9p", "virtiofs", "AppleVirtIOFS":
		return name
	}
	if strings.Contains(name, "fuse") {
		return name
	}
	return ""
}
