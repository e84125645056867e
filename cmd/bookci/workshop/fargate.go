package workshop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/cmd/bookci/owner"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
)

// fargate is the engine that runs makers in the user's AWS account.
func (e *Engines) fargate(ctx context.Context) (engine.Engine, build.Makers, error) {
	image, err := e.project.TaskImage()
	if err != nil {
		return nil, build.Makers{}, err
	}
	t, err := tasks(e.project)
	if err != nil {
		return nil, build.Makers{}, err
	}
	t.Image, t.Reaper = image, e.reaper
	if e.pool != nil {
		t, err = e.pool.get(ctx, t)
	} else {
		err = t.Connect(ctx)
	}
	if err != nil {
		return nil, build.Makers{}, err
	}
	// Where the reaper looks, when this process is killed.
	where, err := json.Marshal(t.Place)
	if err != nil {
		return nil, build.Makers{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, build.Makers{}, fmt.Errorf("finding this program: %w", err)
	}
	if err := e.reaper.SweepWith([]string{self, SweepTasksWord, owner.Token(), string(where)}); err != nil {
		return nil, build.Makers{}, err
	}
	e.tasks = t
	return t, build.Makers{Ref: settings.EngineFargate + " " + e.project.ImageRef(), ID: image}, nil
}

// Tasks is the engine fargate under its own name, connected.
func (e *Engines) Tasks(ctx context.Context) (*fargate.Engine, error) {
	_, _, err := e.fargate(ctx)
	return e.tasks, err
}

// CheckTasks refuses settings that say too little of the user's AWS account.
func CheckTasks(p *project.Project) error {
	_, err := tasks(p)
	return err
}

// tasks is the engine as the settings have it.
func tasks(p *project.Project) (*fargate.Engine, error) {
	s := p.Settings.Fargate
	for _, need := range []struct{ key, value string }{
		{"cluster", s.Cluster}, {"bucket", s.Bucket}, {"subnets", strings.Join(s.Subnets, "")},
	} {
		if need.value == "" {
			return nil, fault.Usagef("set BOOKCI_FARGATE_"+strings.ToUpper(need.key)+", or write it into "+settings.OwnFile()+"; the outputs of `bookci fargate init`'s template name all of them",
				"fargate.%s is not set", need.key)
		}
	}
	return &fargate.Engine{
		Place: fargate.Place{
			Region: s.Region, Cluster: s.Cluster, Bucket: s.Bucket, Prefix: s.Prefix,
			Subnets: s.Subnets, SecurityGroups: s.SecurityGroups, PublicIP: s.PublicIP,
			ExecutionRole: s.ExecutionRole, LogGroup: s.LogGroup,
			Endpoint: p.Settings.S3.Endpoint, PathStyle: p.Settings.S3.PathStyle,
		},
		Size:     fargate.Size{CPU: int(s.CPU), Memory: int(s.Memory), Storage: int(s.Storage), Spot: s.Spot},
		Mount:    p.Settings.Mount,
		Owner:    fargate.Owner{Machine: owner.Place(), Token: owner.Token(), Alive: owner.Alive},
		Clock:    fargate.RealClock{},
		Patience: s.Wait,
	}, nil
}
