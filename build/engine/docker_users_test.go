package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/standin"
)

// An engine may give its containers users of their own, and root has no say in
// a container without capabilities: what the mount does not let them read is sent.
func TestFilesThatTheContainersUserMayNotReadAreSentInstead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can build as somebody else")
	}
	for _, image := range []string{"stand-in", standin.RealImage} {
		t.Run(image, func(t *testing.T) {
			api := standin.Docker(t)
			engine := enginetest.DockerEngine(t, api, api, image, docker.Bind)
			engine.Owner.UID, engine.Owner.GID = 54321, 54321
			root := t.TempDir()
			enginetest.Put(t, root, map[string]string{"open.re": "open", "secret.re": "secret", "dir/deep.re": "deep"})
			for name, mode := range map[string]os.FileMode{"secret.re": 0o600, "dir": 0o700} {
				if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
					t.Fatal(err)
				}
			}
			for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			s := enginetest.Open(t, engine, root)
			enginetest.Sync(t, s, root)
			if out, status := enginetest.Sh(t, s, "cat open.re secret.re dir/deep.re"); out != "opensecretdeep" || status != 0 {
				t.Errorf("the work tree holds %q (status %d)", out, status)
			}
		})
	}
}

// A daemon that is stopped kills its containers first. That is no fault of
// the book, and no want of memory.
func TestAContainerKilledUnderACommandIsTheEnvironmentsFault(t *testing.T) {
	api := standin.Docker(t)
	eng := enginetest.DockerEngine(t, api, api, "stand-in", docker.Copy)
	eng.Owner.Token += "/killed"
	s := enginetest.Open(t, eng, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	running := make(chan error, 1)
	go func() {
		list, err := api.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", docker.Label+"="+eng.Owner.Token))})
		for _, c := range list {
			time.Sleep(500 * time.Millisecond) // the command below runs by then
			err = errors.Join(err, api.ContainerKill(ctx, c.ID, "KILL"))
		}
		running <- err
	}()
	status, err := s.Run(ctx, engine.Command{Argv: []string{"sleep", "1000"}})
	if kerr := <-running; kerr != nil {
		t.Fatal(kerr)
	}
	var environment *fault.Environment
	if !errors.As(err, &environment) || !strings.Contains(environment.Hint, "Docker") {
		t.Errorf("got status %d and error %v, want a fault of the environment with a hint", status, err)
	}
}
