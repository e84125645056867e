package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

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
// the registry's digest for it is known to differ from the Pin's. All but that
// is empty until an image of the platform was there to be locked.
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
	f, err := os.CreateTemp(filepath.Dir(path), ".bookci.lock.*"+tempSuffix)
	if err != nil {
		return false, fmt.Errorf("writing the lock: %w", err)
	}
	if _, err = f.Write(text); err == nil {
		err = publish(f, path)
	}
	if err != nil {
		f.Close()           // the first error counts
		os.Remove(f.Name()) // likewise
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

// Change is one thing that moved.
type Change struct {
	Ref  string `json:"ref"`
	What string `json:"what"` // "registry digest", "linux/amd64", "linux/amd64 config" or "linux/amd64 layers"
	From string `json:"from"` // "" when it is new
	To   string `json:"to"`   // "" when it is gone, or unknown until the image is pulled
}

// Record pins the image that the daemon has under ref, beside what the lock
// knows of other platforms. It refuses an image that the lock does not allow:
// moving a pin is Update's and Replace's to do.
func (l *Lock) Record(ctx context.Context, d inspector, ref string) ([]Change, error) {
	ref, err := normalize(ref)
	if err != nil {
		return nil, err
	}
	img, err := inspect(ctx, d, ref)
	if err != nil {
		return nil, err
	}
	f := FactsOf(img)
	old := l.Images[ref]
	if old != nil {
		_, known := old.Platforms[f.Platform]
		if known || old.Digest == "" || !slices.Contains(digests(f.RepoDigests), old.Digest) {
			if err := old.Check(ref, f); err != nil {
				return nil, err
			}
		}
	}
	pin := old.clone()
	if d := digests(f.RepoDigests); pin.Digest == "" && len(d) > 0 && !namedByManifest(img) {
		pin.Digest = d[0]
	}
	at := pin.Platforms[f.Platform]
	if len(at.DiffIDs) == 0 {
		at.Config, at.Settings, at.DiffIDs = f.Config, f.Settings, f.DiffIDs
	}
	pin.Platforms[f.Platform] = at
	l.Images[ref] = pin
	return changes(ref, old, pin), nil
}

// Replace forgets what the lock has for ref and pins the image that the daemon
// has under it.
func (l *Lock) Replace(ctx context.Context, d inspector, ref string) ([]Change, error) {
	ref, err := normalize(ref)
	if err != nil {
		return nil, err
	}
	old := l.Images[ref]
	delete(l.Images, ref)
	if _, err := l.Record(ctx, d, ref); err != nil {
		if old != nil {
			l.Images[ref] = old
		}
		return nil, err
	}
	return changes(ref, old, l.Images[ref]), nil
}

// RegistryError says that a registry, asked through the daemon, did not tell.
type RegistryError struct {
	Ref string
	Err error
}

func (e *RegistryError) Error() string {
	return fmt.Sprintf("asking the registry for %s: %v", e.Ref, e.Err)
}
func (e *RegistryError) Unwrap() error { return e.Err }

// Update asks the registry what ref stands for now and moves the pin there,
// without pulling. Where the digest moved, the content is unknown until an
// image of it was pulled and recorded. auth is the registry's credentials as
// the Engine API takes them, "" for none.
//
// platforms are those to pin of an image that the lock does not have yet, as
// the registry may offer many; the daemon's own is the natural choice.
func (l *Lock) Update(ctx context.Context, r Registry, ref, auth string, platforms ...string) ([]Change, error) {
	ref, err := normalize(ref)
	if err != nil {
		return nil, err
	}
	found, err := r.DistributionInspect(ctx, ref, auth)
	if err != nil {
		return nil, &RegistryError{ref, err}
	}
	to := found.Descriptor.Digest.String()
	if !digest.MatchString(to) {
		return nil, fmt.Errorf("asking the registry for %s: digest %q", ref, to)
	}
	old := l.Images[ref]
	pin := &Pin{Digest: to, Platforms: map[string]Platform{}}
	if old != nil && old.Digest == to {
		pin = old.clone()
	} else if old != nil {
		platforms = append(platforms, old.platforms()...)
	}
	var offered []string
	for _, p := range found.Platforms {
		offered = append(offered, platform(p.OS, p.Architecture, p.Variant))
	}
	for _, name := range platforms {
		if _, ok := pin.Platforms[name]; !ok && (len(offered) == 0 || offers(offered, name)) {
			pin.Platforms[name] = Platform{}
		}
	}
	if len(pin.Platforms) == 0 {
		return nil, fmt.Errorf("the registry has %s for %s only", ref, strings.Join(offered, ", "))
	}
	l.Images[ref] = pin
	return changes(ref, old, pin), nil
}

// offers reports whether a platform is among those offered. Images name
// variants in one place and leave them out in another.
func offers(offered []string, name string) bool {
	for _, o := range offered {
		if o == name || strings.HasPrefix(o, name+"/") || strings.HasPrefix(name, o+"/") {
			return true
		}
	}
	return false
}

func (p *Pin) clone() *Pin {
	c := &Pin{Platforms: map[string]Platform{}}
	if p != nil {
		c.Digest = p.Digest
		maps.Copy(c.Platforms, p.Platforms)
	}
	return c
}

// digests returns the digests of repo digests, without their repositories.
func digests(repoDigests []string) []string {
	var list []string
	for _, d := range repoDigests {
		if _, digest, ok := strings.Cut(d, "@"); ok {
			list = append(list, digest)
		}
	}
	return list
}

// changes lists what moved between two pins, in a fixed order. old may be nil.
func changes(ref string, old, pin *Pin) []Change {
	before := old.clone()
	var list []Change
	note := func(what, from, to string) {
		if from != to {
			list = append(list, Change{ref, what, from, to})
		}
	}
	note("registry digest", before.Digest, pin.Digest)
	names := slices.Sorted(maps.Keys(pin.Platforms))
	for name := range before.Platforms {
		if _, ok := pin.Platforms[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		a, had := before.Platforms[name]
		b, has := pin.Platforms[name]
		if had != has {
			note(name, map[bool]string{true: "pinned"}[had], map[bool]string{true: "pinned"}[has])
		}
		note(name+" config", a.Config, b.Config)
		if last(a.DiffIDs) != last(b.DiffIDs) || len(a.DiffIDs) != len(b.DiffIDs) {
			note(name+" layers", layers(a.DiffIDs), layers(b.DiffIDs))
		}
	}
	return list
}

func layers(diffIDs []string) string {
	if len(diffIDs) == 0 {
		return ""
	}
	return fmt.Sprintf("%d up to %s", len(diffIDs), short(last(diffIDs)))
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
