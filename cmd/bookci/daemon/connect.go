package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/sockets"

	"github.com/bookci/bookci/internal/fault"
)

// Daemon is a Docker Engine, or what speaks its API, and how it was found.
type Daemon struct {
	*client.Client
	Endpoint string                 // unix:///…, tcp://…, ssh://…
	Found    string                 // DOCKER_HOST, a context's name, or a socket that was looked for
	Config   *configfile.ConfigFile // Docker's config.json
}

// Connect finds the Docker Engine as the docker command does, and then where
// other engines put their sockets, and asks whether it answers.
func Connect(ctx context.Context, getenv func(string) string) (*Daemon, error) {
	dir := getenv("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(Home(getenv, runtime.GOOS), ".docker")
	}
	cfg, err := config.Load(dir)
	if err != nil {
		return nil, &fault.Environment{Err: fmt.Errorf("reading Docker's configuration: %w", err), Hint: "mend or remove " + filepath.Join(dir, "config.json")}
	}
	candidates, err := endpoints(getenv, cfg, dir)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, c := range candidates {
		d, err := c.open()
		if err == nil {
			if err = ping(ctx, d); err == nil {
				d.Config = cfg
				return d, nil
			}
			d.Close()
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if strings.HasPrefix(c.host, "ssh://") {
			err = sshError{err}
		}
		errs = append(errs, fmt.Errorf("%s (%s): %w", c.host, c.found, err))
	}
	all := errors.Join(errs...)
	f := &fault.Environment{Err: fmt.Errorf("Docker does not answer: %w", all), Hint: advice(all, getenv("DOCKER_HOST"))}
	if !is[addressError](all) && !errors.Is(all, sockets.ErrProtocolNotAvailable) {
		f.Err = &NoAnswer{f.Err}
	}
	return nil, f
}

// NoAnswer is in the error of Connect when nothing is wrong with what the user
// said, but no daemon is there.
type NoAnswer struct{ error }

func (n *NoAnswer) Unwrap() error { return n.error }

// answerLimit bounds how long a daemon may take to answer its first question.
const answerLimit = 10 * time.Second

func ping(ctx context.Context, d *Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	d.NegotiateAPIVersion(ctx)
	_, err := d.Ping(ctx)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("no permission to use the socket: %w", err)
	}
	return err
}
