package workshop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/registry"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/internal/fault"
)

// imageGetter gets the book's image: the daemon's, else the kept one, else the
// registry's. Where bookci.lock has a pin, no other image will do.
type imageGetter struct {
	project *project.Project
	daemon  *daemon.Daemon
	lock    *cache.Lock
	store   *cache.Store // nil without a cache folder
	onEvent func(event.Event)
	waits   *waits

	fresh []string // references that were pulled or built: not kept yet
}

func newImageGetter(p *project.Project, d *daemon.Daemon, reap *reaper.Reaper, onEvent func(event.Event), w *waits) (*imageGetter, error) {
	lock, err := p.ReadLock()
	if err != nil {
		return nil, err
	}
	g := &imageGetter{project: p, daemon: d, lock: lock, onEvent: onEvent, waits: w}
	if dir := p.CacheDir(); dir != "" {
		g.store = &cache.Store{Dir: dir, Daemon: d.Client, Now: time.Now, Reaper: reap, Progress: func(p cache.Progress) {
			onEvent(event.Event{Kind: event.Transfer, Text: p.Step + " " + p.Ref, N: p.Done, Total: p.Total})
		}}
	}
	return g, nil
}

// get returns the reference and the ID of the image to build with.
func (g *imageGetter) get(ctx context.Context) (build.Makers, error) {
	opts, own := g.project.ImageBuild()
	if !own {
		ref, why := g.project.ImageChoice()
		if why != "" {
			g.onEvent(event.Event{Kind: event.Note, Text: "using " + ref + ": " + why})
		}
		id, err := g.ensure(ctx, ref)
		return build.Makers{Ref: ref, ID: id}, err
	}
	return g.own(ctx, opts)
}

// own is the image that the book builds itself.
func (g *imageGetter) own(ctx context.Context, opts cache.BuildOptions) (build.Makers, error) {
	ref, err := cache.ImageRef(opts)
	if err != nil {
		return build.Makers{}, fault.Usagef("bookci.yml: image.build names the folder, image.dockerfile the file in it", "%w", err)
	}
	if found, ok, err := docker.FindImage(ctx, g.daemon, ref); err != nil || ok {
		return build.Makers{Ref: ref, ID: found.ID}, err
	}
	g.waits.begin()
	if id, ok, err := g.restore(ctx, ref); err != nil || ok {
		return build.Makers{Ref: ref, ID: id}, err
	}
	bases, err := cache.BaseImages(opts)
	if err != nil {
		return build.Makers{}, fault.Usagef("", "%w", err)
	}
	for _, base := range bases {
		if _, err := g.ensure(ctx, base); err != nil {
			return build.Makers{}, err
		}
	}
	g.onEvent(event.Event{Kind: event.Stage, Text: "building image " + ref})
	opts.Auth = map[string]registry.AuthConfig{}
	opts.Output = func(line string) { g.onEvent(event.Event{Kind: event.Note, Text: "image: " + line}) }
	built, err := cache.BuildImage(ctx, g.daemon, opts)
	if err != nil {
		return build.Makers{}, ImageError(err)
	}
	g.fresh = append(g.fresh, ref)
	return build.Makers{Ref: built.Ref, ID: built.ID}, nil
}

// ensure returns the ID of the image ref, which it gets if the daemon lacks it.
func (g *imageGetter) ensure(ctx context.Context, ref string) (id string, err error) {
	pin := g.lock.Pin(ref)
	found, ok, err := docker.FindImage(ctx, g.daemon, ref)
	if err != nil {
		return "", err
	}
	platform := g.project.Settings.Image.Platform
	if has := cache.ContentOf(found); ok && !has.HasPlatform(platform) {
		g.onEvent(event.Event{Kind: event.Note, Text: fmt.Sprintf("Docker has %s for %s: getting the one for %s", ref, has.Platform, platform)})
		ok = false
	}
	if ok {
		return found.ID, ImageError(pin.Check(ref, cache.FactsOf(found)))
	}
	g.waits.begin()
	if id, ok, err := g.restore(ctx, ref); err != nil || ok {
		return id, err
	}
	pulled := ref
	if pin != nil && pin.Digest != "" {
		pulled = project.Pinned(ref, pin.Digest)
	}
	g.onEvent(event.Event{Kind: event.Stage, Text: "pulling " + ref})
	auth, err := g.daemon.Credentials(ref)
	if err != nil {
		return "", err
	}
	begun := time.Now()
	found, err = docker.PullImage(ctx, g.daemon, pulled, platform, auth, g.onEvent)
	if err != nil {
		return "", err
	}
	if err := pin.Check(ref, cache.FactsOf(found)); err != nil {
		return "", ImageError(err)
	}
	if pulled != ref {
		if err := g.daemon.ImageTag(ctx, pulled, ref); err != nil {
			return "", &fault.Environment{Err: fmt.Errorf("tagging %s: %w", ref, err)}
		}
	}
	g.fresh = append(g.fresh, ref)
	if g.store != nil {
		g.store.Record(cache.Timing{Ref: ref, Kind: cache.TimedPull, Bytes: found.Size, Whole: true, Took: time.Since(begun)})
	}
	return found.ID, nil
}

// restore takes the image from the cache folder, if one was named and has it.
func (g *imageGetter) restore(ctx context.Context, ref string) (id string, ok bool, err error) {
	if g.store == nil {
		return "", false, nil
	}
	r, err := g.store.Restore(ctx, ref, g.lock.Pin(ref))
	var miss *cache.Miss
	if errors.As(err, &miss) {
		if miss.Why != cache.Absent {
			g.onEvent(event.Event{Kind: event.Note, Text: miss.Error()})
		}
		return "", false, nil
	}
	if platform := g.project.Settings.Image.Platform; err == nil && platform != "" {
		if found, ok, err := docker.FindImage(ctx, g.daemon, ref); err != nil || !ok || !cache.ContentOf(found).HasPlatform(platform) {
			return "", false, err // the kept one is of another platform
		}
	}
	return r.ID, err == nil, ImageError(err)
}

// keep saves the images that this run had to pull or build.
func (g *imageGetter) keep(ctx context.Context) error {
	if g.store == nil {
		return nil
	}
	for _, ref := range g.fresh {
		saved, err := g.store.Save(ctx, ref, g.lock.Pin(ref))
		if err != nil {
			return ImageError(err)
		}
		g.onEvent(event.Event{Kind: event.Note, Text: fmt.Sprintf("kept image %s: %s", ref, screen.Size(saved.Index.Bytes))})
	}
	return nil
}

// ImageError says whose fault an error of package cache is.
func ImageError(err error) error {
	var mismatch *cache.Mismatch
	var failed *cache.BuildError
	var usage *fault.Usage
	var environment *fault.Environment
	switch {
	case err == nil, errors.As(err, &usage), errors.As(err, &environment), errors.Is(err, exit.ErrInterrupted), errors.Is(err, exit.ErrTerminated):
		return err
	case errors.As(err, &mismatch):
		return &fault.Environment{Err: err, Hint: "pull the pinned image, or move the lock with `bookci lock --update`"}
	case errors.As(err, &failed):
		if failed.BuildKit != "" {
			return &fault.Usage{Err: err, Hint: "write it without, or build the image with `docker build` and name it in bookci.yml (image: NAME)"}
		}
		return &fault.Usage{Err: err, Hint: "the book's Dockerfile does not build"}
	case errors.Is(err, cache.ErrNoImage):
		return &fault.Environment{Err: err, Hint: "pull it, or build the book once"}
	}
	return &fault.Environment{Err: err}
}
