package previewer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/preview"
)

// open opens a session with the sources as they are now.
func (s *Page) open(ctx context.Context) (_ preview.Room, err error) {
	s.mu.Lock()
	p := s.project
	s.mu.Unlock()
	engines := s.claim.Engines(p)
	defer func() {
		if err != nil {
			engines.Close()
		}
	}()
	eng, _, err := engines.Get(ctx)
	if err != nil {
		return nil, err
	}
	sources, err := source.Find(ctx, p.Root, source.Options{Artifacts: p.ArtifactsBelow(), Exclude: p.Excluded(), Books: p.Books})
	if err != nil {
		return nil, err
	}
	session, err := eng.Open(ctx, engine.SessionOptions{
		Root:   p.Root,
		Hidden: sources.Hidden,
		Env:    p.Settings.Environ(),
		// Otherwise a chapter would wait for the build that the same edit began.
		Interactive: true,
		Note:        func(format string, args ...any) { s.note(fmt.Sprintf(format, args...)) },
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, session.Close())
		}
	}()
	if err := session.Sync(ctx, sources.Files); err != nil {
		return nil, err
	}
	return previewRoom{session, engines}, nil
}

// previewRoom is a session as the preview uses it. After Sync its commands are
// independent of each other.
type previewRoom struct {
	session engine.Session
	engines *workshop.Engines
}

func (r previewRoom) Own() string { return r.session.Paths().Own }

func (r previewRoom) Close() error {
	err := r.session.Close()
	r.engines.Close()
	return err
}

func (r previewRoom) Put(ctx context.Context, dir string, tar io.Reader) error {
	return r.session.Put(ctx, dir, tar)
}

func (r previewRoom) Run(ctx context.Context, p preview.Program) error {
	status, err := r.session.Run(ctx, engine.Command{Argv: p.Argv, Env: p.Env, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr})
	if err == nil && status != 0 {
		err = fmt.Errorf("%s ended with status %d", path.Base(p.Argv[0]), status)
	}
	return err
}
