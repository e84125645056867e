package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"time"
)

// indexFormat is the format of the index that this version writes. Format 1,
// whose segments have a SHA-256 instead, is read too: a CI's cache entry is
// often never written again.
const indexFormat = 2

// maxIndex bounds what is read of an index, bytes. A 100-layer image takes about 40 kB.
const maxIndex = 8 << 20

// Index describes one kept tarball. It is written after the tarball, so that
// an index always names a complete one.
type Index struct {
	Format      int       `json:"format"`
	Reference   string    `json:"reference"`
	ID          string    `json:"id"` // as the daemon named it when it was saved
	Content     Content   `json:"content"`
	RepoDigests []string  `json:"repo_digests"`
	Created     time.Time `json:"created"` // when it was saved
	File        string    `json:"file"`    // base name of the tarball
	Bytes       int64     `json:"bytes"`   // of the compressed tarball
	TarBytes    int64     `json:"tar_bytes"`
	Segments    []Segment `json:"segments"`
	Sum         string    `json:"sum"` // sha256 over this index with Sum empty, hex
}

// Segment is a run of whole tar entries, compressed on its own, so that it can
// be checked, decoded or left out without the others. The tarball is the
// segments one after the other: `zstd -d` of it is a tar that `docker load` takes.
type Segment struct {
	Bytes    int64  `json:"bytes"`            // compressed
	TarBytes int64  `json:"tar_bytes"`        // decoded
	XXH64    string `json:"xxh64,omitempty"`  // of the compressed bytes, hex
	SHA256   string `json:"sha256,omitempty"` // instead, in format 1
	// Layers lists the layers, counted from 0, whose file this segment is. A segment
	// without any holds something else and is never left out.
	Layers []int `json:"layers,omitempty"`
}

// errNewerIndex says that a newer bookci wrote an index.
var errNewerIndex = errors.New("written by a newer bookci")

// encode returns the index as it lies on disk, with its checksum.
func (x Index) encode() ([]byte, error) {
	x.Sum = ""
	plain, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	x.Sum = hex.EncodeToString(sum[:])
	text, err := json.MarshalIndent(x, "", " ")
	return append(text, '\n'), err
}

// decodeIndex reads an index and checks its checksum and its shape.
func decodeIndex(text []byte) (Index, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return Index{}, fmt.Errorf("index: %w", err)
	}
	if version.Format > indexFormat {
		return Index{}, errNewerIndex
	}
	var x Index
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return Index{}, fmt.Errorf("index: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Index{}, errors.New("index: more than one document")
	}
	sum := x.Sum
	x.Sum = ""
	plain, err := json.Marshal(x)
	if err != nil {
		return Index{}, fmt.Errorf("index: %w", err)
	}
	x.Sum = sum
	if got := sha256.Sum256(plain); hex.EncodeToString(got[:]) != sum {
		return Index{}, errors.New("index: checksum differs")
	}
	return x, x.check()
}

var (
	// checksums, by the format of their index
	checksum = map[int]*regexp.Regexp{1: regexp.MustCompile(`^[0-9a-f]{64}$`), 2: regexp.MustCompile(`^[0-9a-f]{16}$`)}
	digest   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// check reports what is impossible about an index.
func (x Index) check() error {
	switch {
	case checksum[x.Format] == nil:
		return fmt.Errorf("index: format %d", x.Format)
	case x.Reference == "" || x.File == "" || x.File != filepath.Base(x.File):
		return errors.New("index: no reference or no file")
	case !digest.MatchString(x.Content.Config) || len(x.Content.DiffIDs) == 0:
		return errors.New("index: a digest is missing")
	}
	var bytes, tarBytes int64
	seen := make([]bool, len(x.Content.DiffIDs))
	for _, s := range x.Segments {
		if s.Bytes <= 0 || s.TarBytes <= 0 || s.TarBytes%512 != 0 || !checksum[x.Format].MatchString(s.wantSum()) {
			return errors.New("index: a segment is impossible")
		}
		bytes, tarBytes = bytes+s.Bytes, tarBytes+s.TarBytes
		for _, l := range s.Layers {
			if l < 0 || l >= len(seen) || seen[l] {
				return errors.New("index: a segment names an impossible layer")
			}
			seen[l] = true
		}
	}
	if bytes != x.Bytes || tarBytes != x.TarBytes {
		return errors.New("index: segments do not add up")
	}
	return nil
}
