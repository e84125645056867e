package workshop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/owner"
	"github.com/bookci/bookci/internal/fault"
)

// The words by which the reaper calls this program.
const (
	SweepContainersWord = "sweep-containers"
	SweepTasksWord      = "sweep-tasks"
)

// StartReaper starts the reaper with this program as the remover of containers.
func StartReaper() (*reaper.Reaper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, &fault.Environment{Err: fmt.Errorf("finding this program: %w", err)}
	}
	reaper, err := reaper.Start(self, []string{self, SweepContainersWord, owner.Token()})
	if err != nil {
		return nil, &fault.Environment{Err: err}
	}
	return reaper, nil
}

// SweepContainers looks several times: the daemon may still be at work on what
// the killed process asked for last.
func SweepContainers(ctx context.Context, d *daemon.Daemon, token string) error {
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

// SweepTasks stops the tasks of a bookci that was killed and removes its objects.
// where is the place of tasks that the reaper was told.
func SweepTasks(ctx context.Context, token, where string) error {
	const patience = 3 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	t := &fargate.Engine{Owner: fargate.Owner{Machine: owner.Place(), Token: token}, Clock: fargate.RealClock{}}
	if err := json.Unmarshal([]byte(where), &t.Place); err != nil {
		return fault.Usagef("", "the place of tasks: %w", err)
	}
	if err := t.Connect(ctx); err != nil {
		return err
	}
	return t.Sweep(ctx)
}
