package cache

import "fmt"

// A Miss says why a kept image cannot be used. It is no failure: the caller
// pulls instead.
type Miss struct {
	Ref    string
	Why    Reason
	Detail string
}

// Reason is the kind of a Miss.
type Reason string

// The reasons.
const (
	Absent    Reason = "absent"    // nothing is kept under this reference
	Truncated Reason = "truncated" // the tarball is shorter or longer than its index says
	Corrupted Reason = "corrupted" // the index or the tarball fails its checksum
	Foreign   Reason = "foreign"   // the file is not one that Save writes
	Newer     Reason = "newer"     // written by a newer bookci
	Unpinned  Reason = "unpinned"  // kept, but not the content that bookci.lock pins
	Rejected  Reason = "rejected"  // the daemon would not load it
)

func (m *Miss) Error() string {
	s := fmt.Sprintf("cached image %s: %s", m.Ref, m.Why)
	if m.Detail != "" {
		s += ": " + m.Detail
	}
	return s
}
