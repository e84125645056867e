package workshop

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/trust"
	"github.com/bookci/bookci/cmd/bookci/world"
)

// Workshop is where a project is built as it was read: a builder, and the
// engine that it works on.
type Workshop struct {
	*build.Builder
	world   *world.World
	engines *Engines
	shelf   *bucket.Shelf // nil where artifacts stay here
	say     func(line string)
	keeping bool
	aside   sync.WaitGroup
}

// Open makes all ready but for the jobs. No engine is asked yet.
func (c *Claim) Open(ctx context.Context, p *project.Project) (*Workshop, error) {
	if err := trust.Check(c.world, p.Root, p.Settings.Asks()); err != nil {
		return nil, err
	}
	image, err := p.ImageIdentity()
	if err != nil {
		return nil, err
	}
	s, e := p.Settings, c.Engines(p)
	shelf, err := openShelf(ctx, p, c.world.Version)
	if err != nil {
		return nil, err
	}
	w := &Workshop{world: c.world, shelf: shelf, engines: e, say: c.Say, Builder: &build.Builder{
		Root:      p.Root,
		Artifacts: p.Artifacts(),
		State:     p.State(),
		FontCache: p.FontCache(),
		Engine:    e.Get,
		Current:   e.current,
		Settings:  s.Recipe(),
		Image:     image,
		Version:   c.world.Version,
		Env:       s.Environ(),
		Timeout:   s.Timeout,
		Jobs:      cmp.Or(int(s.Jobs), runtime.GOMAXPROCS(0)),
		Strict:    s.Strict,
		Draft:     s.Engine == settings.EngineDraft,
		Separate:  p.Separate,
		Together:  s.Engine == settings.EngineFargate, // each task pulls the image anew
		Reaper:    c.Reaper,
		Now:       time.Now,
		OnEvent:   c.onEvent,
	}}
	if c.world.Getenv("CI") == "" { // nobody reads along there, and all that lies in artifacts/ may be uploaded
		w.Waiting = e.waits.tell
		w.Meanwhile = func(res build.Result) {
			c.Say("bookci: " + screen.RelativeTo(p.Root, world.Here(p.Root), res.Artifact.Path) + " is a draft, to read until the book itself is there")
		}
	}
	if shelf != nil {
		w.Deliver = shelf.Deliver
	}
	return w, nil
}

// ForceAll has all made anew, and taken to where artifacts go.
func (w *Workshop) ForceAll(yes bool) {
	w.Force = yes
	if w.shelf != nil {
		w.shelf.Force = yes
	}
}

// Reach finds out, before anything is made, whether artifacts can get to where they go.
func (w *Workshop) Reach(ctx context.Context) error {
	if w.shelf == nil {
		return nil
	}
	return w.shelf.Reach(ctx)
}

// KeepImages saves what had to be pulled or built into the cache folder, if one
// was named. It may take a minute.
func (w *Workshop) KeepImages(ctx context.Context) {
	if err := w.engines.keepImages(ctx); err != nil && context.Cause(ctx) == nil {
		w.say(fmt.Sprintf("bookci: keeping the image: %v", err))
	}
}

// KeepAside is KeepImages for a watch: it returns at once, and whoever saves
// meanwhile need not wait for it.
func (w *Workshop) KeepAside(ctx context.Context) {
	if w.keeping || !w.engines.pulled() {
		return
	}
	w.keeping = true
	w.engines.quiet.Store(true)
	w.Aside(func() { w.KeepImages(ctx) })
}

// Aside runs f beside all else. Close waits for it.
func (w *Workshop) Aside(f func()) { w.aside.Go(f) }

// Close ends the sessions and lets go of the engine.
func (w *Workshop) Close() {
	w.aside.Wait()
	if err := w.Builder.Close(); err != nil {
		w.say(fmt.Sprintf("bookci: %v", err))
	}
	w.engines.Close()
}
