package workshop

import (
	"context"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/world"
)

// Claim is a root that this bookci has to itself until it closes: others wait,
// and the reaper stands by to remove what a kill would leave behind. That of a
// watch has the root only while it builds, see StandBy.
type Claim struct {
	Say    func(line string) // writes a line that stays
	Reaper *reaper.Reaper

	world   *world.World
	onEvent func(event.Event)
	tasks   *taskPool // of several projects, nil for one
	unlock  func()    // does nothing when the root is not had
}

// ClaimRoot waits for other bookcis at work below the project's root.
func ClaimRoot(ctx context.Context, w *world.World, p *project.Project, say func(string), onEvent func(event.Event)) (*Claim, error) {
	c, err := StandBy(w, say, onEvent)
	if err != nil {
		return nil, err
	}
	if err := c.Take(ctx, p); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// StandBy is a claim to a root that is taken and released for each build.
func StandBy(w *world.World, say func(string), onEvent func(event.Event)) (*Claim, error) {
	reaper, err := StartReaper()
	if err != nil {
		return nil, err
	}
	return &Claim{world: w, Say: say, onEvent: onEvent, Reaper: reaper, unlock: func() {}}, nil
}

// Take waits until the root is this bookci's.
func (c *Claim) Take(ctx context.Context, p *project.Project) error {
	unlock, err := p.Lock(ctx, func(text string) { c.Say("bookci: " + text) })
	if err == nil {
		c.unlock = unlock
	}
	return err
}

// Release lets others have the root.
func (c *Claim) Release() {
	c.unlock()
	c.unlock = func() {}
}

// Share has the engines of several projects' tasks be the same where they may be:
// one asks after all tasks at once, and sends what is the same once.
func (c *Claim) Share() { c.tasks = &taskPool{} }

// Telling is the same claim for one of several projects, whose events go elsewhere.
func (c *Claim) Telling(onEvent func(event.Event)) *Claim {
	own := *c
	own.onEvent = onEvent
	return &own
}

// Close lets go of the root, and of what the claim's projects share.
func (c *Claim) Close() {
	if c.tasks != nil {
		c.tasks.close(c.Say)
	}
	_ = c.Reaper.Close() // what it was to remove and could not is left to the next sweep
	c.unlock()
}

// Engines finds an engine for the project as it was read. The caller closes it.
func (c *Claim) Engines(p *project.Project) *Engines {
	return &Engines{world: c.world, project: p, reaper: c.Reaper, onEvent: c.onEvent, pool: c.tasks}
}
