package fsx

import (
	"io/fs"
	"time"
)

// Stamp is what a file shows without being read. It is this project's one
// notion of unchanged: equal stamps mean equal content, but for a file that is
// written twice within one tick of the file system's clock (see SettledAt), and
// for systems without ctime and inodes, where a tool may set the mtime back.
type Stamp struct {
	Mode  fs.FileMode // permission bits, and whether it is a regular file, folder or link
	Size  int64
	MTime int64 // nanoseconds since 1970
	CTime int64 // the same, 0 where there is none; no tool can set it
	Dev   uint64
	Ino   uint64
}

// The times in which a second write may leave the stamp as it is. A local file
// system's clock ticks every 1 to 10 ms, FAT's every 2 s; the time of day of a
// file server may be off from ours, so that a stamp counts as fresh for longer.
const (
	fineTick   = 50 * time.Millisecond
	coarseTick = 2 * time.Second
	freshFor   = time.Minute
)

// Tick is how long after one write another may leave the same stamp.
func (s Stamp) Tick() time.Duration {
	if s.MTime%int64(time.Second) == 0 && s.CTime%int64(time.Second) == 0 {
		return coarseTick
	}
	return fineTick
}

// SettledAt says that a write after the time of day read would have shown in
// the stamp: content that was read then is the content as long as the stamp is
// the same. Both times must be far away: tools set the mtime to any date, and on
// some network file systems the ctime does not follow a write. Some have none.
func (s Stamp) SettledAt(read time.Time) bool {
	far := func(written int64) bool {
		age := read.Sub(time.Unix(0, written))
		return age > freshFor || age < -freshFor
	}
	return far(s.MTime) && (s.CTime == 0 || far(s.CTime))
}
