package project

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
)

// ImageRef is the image that the book is built with.
func (p *Project) ImageRef() string {
	ref, _ := p.ImageChoice()
	return ref
}

// ImageChoice is ImageRef with the reason for an image that nobody asked for.
func (p *Project) ImageChoice() (ref, why string) {
	if p.Settings.Image.Ref != "" {
		return p.Settings.Image.Ref, ""
	}
	if len(p.Books) > 0 {
		return p.Books[0].Image()
	}
	return book.DefaultImage(""), ""
}

// ReadLock reads the project's bookci.lock, nil without one.
func (p *Project) ReadLock() (*cache.Lock, error) {
	lock, err := cache.ReadLock(filepath.Join(p.Root, cache.LockName))
	if err != nil {
		return nil, fault.Usagef("mend it, or delete it and run `bookci lock`", "%w", err)
	}
	return lock, nil
}

// ImageIdentity is what a fingerprint knows of the image without asking
// Docker: its reference, the hash of what it is built from, and its pin.
func (p *Project) ImageIdentity() (string, error) {
	if e := p.Settings.Engine; e == settings.EngineHost || e == settings.EngineDraft {
		return e, nil
	}
	ref := p.ImageRef()
	if p.Settings.Engine == settings.EngineFargate {
		image, err := p.TaskImage()
		return settings.EngineFargate + " " + image, err
	}
	if opts, own := p.ImageBuild(); own {
		var err error
		if ref, err = cache.ImageRef(opts); err != nil {
			return "", fault.Usagef("bookci.yml: image.build names the folder, image.dockerfile the file in it", "%w", err)
		}
	}
	lock, err := p.ReadLock()
	if err != nil {
		return "", err
	}
	if pin := lock.Pin(ref); pin != nil {
		ref += fmt.Sprintf(" %v", *pin)
	}
	return ref, nil
}

// ImageBuild is how the book's own image is built, if it has one.
func (p *Project) ImageBuild() (cache.BuildOptions, bool) {
	s := p.Settings.Image
	if s.Build == "" {
		return cache.BuildOptions{}, false
	}
	context := filepath.Join(p.Root, filepath.FromSlash(s.Build))
	lock, err := p.ReadLock()
	if err != nil {
		lock = nil // whoever uses the image reads the lock again and tells the error
	}
	return cache.BuildOptions{
		Lock: lock,
		Name: filepath.Base(p.Root), Context: context, Exclude: p.writtenBelow(context),
		Dockerfile: s.Dockerfile, Args: s.Args, Platform: s.Platform,
		Network: s.Network, Memory: int64(p.Settings.Limits.Memory),
	}, true
}

// TaskImage is the image by its digest: a tag may mean another image by the time
// that a task is started.
func (p *Project) TaskImage() (string, error) {
	if image := p.Settings.Fargate.Image; image != "" {
		return image, nil
	}
	if _, own := p.ImageBuild(); own {
		return "", fault.Usagef("push it to a registry and name it in BOOKCI_FARGATE_IMAGE, by digest", "Fargate cannot use an image that is built here")
	}
	ref := p.ImageRef()
	if named, err := reference.ParseNormalizedNamed(ref); err == nil {
		if _, ok := named.(reference.Digested); ok {
			return ref, nil
		}
	}
	lock, err := p.ReadLock()
	if err != nil {
		return "", err
	}
	if pin := lock.Pin(ref); pin != nil && pin.Digest != "" {
		return Pinned(ref, pin.Digest), nil
	}
	return "", fault.Usagef("run `bookci lock --update`, or set BOOKCI_FARGATE_IMAGE to the image by digest", "Fargate needs %s by digest, and no bookci.lock tells it", ref)
}

// Pinned is ref by its digest instead of its tag.
func Pinned(ref, digest string) string {
	name, _, _ := strings.Cut(ref, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name + "@" + digest
}
