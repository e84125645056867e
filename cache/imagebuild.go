package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/registry"
)

// BuildOptions says how to build an image of the book's own.
type BuildOptions struct {
	Name       string                         // names the image bookci/NAME
	Context    string                         // absolute path of the context folder
	Dockerfile string                         // slash path below Context, "" for Dockerfile
	Exclude    []string                       // patterns, as in a .dockerignore, of more that is not sent
	Args       map[string]string              // build arguments
	Platform   string                         // "" for the daemon's
	Lock       *Lock                          // pins of the images that it is built upon; nil for none
	Network    string                         // of RUN steps, "" for the daemon's default
	Memory     int64                          // bytes that a RUN step may use, 0 for no limit
	Auth       map[string]registry.AuthConfig // by the registry's address
	Output     func(line string)              // the build log, line by line; nil for none
}

// Built is an image of the book's own.
type Built struct {
	Ref       string // bookci/NAME:HASH, the hash that of the context, the Dockerfile, the arguments and the pinned bases
	ID        string
	Unchanged bool // the daemon had it: nothing was built
}

// A BuildError is a Dockerfile that does not build.
type BuildError struct {
	Ref     string
	Step    string // the last step that began, such as "Step 3/5 : RUN false"
	Message string // as the engine says it

	// Where the Dockerfile has something that only BuildKit knows:
	Place    string // such as docker/Dockerfile:3, a slash path below the context
	BuildKit string // what it is, "" where there is nothing of the kind
}

func (e *BuildError) Error() string {
	if e.BuildKit != "" {
		return fmt.Sprintf("building image %s: %s: only BuildKit knows %s: %s", e.Ref, e.Place, e.BuildKit, e.Message)
	}
	s := fmt.Sprintf("building image %s: %s", e.Ref, e.Message)
	if e.Step != "" {
		s += " (" + e.Step + ")"
	}
	return s
}

// ImageRef returns the reference that BuildImage would build, without asking
// any daemon. The same context, Dockerfile, arguments and pins always give the
// same reference, on every machine. Of the context only a Dockerfile counts that
// copies nothing: beside it often lies the manuscript, which changes all the time.
func ImageRef(opts BuildOptions) (string, error) {
	_, ref, err := prepare(opts)
	return ref, err
}

func prepare(opts BuildOptions) (*buildContext, string, error) {
	c, err := readContext(opts)
	if err != nil {
		return nil, "", fmt.Errorf("reading the build context %s: %w", opts.Context, err)
	}
	hash, err := c.hash(opts)
	if err != nil {
		return nil, "", fmt.Errorf("reading the build context %s: %w", opts.Context, err)
	}
	return c, "bookci/" + repository(opts.Name) + ":" + hash[:12], nil
}

var notInRepository = regexp.MustCompile(`[^a-z0-9]+`)

// repository makes a name fit for an image reference.
func repository(name string) string {
	name = strings.Trim(notInRepository.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if name == "" {
		return "book"
	}
	return name
}

// BuildImage builds an image unless the daemon has it. It uses the classic
// builder, which every engine has and which needs no session of its own.
func BuildImage(ctx context.Context, b Builder, opts BuildOptions) (Built, error) {
	c, ref, err := prepare(opts)
	if err != nil {
		return Built{}, err
	}
	img, err := inspect(ctx, b, ref)
	if err == nil {
		return Built{Ref: ref, ID: img.ID, Unchanged: true}, nil
	}
	if !errors.Is(err, ErrNoImage) {
		return Built{}, err
	}
	r, w := io.Pipe()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w.CloseWithError(c.tar(w))
	}()
	// The engine may answer before it has read all: then the writer must not wait.
	defer func() {
		r.CloseWithError(io.ErrClosedPipe)
		<-sent
	}()
	args := map[string]*string{}
	for k, v := range opts.Args {
		args[k] = &v
	}
	resp, err := b.ImageBuild(ctx, r, build.ImageBuildOptions{
		Tags: []string{ref}, Dockerfile: opts.dockerfile(), BuildArgs: args, Platform: opts.Platform,
		NetworkMode: opts.Network, Memory: opts.Memory, MemorySwap: opts.Memory, AuthConfigs: opts.Auth, Remove: true, ForceRemove: true, Version: build.BuilderV1,
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		} else if cerrdefs.IsInvalidArgument(err) { // the Dockerfile cannot even be read
			return Built{}, buildError(opts, ref, "", err)
		}
		return Built{}, fmt.Errorf("building image %s: %w", ref, err)
	}
	defer resp.Body.Close() // read to its end
	lines := lineWriter{each: opts.Output}
	var step string
	err = readStream(resp.Body, func(m streamMessage) {
		if strings.HasPrefix(m.Stream, "Step ") {
			step = strings.TrimSpace(m.Stream)
		}
		switch {
		case m.Stream != "":
			lines.write(m.Stream)
		case m.Status != "":
			lines.status(m)
		}
	})
	lines.flush()
	var refused *refusedError
	switch {
	case ctx.Err() != nil:
		return Built{}, fmt.Errorf("building image %s: %w", ref, context.Cause(ctx))
	case errors.As(err, &refused):
		return Built{}, buildError(opts, ref, step, refused)
	case err != nil:
		return Built{}, fmt.Errorf("building image %s: %w", ref, err)
	}
	if img, err = inspect(ctx, b, ref); err != nil {
		return Built{}, err
	}
	return Built{Ref: ref, ID: img.ID}, nil
}

// buildError explains a Dockerfile that does not build.
func buildError(opts BuildOptions, ref, step string, err error) *BuildError {
	failed := &BuildError{Ref: ref, Step: step, Message: err.Error()}
	if line, what := onlyBuildKit(opts); line > 0 {
		failed.Place, failed.BuildKit = fmt.Sprintf("%s:%d", opts.dockerfile(), line), what
	}
	return failed
}

// lineWriter turns the pieces of a build log into lines.
type lineWriter struct {
	each func(string)
	part string
	last string
}

// longestLine bounds a line that is kept, bytes.
const longestLine = 16 << 10

func (l *lineWriter) write(text string) {
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if room := longestLine - len(l.part); len(line) > room {
			line = line[:room]
		}
		l.part += line
		if !ended {
			return
		}
		l.flush()
		text = rest
	}
}

// status passes on what a pull of the base image says, each thing once.
func (l *lineWriter) status(m streamMessage) {
	text := m.Status
	if m.ID != "" {
		text = m.ID + ": " + text
	}
	if text != l.last {
		l.last = text
		l.write(text + "\n")
	}
}

func (l *lineWriter) flush() {
	if line := strings.TrimRight(l.part, "\r"); line != "" && l.each != nil {
		l.each(line)
	}
	l.part = ""
}
