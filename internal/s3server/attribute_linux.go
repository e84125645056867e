package s3server

import "golang.org/x/sys/unix"

func setAttribute(file string) error { return unix.Setxattr(file, "user.bookci", []byte("1"), 0) }
