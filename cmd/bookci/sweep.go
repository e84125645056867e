package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/owner"
	"github.com/bookci/bookci/internal/fault"
)

// startReaper starts the reaper with this program as the remover of containers.
func startReaper() (*reaper.Reaper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, &fault.Environment{Err: fmt.Errorf("finding this program: %w", err)}
	}
	reaper, err := reaper.Start(self, []string{self, "sweep-containers", owner.Token()})
	if err != nil {
		return nil, &fault.Environment{Err: err}
	}
	return reaper, nil
}

// newReapCmd is the reaper itself, where no shell can be it.
func (a *app) newReapCmd() *cobra.Command {
	return &cobra.Command{
		Use:    reaper.Word,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return reaper.Serve(a.Stdin) },
	}
}

// newSweepCmd removes the containers of a bookci that was killed. The reaper
// runs it.
func (a *app) newSweepCmd() *cobra.Command {
	return &cobra.Command{
		Use:    "sweep-containers TOKEN",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := daemon.Connect(cmd.Context(), a.Getenv)
			if err != nil {
				return err
			}
			defer d.Close() // nothing is under way any more
			return sweepContainers(cmd.Context(), d, args[0])
		},
	}
}

// sweepContainers looks several times: the daemon may still be at work on what
// the killed process asked for last.
func sweepContainers(ctx context.Context, d *daemon.Daemon, token string) error {
	// The reaper waits for the answer, and with it a bookci that ends.
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	const looks = 6
	for range looks {
		list, err := d.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", docker.Label+"="+token))})
		if err != nil {
			return err
		}
		for _, c := range list {
			// One that is already on its way out answers with an error.
			_ = d.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
