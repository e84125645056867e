package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/internal/fsx"
)

// LockName is the name of the lock file. It is meant to be committed, and its
// hash is the natural key of a CI's cache.
const LockName = "bookci.lock"

// lockVersion is the version of the lock file that this bookci reads and writes.
const lockVersion = 1

// maxLock bounds what is read of a lock file, bytes.
const maxLock = 1 << 20

const lockHeader = `# The container images that this book is built with, pinned by content.
# Written by "bookci lock"; commit it. "bookci lock --update" moves it.
`

// Lock pins what references stand for.
type Lock struct {
	Version int             `yaml:"version"`
	Images  map[string]*Pin `yaml:"images"` // by reference, as users write it, with its tag
}

// Pin is what a reference stands for.
type Pin struct {
	// Digest is the registry's: that of the index of all platforms, or of the
	// manifest where there is but one. "" for an image that no registry has;
	// then only the content is pinned.
	Digest    string              `yaml:"digest,omitempty"`
	Platforms map[string]Platform `yaml:"platforms"` // by name, such as linux/amd64
}

// Platform is what a reference stands for on one platform. Digest is set where
// the registry's digest for it is known to differ from the Pin's. The other fields
// are empty until an image of the platform has been recorded.
type Platform struct {
	Digest   string   `yaml:"digest,omitempty"`
	Config   string   `yaml:"config,omitempty"`
	Settings string   `yaml:"settings,omitempty"`
	DiffIDs  []string `yaml:"diff_ids,omitempty"`
}

func (p Platform) content(name string) Content {
	return Content{Config: p.Config, DiffIDs: p.DiffIDs, Platform: name, Settings: p.Settings}
}

// ReadLock reads a lock file. There being none is no error: the lock is empty.
func ReadLock(path string) (*Lock, error) {
	text, err := fsx.ReadBelow(filepath.Dir(path), path, maxLock)
	if errors.Is(err, os.ErrNotExist) {
		return &Lock{Version: lockVersion, Images: map[string]*Pin{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock: %w", err)
	}
	l, err := ParseLock(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// ParseLock parses a lock file's text.
func ParseLock(text []byte) (*Lock, error) {
	if len(text) > maxLock {
		return nil, errors.New("lock file is too large")
	}
	var version struct {
		Version int `yaml:"version"`
	}
	if err := yaml.Unmarshal(text, &version); err != nil {
		return nil, err
	}
	if version.Version > lockVersion {
		return nil, fmt.Errorf("lock file has version %d, this bookci knows %d", version.Version, lockVersion)
	}
	l := &Lock{}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(l); err != nil && err != io.EOF {
		return nil, err
	}
	if l.Version != lockVersion {
		return nil, errors.New("lock file has no version")
	}
	if l.Images == nil {
		l.Images = map[string]*Pin{}
	}
	for ref, pin := range l.Images {
		if err := pin.valid(ref); err != nil {
			return nil, fmt.Errorf("image %q: %w", ref, err)
		}
	}
	return l, nil
}

var platformName = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

func (p *Pin) valid(ref string) error {
	if n, err := normalize(ref); err != nil {
		return err
	} else if n != ref {
		return fmt.Errorf("write it as %q", n)
	}
	if p == nil || len(p.Platforms) == 0 {
		return errors.New("no platform")
	}
	digests := []string{p.Digest}
	for name, at := range p.Platforms {
		if !platformName.MatchString(name) {
			return fmt.Errorf("platform %q", name)
		}
		if p.Digest == "" && at.Digest == "" && len(at.DiffIDs) == 0 {
			return fmt.Errorf("platform %s has neither a registry digest nor diff_ids", name)
		}
		if (at.Config != "" || len(at.DiffIDs) > 0) && (at.Settings == "" || len(at.DiffIDs) == 0) {
			return fmt.Errorf("platform %s has no settings or no diff_ids", name)
		}
		digests = append(digests, at.Digest, at.Config, at.Settings)
		digests = append(digests, at.DiffIDs...)
	}
	for _, d := range digests {
		if d != "" && !digest.MatchString(d) {
			return fmt.Errorf("%q is no sha256 digest", d)
		}
	}
	return nil
}

// Encode returns the lock file's text: the same lock is always the same bytes.
func (l *Lock) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(lockHeader)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(l); err != nil {
		return nil, fmt.Errorf("encoding the lock: %w", err)
	}
	return b.Bytes(), e.Close()
}

// Write replaces a lock file, unless it has this text already.
// It reports whether it wrote.
func (l *Lock) Write(path string) (bool, error) {
	text, err := l.Encode()
	if err != nil {
		return false, err
	}
	if old, err := fsx.ReadBelow(filepath.Dir(path), path, maxLock); err == nil && bytes.Equal(old, text) {
		return false, nil
	}
	if err := fsx.WriteFile(path, text, 0o644); err != nil {
		return false, fmt.Errorf("writing the lock: %w", err)
	}
	return true, nil
}

// Pin returns the pin for a reference, nil when it has none.
func (l *Lock) Pin(ref string) *Pin {
	if n, err := normalize(ref); err == nil {
		return l.Images[n]
	}
	return nil
}
