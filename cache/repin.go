package cache

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is one thing that moved.
type Change struct {
	Ref  string `json:"ref"`
	What string `json:"what"` // "registry digest", "linux/amd64 config", "linux/amd64 layers"; "linux/amd64" itself is "pinned" or ""
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
	add := func(what, from, to string) {
		if from != to {
			list = append(list, Change{ref, what, from, to})
		}
	}
	add("registry digest", before.Digest, pin.Digest)
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
		pinned := map[bool]string{true: "pinned"}
		add(name, pinned[had], pinned[has])
		add(name+" config", a.Config, b.Config)
		if last(a.DiffIDs) != last(b.DiffIDs) || len(a.DiffIDs) != len(b.DiffIDs) {
			add(name+" layers", layers(a.DiffIDs), layers(b.DiffIDs))
		}
	}
	return list
}

// layers says which layers there are, "" for none.
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
