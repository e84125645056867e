package watch

import "golang.org/x/sys/unix"

// remoteFS names the kind of file system that dir lies on when its files are
// changed by others than this kernel, "" otherwise. Docker Desktop's and WSL2's
// shared folders are 9p, virtiofs or another FUSE; virtiofs has FUSE's number.
func remoteFS(dir string) string {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return ""
	}
	return remoteKinds[uint32(st.Type)]
}

// The numbers are those of statfs(2) and linux/magic.h, and for the last three
// of the drivers themselves.
var remoteKinds = map[uint32]string{
	0x6969:     "NFS",
	0x517B:     "SMB",
	0xFF534D42: "CIFS",
	0xFE534D42: "SMB",
	0x65735546: "FUSE or virtiofs",
	0x01021997: "9p",
	0x5346414F: "AFS",
	0x6B414653: "AFS",
	0x00C36400: "Ceph",
	0x73757245: "Coda",
	0x7461636F: "OCFS2",
	0x01161970: "GFS2",
	0x786F4256: "a VirtualBox shared folder",
	0xBACBACBC: "a VMware shared folder",
	0x7C7C6673: "a Parallels shared folder",
}
