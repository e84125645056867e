package cache

import (
	"crypto/sha256"
	"hash"

	"github.com/cespare/xxhash/v2"
)

// A segment's checksum guards against rot: a bad disk, an upload that broke
// off, two halves of different files. 64 bits of XXH64 find all of these, for a
// fifteenth of what SHA-256 costs.
//
// It does not guard against a person. Neither would a longer one: whoever can
// write the tarball can write the index that holds the checksum. Against a
// person stand the names that an image gives its own content. The engine hashes
// each layer of a load and refuses one that is not what the config names; the
// config's own hash, and the layers' diff IDs, are compared with the index
// (arrived) and, where there is one, with bookci.lock (Pin.Check), which lies
// with the manuscript and not in the cache.

// newSum begins the checksum of a segment as it is written now.
func newSum() hash.Hash { return xxhash.New() }

// sum begins a checksum of the kind that the segment has.
func (s Segment) sum() hash.Hash {
	if s.XXH64 == "" {
		return sha256.New()
	}
	return newSum()
}

// wantSum is the checksum that the segment must have, in hex.
func (s Segment) wantSum() string {
	if s.XXH64 == "" {
		return s.SHA256
	}
	return s.XXH64
}
