package cache

import "os"

// eager writes a file and has the disk begin at once, so that the flush at the
// end finds little left to wait for. Without it the kernel holds back most of a
// gigabyte until then.
type eager struct {
	f  *os.File
	at int64 // bytes written so far
}

func (e *eager) Write(b []byte) (int, error) {
	n, err := e.f.Write(b)
	beginWriting(e.f, e.at, int64(n))
	e.at += int64(n)
	return n, err
}
