package workshop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/engine/host"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/owner"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
)

// Engines finds the engine when something has to be built, once per run.
type Engines struct {
	world   *world.World
	project *project.Project
	reaper  *reaper.Reaper
	onEvent func(event.Event)
	quiet   atomic.Bool // transfers are not told: they go on beside builds

	mu     sync.Mutex
	engine engine.Engine
	makers build.Makers
	err    error
	daemon *daemon.Daemon  // nil when the engine is host
	images *imageGetter    // likewise
	tasks  *fargate.Engine // nil but for the engine fargate
	pool   *taskPool       // of several projects, nil for one

	waits waits
}

// Get implements what build.Builder asks for. Variants ask at the same time.
func (e *Engines) Get(ctx context.Context) (engine.Engine, build.Makers, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.engine != nil || e.err != nil {
		return e.engine, e.makers, e.err
	}
	engine, makers, err := e.find(ctx)
	e.waits.end()
	if err != nil && context.Cause(ctx) != nil {
		// A watch gave this build up for a newer edit: nothing is known yet.
		e.Close()
		e.daemon, e.images = nil, nil
		return nil, build.Makers{}, err
	}
	e.engine, e.makers, e.err = engine, makers, err
	return engine, makers, err
}

// keepImages saves what had to be pulled into the cache folder, if one was named.
func (e *Engines) keepImages(ctx context.Context) error {
	if e.images == nil {
		return nil
	}
	return e.images.keep(ctx)
}

// pulled reports whether there is anything for keepImages to do.
func (e *Engines) pulled() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.images != nil && e.images.store != nil && len(e.images.fresh) > 0
}

func (e *Engines) event(ev event.Event) {
	if ev.Kind != event.Transfer || !e.quiet.Load() {
		e.onEvent(ev)
	}
}

func (e *Engines) Close() {
	if e.daemon != nil {
		_ = e.daemon.Close() // nothing is under way any more
	}
	if e.tasks != nil && e.pool == nil {
		if err := e.tasks.Close(); err != nil {
			e.onEvent(event.Event{Kind: event.Note, Text: err.Error()})
		}
	}
}

func (e *Engines) find(ctx context.Context) (engine.Engine, build.Makers, error) {
	choice := e.project.Settings.Engine
	switch choice {
	case settings.EngineHost:
		return e.host()
	case settings.EngineDraft:
		return nil, build.Makers{}, fault.Usagef("leave --engine draft out", "a draft is made without Re:VIEW: there is nothing that a command could run in")
	case settings.EngineFargate:
		return e.fargate(ctx)
	}
	d, err := daemon.Connect(ctx, e.world.Getenv)
	if err == nil {
		e.daemon = d
		found, makers, err := e.docker(ctx, d)
		return found, makers, e.missing(err)
	}
	if choice == settings.EngineDocker || context.Cause(ctx) != nil {
		return nil, build.Makers{}, err
	}
	engine, makers, hostErr := e.host()
	if hostErr == nil {
		e.onEvent(event.Event{Kind: event.Note, Text: "Docker does not answer: using the review-pdfmaker on PATH"})
		return engine, makers, nil
	}
	return nil, build.Makers{}, e.missing(err)
}

// Answer tells whether there are a Docker or makers that Get could take.
func (e *Engines) Answer(ctx context.Context) bool {
	d, err := daemon.Connect(ctx, e.world.Getenv)
	if err != nil {
		_, _, err = e.host()
		return err == nil
	}
	_ = d.Close() // it was only asked whether it is there
	return true
}

// missing marks an error that is for want of Docker or network, so that a draft
// may stand in. No draft covers up a mistake: a wrong address or context, an image
// that the user named, an engine that was asked for.
func (e *Engines) missing(err error) error {
	var unreachable *docker.Unreachable
	var noAnswer *daemon.NoAnswer
	s := e.project.Settings
	if err == nil || s.Engine != settings.EngineAuto {
		return err
	}
	_, own := e.project.ImageBuild()
	switch {
	case errors.As(err, &noAnswer):
	case errors.As(err, &unreachable) && s.Image.Ref == "" && !own:
	default:
		return err
	}
	return &build.NoMakers{Err: err}
}

// docker is the engine that runs makers in the book's image.
func (e *Engines) docker(ctx context.Context, d *daemon.Daemon) (engine.Engine, build.Makers, error) {
	p := e.project
	images, err := newImageGetter(p, d, e.reaper, e.event, &e.waits)
	if err != nil {
		return nil, build.Makers{}, err
	}
	e.images = images
	makers, err := images.get(ctx)
	if err != nil {
		return nil, build.Makers{}, err
	}
	s := p.Settings
	uid, gid := os.Getuid(), os.Getgid()
	return &docker.Engine{
		API:       d.Client,
		Image:     makers.ID,
		Mount:     s.Mount,
		Transport: docker.Transport(s.Transport),
		Limits:    docker.Limits{Memory: int64(s.Limits.Memory), PIDs: int64(s.Limits.PIDs), CPUs: float64(s.Limits.CPUs)},
		Network:   s.Network,
		Writable:  !s.ReadOnly,
		Reaper:    e.reaper,
		Owner:     docker.Owner{UID: uid, GID: gid, Token: owner.Token(), Alive: owner.Alive},
		State:     p.State(),
		Now:       time.Now,
	}, makers, nil
}

// hostMakers are the programs whose presence and identity decide on the host engine.
var hostMakers = []string{"review-pdfmaker", "uplatex", "lualatex", "dvipdfmx"}

// host is the engine that runs the makers on PATH.
func (e *Engines) host() (engine.Engine, build.Makers, error) {
	h := sha256.New()
	for _, name := range hostMakers {
		found := host.FindProgram(name, e.world.Getenv("PATH"))
		if found == "" && name == hostMakers[0] {
			return nil, build.Makers{}, &fault.Environment{Err: fmt.Errorf("%s is not on PATH", name), Hint: "run this inside the vvakame/review image, or leave --engine to auto"}
		}
		if st, err := os.Stat(found); err == nil {
			fmt.Fprintln(h, found, st.Size(), st.ModTime().UnixNano())
		}
	}
	return &host.Engine{Environ: os.Environ(), Reaper: e.reaper},
		build.Makers{Ref: settings.EngineHost, ID: hex.EncodeToString(h.Sum(nil))[:16]}, nil
}
