package cache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/image"
)

// Facts are what is known of an image when it is compared with a pin.
type Facts struct {
	Content
	RepoDigests []string // such as vvakame/review@sha256:...
}

// FactsOf returns the facts of an inspected image.
func FactsOf(img image.InspectResponse) Facts {
	return Facts{Content: ContentOf(img), RepoDigests: img.RepoDigests}
}

// Facts returns what is known of a kept image without loading it.
func (x Index) Facts() Facts { return Facts{Content: x.Content, RepoDigests: x.RepoDigests} }

// A Mismatch says that an image is not the one that bookci.lock pins.
type Mismatch struct {
	Ref  string
	What string // what differs, in words
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("image %s is not the one that bookci.lock pins: %s", e.Ref, e.What)
}

// Check returns a *Mismatch unless the facts are those of the pinned image.
// A nil pin allows every image.
//
// Content counts most: the same config or the same layers and settings are the
// same image, wherever it came from. Where the pin does not know the content
// (the reference was moved without pulling) the registry's digest must agree.
func (p *Pin) Check(ref string, f Facts) error {
	if p == nil {
		return nil
	}
	at, ok := p.Platforms[f.Platform]
	if !ok {
		return &Mismatch{ref, fmt.Sprintf("it is for %s, the lock has %s", f.Platform, strings.Join(p.platforms(), ", "))}
	}
	if len(at.DiffIDs) > 0 {
		if at.content(f.Platform).Same(f.Content) {
			return nil
		}
		return &Mismatch{ref, fmt.Sprintf("its content is %s, the lock has %s", f.name(), Facts{Content: at.content("")}.name())}
	}
	for _, d := range f.RepoDigests {
		if _, digest, _ := strings.Cut(d, "@"); digest == p.Digest || at.Digest != "" && digest == at.Digest {
			return nil
		}
	}
	if len(f.RepoDigests) == 0 {
		return &Mismatch{ref, fmt.Sprintf("it has no registry digest, the lock has %s", short(p.Digest))}
	}
	_, digest, _ := strings.Cut(f.RepoDigests[0], "@")
	return &Mismatch{ref, fmt.Sprintf("its registry digest is %s, the lock has %s", short(digest), short(p.Digest))}
}

// identity is what the pin says of the image, the same on every machine: the
// registry's digest or, of an image that no registry has, its content.
func (p *Pin) identity() []string {
	if p.Digest != "" {
		return []string{p.Digest}
	}
	var list []string
	for _, name := range p.platforms() {
		at := p.Platforms[name]
		list = append(append(list, name, at.Config, at.Settings), at.DiffIDs...)
	}
	return list
}

// check is Check for a kept image: what the pin does not allow is a miss.
func (p *Pin) check(ref string, x Index) error {
	if err := p.Check(ref, x.Facts()); err != nil {
		return &Miss{Ref: ref, Why: Unpinned, Detail: err.Error()}
	}
	return nil
}

func (p *Pin) platforms() []string {
	var names []string
	for name := range p.Platforms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// name is what to call the content by.
func (f Facts) name() string {
	switch {
	case f.Config != "":
		return short(f.Config)
	case len(f.DiffIDs) > 0:
		return fmt.Sprintf("%d layers up to %s", len(f.DiffIDs), short(f.DiffIDs[len(f.DiffIDs)-1]))
	}
	return "unknown"
}

// short shortens a digest as docker does.
func short(digest string) string {
	digest = strings.TrimPrefix(digest, "sha256:")
	if len(digest) > 12 {
		digest = digest[:12]
	}
	if digest == "" {
		return "unknown"
	}
	return digest
}
