package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/internal/standin"
)

// desktopAPI is Docker Desktop where it does not share the folder: it takes or
// refuses the container as it does, in its own words.
type desktopAPI struct {
	*client.Client
	onCreate, onStart string          // what it says of a mount, "" for nothing
	mounting          map[string]bool // containers that ask for one
}

func (a *desktopAPI) ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, net *network.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error) {
	mounts := len(host.Mounts) > 0
	if mounts && a.onCreate != "" {
		return container.CreateResponse{}, errors.New("Error response from daemon: " + a.onCreate)
	}
	if mounts {
		host.Mounts = nil // it never comes to mounting
	}
	made, err := a.Client.ContainerCreate(ctx, config, host, net, platform, name)
	a.mounting[made.ID] = mounts
	return made, err
}

func (a *desktopAPI) ContainerStart(ctx context.Context, id string, opts container.StartOptions) error {
	if a.mounting[id] && a.onStart != "" {
		return errors.New("Error response from daemon: " + a.onStart)
	}
	return a.Client.ContainerStart(ctx, id, opts)
}

func TestWhereDockerDesktopDoesNotShareTheFolderItIsSent(t *testing.T) {
	direct := standin.Docker(t)
	standin.Image(t, direct)
	for name, api := range map[string]*desktopAPI{
		"a Mac's folder":         {onStart: "Mounts denied: \nThe path /Volumes/work/book is not shared from the host and is not known to Docker.\nYou can configure shared paths from Docker -> Preferences... -> Resources -> File Sharing.\n."},
		"a network drive":        {onCreate: `invalid mount config for type "bind": bind source path does not exist: /run/desktop/mnt/host/uC/server/share/book`},
		"a USB stick":            {onCreate: `error while creating mount source path '/run/desktop/mnt/host/e/book': mkdir /run/desktop/mnt/host/e: file exists`},
		"the user said no":       {onCreate: `user declined directory sharing C:\Users\author\book`},
		"a drive is not shared":  {onCreate: "C: drive is not shared. Please share it in Docker for Windows Settings"},
		"another kind of daemon": {onCreate: `invalid mount config for type "bind": invalid mount path: 'C:\Users\author\book' mount path must be absolute`},
		"no word, no mount":      {},
	} {
		t.Run(name, func(t *testing.T) {
			api.Client, api.mounting = direct, map[string]bool{}
			root := t.TempDir()
			enginetest.Put(t, root, map[string]string{"ch01.re": "一"})
			s := enginetest.Open(t, enginetest.DockerEngine(t, api, direct, "stand-in", docker.AutoTransport), root)
			enginetest.Sync(t, s, root)
			enginetest.WantTree(t, s, map[string]string{"ch01.re": "一"})
			if memo, err := os.ReadFile(filepath.Join(root, ".bookci", "transport")); err != nil || strings.TrimSpace(string(memo)) == "" {
				t.Errorf("the next build would try again: %q, %v", memo, err)
			}
		})
	}
}
