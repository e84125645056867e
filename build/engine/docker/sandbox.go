package docker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/system"
)

// maxMasks bounds the mounts over hidden files and folders: each costs about a
// millisecond.
const maxMasks = 64

// spec is the container: hardened, with all that it writes held in memory.
func (e *Engine) spec(opts engine.SessionOptions, info system.Info, transport Transport) (*container.Config, *container.HostConfig) {
	config := &container.Config{
		Image:      e.Image,
		Entrypoint: []string{"/bin/sh", "-c", holdOpen},
		Cmd:        []string{},
		User:       e.user(info),
		Env:        slices.Concat(inside.Env(engine.Paths{Work: e.Mount, Own: ownDir}), opts.Env),
		OpenStdin:  true,
		StdinOnce:  true,
		// Attached streams are part of the config for Podman.
		AttachStdin: true,
		WorkingDir:  "/",
		Labels:      map[string]string{Label: e.Owner.Token},
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
	}
	tmpfs := "rw,exec,nosuid,nodev,mode=1777"
	if e.Limits.Memory > 0 {
		tmpfs += fmt.Sprintf(",size=%d", e.Limits.Memory)
	}
	host := &container.HostConfig{
		AutoRemove:     true,
		NetworkMode:    container.NetworkMode(e.Network),
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
		ReadonlyRootfs: !e.Writable,
		Tmpfs:          map[string]string{"/tmp": tmpfs, ownDir: tmpfs, e.Mount: tmpfs},
		LogConfig:      container.LogConfig{Type: "none"},
		Resources: container.Resources{
			Memory:     e.Limits.Memory,
			MemorySwap: e.Limits.Memory,
			NanoCPUs:   int64(e.Limits.CPUs * 1e9),
		},
	}
	if opts.Interactive {
		host.Resources.CPUShares = 8192 // the default is 1024; counts only when the machine is busy
	}
	// A daemon refuses more cores than it has, and cannot limit what its
	// control groups do not offer (rootless without delegation).
	if info.NCPU > 0 && e.Limits.CPUs >= float64(info.NCPU) || !info.CPUCfsQuota {
		host.Resources.NanoCPUs = 0
	}
	if !info.MemoryLimit {
		host.Resources.Memory, host.Resources.MemorySwap = 0, 0
	}
	if e.Limits.PIDs > 0 && info.PidsLimit {
		host.Resources.PidsLimit = &e.Limits.PIDs
	}
	if transport == Bind {
		host.Mounts = []mount.Mount{{
			Type: mount.TypeBind, Source: bindSource(opts.Root), Target: sourceDir, ReadOnly: true,
		}}
		for _, name := range opts.Hidden {
			if folder, ok := strings.CutSuffix(name, "/"); ok {
				host.Tmpfs[sourceDir+"/"+folder] = "ro,mode=0555,size=4k"
			} else {
				host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeBind, Source: "/dev/null", Target: sourceDir + "/" + name, ReadOnly: true})
			}
		}
	}
	return config, host
}

// bindSource is a folder as Docker Desktop takes it: with drives and \\wsl.localhost
// as Windows writes them, but not in the form of long paths. Another daemon may
// refuse such a name or show another folder: the sources are sent then.
func bindSource(root string) string {
	if share, ok := strings.CutPrefix(root, `\\?\UNC\`); ok {
		return `\\` + share
	}
	return strings.TrimPrefix(root, `\\?\`)
}

// user is the invoking user where the daemon's users are this machine's. In a
// user namespace (rootless, Podman, userns-remap) root inside is the unprivileged one.
func (e *Engine) user(info system.Info) string {
	for _, opt := range info.SecurityOptions {
		if strings.Contains(opt, "rootless") || strings.Contains(opt, "userns") {
			return "0:0"
		}
	}
	if e.Owner.UID < 0 {
		return "1000:1000"
	}
	return fmt.Sprintf("%d:%d", e.Owner.UID, e.Owner.GID)
}
