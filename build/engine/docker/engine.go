package docker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// API is the part of the Engine API that sessions need.
type API interface {
	Info(ctx context.Context) (system.Info, error)
	ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, net *network.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error)
	ContainerAttach(ctx context.Context, id string, opts container.AttachOptions) (types.HijackedResponse, error)
	ContainerStart(ctx context.Context, id string, opts container.StartOptions) error
	ContainerWait(ctx context.Context, id string, cond container.WaitCondition) (<-chan container.WaitResponse, <-chan error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerRemove(ctx context.Context, id string, opts container.RemoveOptions) error
	ContainerList(ctx context.Context, opts container.ListOptions) ([]container.Summary, error)
	ContainerExecCreate(ctx context.Context, id string, opts container.ExecOptions) (container.ExecCreateResponse, error)
	ContainerExecAttach(ctx context.Context, id string, opts container.ExecAttachOptions) (types.HijackedResponse, error)
	ContainerExecInspect(ctx context.Context, id string) (container.ExecInspect, error)
}

// Transport is how sources reach a container.
type Transport string

// The transports: Bind mounts the root read-only and copies it inside, Copy
// sends it through the API, AutoTransport finds out whether Bind works.
const (
	AutoTransport Transport = "auto"
	Bind          Transport = "bind"
	Copy          Transport = "copy"
)

// Limits bound what a session may use. Zero means unbounded.
type Limits struct {
	Memory int64   // bytes, the work tree and /tmp included: both are held in memory
	PIDs   int64   // processes and threads
	CPUs   float64 // cores
}

// Engine runs makers in a container of their own.
type Engine struct {
	API       API
	Image     string // the ID of an image that the daemon has
	Mount     string // where the work tree appears
	Transport Transport
	Limits    Limits
	Network   string // "none", "bridge", or a network's name
	Writable  bool   // leave the image's own file system writable
	Reaper    *reaper.Reaper
	Owner     Owner  // who runs bookci, and so what leftovers may be swept
	State     string // .bookci of the root: where a transport that failed is remembered
	Now       func() time.Time
}

// Owner says which process a container belongs to.
type Owner struct {
	UID, GID int    // of the invoking user; -1 where the system has none
	Token    string // names this process on this machine, and no other one
	// Alive reports whether the process that a token names still runs; a
	// token of another machine counts as alive.
	Alive func(token string) bool
}

// Label marks bookci's containers; its value is the owner's token.
const Label = "io.github.bookci.owner"

// Where things lie in the container.
const (
	ownDir    = "/bookci"
	sourceDir = "/bookci/src"
)

// Name implements Engine.
func (e *Engine) Name() string { return "docker" }

// Open implements Engine.
func (e *Engine) Open(ctx context.Context, opts engine.SessionOptions) (engine.Session, error) {
	if opts.Note == nil {
		opts.Note = func(string, ...any) {}
	}
	info, err := e.API.Info(ctx)
	if err != nil {
		return nil, dockerError(ctx, "asking Docker about itself", err)
	}
	if info.OSType != "" && info.OSType != "linux" {
		return nil, fault.Environmentf("switch Docker Desktop to Linux containers", "Docker runs %s containers, the image needs linux", info.OSType)
	}
	e.sweep(ctx, opts)

	memo := transportMemo{dir: e.State, daemon: info.ID, now: e.Now()}
	transport := e.Transport
	if transport == AutoTransport || transport == "" {
		if transport = Bind; memo.bindFailed() {
			transport = Copy
		}
	}
	if len(opts.Hidden) > maxMasks && transport == Bind {
		transport = Copy // hidden files are not sent, so they cannot be read
	}
	s, err := e.start(ctx, opts, info, transport)
	if err != nil && transport == Bind && e.Transport != Bind && bindAtFault(err) {
		if s, err = e.start(ctx, opts, info, Copy); err == nil {
			memo.rememberBindFailed() // it was the mount, and not the image
		}
	}
	if err != nil {
		if errors.Is(err, errNotShared) {
			return nil, fault.Environmentf("leave the transport to auto, or share the folder with Docker", "mounting %s: %w", opts.Root, err)
		}
		return nil, err
	}
	return s, nil
}

var errNotShared = errors.New("the daemon does not see this machine's files")

// bindAtFault reports whether a session failed because of its mount: a daemon on
// another machine or in a VM does not have the folder.
func bindAtFault(err error) bool {
	if errors.Is(err, errNotShared) {
		return true
	}
	msg := strings.ToLower(err.Error())
	for _, s := range []string{"bind source path", "mounts denied", "not shared", "directory sharing", "error mounting", "error while creating mount", "invalid mount", "statfs", "no such file or directory", "permission denied", "mkdir "} {
		if strings.Contains(msg, s) {
			return true
		}
	}
	return false
}

// createLimit bounds how long Docker may take to make a container.
const createLimit = time.Minute

// start makes a container whose main process reads from a connection that
// only this process holds: when bookci ends, however it ends, so does the
// container, and the daemon removes it.
func (e *Engine) start(ctx context.Context, opts engine.SessionOptions, info system.Info, transport Transport) (_ *session, err error) {
	config, host := e.spec(opts, info, transport)
	// A container that was made but not started would not end with this process:
	// should bookci be killed now, the reaper looks for it.
	if err := e.Reaper.ExpectContainer(); err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	created, err := e.create(ctx, config, host)
	if err != nil {
		return nil, dockerError(ctx, "creating the container", err)
	}
	s := &session{
		reaper:    e.Reaper,
		api:       e.API,
		id:        created.ID,
		root:      opts.Root,
		memory:    e.Limits.Memory,
		transport: transport,
		paths:     engine.Paths{Work: e.Mount, Own: ownDir},
		sent:      map[string]source.File{},
		note:      opts.Note,
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	s.keepalive, err = hijacked(ctx, func() (types.HijackedResponse, error) {
		return e.API.ContainerAttach(ctx, s.id, container.AttachOptions{Stream: true, Stdin: true})
	})
	if err != nil {
		return nil, dockerError(ctx, "attaching to the container", err)
	}
	// The daemon must know of the wait before the container can be gone.
	waitCtx, stopWaiting := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWaiting = stopWaiting
	s.gone, s.waitErr = e.API.ContainerWait(waitCtx, s.id, container.WaitConditionRemoved)
	if err := e.API.ContainerStart(ctx, s.id, container.StartOptions{}); err != nil {
		return nil, dockerError(ctx, "starting the container", err)
	}
	if err := s.unpackOwn(ctx, opts, e.State); err != nil {
		return nil, err
	}
	return s, nil
}

// create makes the container. Where it surely made none, it tells the reaper to
// expect none. The daemon may carry out a request that was cancelled on its way:
// create waits for the answer, at most createLimit.
func (e *Engine) create(ctx context.Context, config *container.Config, host *container.HostConfig) (container.CreateResponse, error) {
	type answer struct {
		created container.CreateResponse
		err     error
	}
	answers := make(chan answer, 1)
	asking, stop := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
	defer stop()
	go func() {
		created, err := e.API.ContainerCreate(asking, config, host, nil, nil, "")
		answers <- answer{created, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil && !errors.Is(a.err, context.DeadlineExceeded) {
			a.err = errors.Join(a.err, e.Reaper.ContainerGone())
		}
		return a.created, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-answers:
		var err error
		if a.err == nil {
			removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
			defer cancel()
			err = e.API.ContainerRemove(removing, a.created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
		if err == nil {
			err = e.Reaper.ContainerGone()
		}
		return container.CreateResponse{}, errors.Join(context.Cause(ctx), err)
	case <-time.After(killLimit):
	}
	return container.CreateResponse{}, context.Cause(ctx)
}

// holdOpen is the main process of a container. Processes that lost their parent
// become its children. It ignores the signal of their end, so that they leave no
// zombies, which would use up the limit of processes in a long watch. Shells cannot
// ignore that signal; the env of coreutils can.
const holdOpen = `env --ignore-signal=CHLD true 2>/dev/null && exec env --ignore-signal=CHLD cat >/dev/null
exec cat >/dev/null`

// sweep removes containers whose bookci is gone. The daemon does so by itself
// unless it was stopped at the wrong moment, or a hostile process held the main one.
func (e *Engine) sweep(ctx context.Context, opts engine.SessionOptions) {
	list, err := e.API.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", Label))})
	if err != nil || e.Owner.Alive == nil {
		return // sweeping is only tidying, and the next call will show the fault
	}
	for _, c := range list {
		if e.Owner.Alive(c.Labels[Label]) {
			continue
		}
		if err := e.API.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err == nil {
			opts.Note("removed container %.12s, left by a bookci that is gone", c.ID)
		}
	}
}

// dockerError tells the daemon's refusals from its absence.
func dockerError(ctx context.Context, op string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	hint := "run `bookci doctor`"
	msg := err.Error()
	switch {
	case strings.Contains(msg, "no space left"):
		hint = "the disk that Docker keeps its data on is full"
	case errdefs.IsNotFound(err) && strings.Contains(msg, "network"):
		hint = "check the network named in bookci.yml"
	}
	return fault.Environmentf(hint, "%s: %w", op, err)
}

// transportMemo remembers for a day that a daemon does not share this
// machine's files, so that every build need not find it out anew.
type transportMemo struct {
	dir, daemon string
	now         time.Time
}

const memoFile = "transport"

func (m transportMemo) bindFailed() bool {
	if m.dir == "" || m.daemon == "" {
		return false
	}
	name := filepath.Join(m.dir, memoFile)
	text, err := fsx.ReadBelow(m.dir, name, 1<<10)
	if err != nil || strings.TrimSpace(string(text)) != m.daemon {
		return false
	}
	st, err := os.Stat(name)
	return err == nil && m.now.Sub(st.ModTime()) < 24*time.Hour
}

func (m transportMemo) rememberBindFailed() {
	if m.dir != "" && m.daemon != "" {
		// A lost note costs one more try.
		_ = fsx.WriteFile(filepath.Join(m.dir, memoFile), []byte(m.daemon+"\n"), 0o644)
	}
}
