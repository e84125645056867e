package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/trust"
	"github.com/bookci/bookci/cmd/bookci/world"
)

// claim is a root that this bookci has to itself until it closes: others wait,
// and the reaper stands by to remove what a kill would leave behind. That of a
// watch has the root only while it builds, see standBy.
type claim struct {
	app     *app
	say     func(line string) // writes a line that stays
	onEvent func(event.Event)
	reaper  *reaper.Reaper
	unlock  func() // does nothing when the root is not had
}

// claim waits for other bookcis at work below the project's root.
func (a *app) claim(ctx context.Context, p *project.Project, say func(string), onEvent func(event.Event)) (*claim, error) {
	c, err := a.standBy(say, onEvent)
	if err != nil {
		return nil, err
	}
	if err := c.take(ctx, p); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// standBy is a claim to a root that is taken and released for each build.
func (a *app) standBy(say func(string), onEvent func(event.Event)) (*claim, error) {
	reaper, err := startReaper()
	if err != nil {
		return nil, err
	}
	return &claim{app: a, say: say, onEvent: onEvent, reaper: reaper, unlock: func() {}}, nil
}

// take waits until the root is this bookci's.
func (c *claim) take(ctx context.Context, p *project.Project) error {
	unlock, err := p.Lock(ctx, func(text string) { c.say("bookci: " + text) })
	if err == nil {
		c.unlock = unlock
	}
	return err
}

// release lets others have the root.
func (c *claim) release() {
	c.unlock()
	c.unlock = func() {}
}

func (c *claim) close() {
	_ = c.reaper.Close() // what it was to remove and could not is left to the next sweep
	c.unlock()
}

// engines finds an engine for the project as it was read. The caller closes it.
func (c *claim) engines(p *project.Project) *engines {
	return &engines{app: c.app, project: p, reaper: c.reaper, onEvent: c.onEvent}
}

// workshop is where a project is built as it was read: a builder, and the
// engine that it works on.
type workshop struct {
	*build.Builder
	engines *engines
	shelf   *bucket.Shelf // nil where artifacts stay here
	say     func(line string)
	keeping bool
	aside   sync.WaitGroup
}

// workshop makes all ready but for the jobs. No engine is asked yet.
func (c *claim) workshop(ctx context.Context, p *project.Project) (*workshop, error) {
	if err := trust.Check(c.app.World, p.Root, p.Settings.Asks()); err != nil {
		return nil, err
	}
	image, err := p.ImageIdentity()
	if err != nil {
		return nil, err
	}
	s, e := p.Settings, c.engines(p)
	shelf, err := openShelf(ctx, p, c.app.Version)
	if err != nil {
		return nil, err
	}
	w := &workshop{shelf: shelf, engines: e, say: c.say, Builder: &build.Builder{
		Root:      p.Root,
		Artifacts: p.Artifacts(),
		State:     p.State(),
		FontCache: p.FontCache(),
		Engine:    e.get,
		Current:   e.current,
		Settings:  s.Recipe(),
		Image:     image,
		Version:   bookciVersion(),
		Env:       environ(s.Env),
		Timeout:   s.Timeout,
		Jobs:      cmp.Or(int(s.Jobs), runtime.GOMAXPROCS(0)),
		Strict:    s.Strict,
		Draft:     s.Engine == settings.EngineDraft,
		Separate:  p.Separate,
		Together:  s.Engine == settings.EngineFargate, // each task pulls the image anew
		Reaper:    c.reaper,
		Now:       time.Now,
		OnEvent:   c.onEvent,
	}}
	if c.app.Getenv("CI") == "" { // nobody reads along there, and all that lies in artifacts/ may be uploaded
		w.Waiting = e.waits.tell
		w.Meanwhile = func(res build.Result) {
			c.say("bookci: " + screen.RelativeTo(p.Root, world.Here(p.Root), res.Artifact.Path) + " is a draft, to read until the book itself is there")
		}
	}
	if shelf != nil {
		w.Deliver = shelf.Deliver
	}
	return w, nil
}

// force has all made anew, and taken to where artifacts go.
func (w *workshop) force(yes bool) {
	w.Force = yes
	if w.shelf != nil {
		w.shelf.Force = yes
	}
}

// reach finds out, before anything is made, whether artifacts can get to where they go.
func (w *workshop) reach(ctx context.Context) error {
	if w.shelf == nil {
		return nil
	}
	return w.shelf.Reach(ctx)
}

// keepImages saves what had to be pulled or built into the cache folder, if one
// was named. It may take a minute.
func (w *workshop) keepImages(ctx context.Context) {
	if err := w.engines.keepImages(ctx); err != nil && context.Cause(ctx) == nil {
		w.say(fmt.Sprintf("bookci: keeping the image: %v", err))
	}
}

// keepAside is keepImages for a watch: it returns at once, and whoever saves
// meanwhile need not wait for it.
func (w *workshop) keepAside(ctx context.Context) {
	if w.keeping || !w.engines.pulled() {
		return
	}
	w.keeping = true
	w.engines.quiet.Store(true)
	w.aside.Go(func() { w.keepImages(ctx) })
}

// close ends the sessions and lets go of the engine.
func (w *workshop) close() {
	w.aside.Wait()
	if err := w.Close(); err != nil {
		w.say(fmt.Sprintf("bookci: %v", err))
	}
	w.engines.close()
}
