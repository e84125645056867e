package cache

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
)

// Daemon is what the store needs of the Engine API. A *client.Client is one.
type Daemon interface {
	Info(ctx context.Context) (system.Info, error)
	ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error)
	ImageList(ctx context.Context, opts image.ListOptions) ([]image.Summary, error)
	ImageTag(ctx context.Context, source, target string) error
	ImageSave(ctx context.Context, refs []string, opts ...client.ImageSaveOption) (io.ReadCloser, error)
	ImageLoad(ctx context.Context, tar io.Reader, opts ...client.ImageLoadOption) (image.LoadResponse, error)
}

// inspector is the one method that every part needs.
type inspector interface {
	ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error)
}

// Registry asks a registry, through the daemon, what a reference stands for.
// A *client.Client is one.
type Registry interface {
	DistributionInspect(ctx context.Context, ref, encodedAuth string) (registry.DistributionInspect, error)
}

// Builder builds images. A *client.Client is one.
type Builder interface {
	ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error)
	ImageBuild(ctx context.Context, tar io.Reader, opts build.ImageBuildOptions) (build.ImageBuildResponse, error)
}

// keepsContentByManifest reports whether the daemon's store is containerd's.
// There an image's ID is its manifest's digest and every blob of a load is
// wanted, so nothing can be left out.
func keepsContentByManifest(info system.Info) bool {
	for _, kv := range info.DriverStatus {
		if kv[0] == "driver-type" && strings.HasPrefix(kv[1], "io.containerd.snapshotter") {
			return true
		}
	}
	return false
}

// DaemonPlatform returns the platform that the daemon runs, as images name it.
func DaemonPlatform(ctx context.Context, d interface {
	Info(ctx context.Context) (system.Info, error)
}) (string, error) {
	info, err := d.Info(ctx)
	if err != nil {
		return "", fmt.Errorf("asking the daemon about itself: %w", err)
	}
	arch := info.Architecture // as the kernel names it
	if name, ok := map[string]string{"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}[arch]; ok {
		arch = name
	}
	return info.OSType + "/" + arch, nil
}
