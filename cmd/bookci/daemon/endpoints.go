package daemon

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/internal/fault"
)

// candidate is a place where a daemon may answer: Daemon's Endpoint and Found.
type candidate struct {
	host, found string
	open        func() (*Daemon, error)
}

// endpoints lists where to look, in order. Where the user named a place it is the
// only one.
func endpoints(getenv func(string) string, cfg *configfile.ConfigFile, dir string) ([]candidate, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		return []candidate{{host, "DOCKER_HOST", func() (*Daemon, error) { return openHost(host, "DOCKER_HOST", getenv) }}}, nil
	}
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		name = cfg.CurrentContext
	}
	if name != "" && name != "default" {
		c, err := contextEndpoint(name, dir)
		if err != nil {
			return nil, &fault.Environment{Err: fmt.Errorf("docker context %q: %w", name, err), Hint: "`docker context ls` lists them; DOCKER_CONTEXT=default leaves it out"}
		}
		return []candidate{c}, nil
	}
	return usual(getenv, runtime.GOOS, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}), nil
}

// usual are the places where engines listen on a system when nothing was said.
// The first is the docker command's own.
func usual(getenv func(string) string, goos string, exists func(path string) bool) []candidate {
	type place struct{ path, found string }
	if goos == "windows" {
		// A pipe that is not there says so at once. Docker Desktop has a pipe of its
		// own for Linux containers; the default one it has where the user lets it.
		return []candidate{
			local("npipe:////./pipe/docker_engine", "the default pipe"),
			local("npipe:////./pipe/dockerDesktopLinuxEngine", "Docker Desktop"),
			local("npipe:////./pipe/podman-machine-default", "Podman"),
		}
	}
	list := []candidate{local("unix:///var/run/docker.sock", "the default socket")}
	run, home := getenv("XDG_RUNTIME_DIR"), Home(getenv, goos)
	for _, s := range []place{
		{join(home, ".docker/run/docker.sock"), "Docker Desktop"},
		{join(run, "docker.sock"), "rootless Docker"},
		{join(home, ".colima/default/docker.sock"), "Colima"},
		{join(home, ".rd/docker.sock"), "Rancher Desktop"},
		{join(run, "podman/podman.sock"), "Podman"},
		{"/run/podman/podman.sock", "Podman"},
	} {
		if s.path != "" && exists(s.path) {
			list = append(list, local("unix://"+s.path, s.found))
		}
	}
	return list
}

// Home is the user's own folder as the docker command finds it, "" when it is
// not known.
func Home(getenv func(string) string, goos string) string {
	if goos == "windows" {
		return getenv("USERPROFILE")
	}
	return getenv("HOME")
}

func join(dir, name string) string {
	if dir == "" {
		return ""
	}
	return path.Join(dir, name) // of systems whose paths have slashes
}

// local is an engine of this machine, which needs no certificates.
func local(host, found string) candidate {
	return candidate{host, found, func() (*Daemon, error) { return openHost(host, found, func(string) string { return "" }) }}
}

// contextEndpoint is the endpoint of a docker context.
func contextEndpoint(name, dir string) (candidate, error) {
	s := store.New(filepath.Join(dir, "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	meta, err := s.GetMetadata(name)
	if err != nil {
		return candidate{}, err
	}
	endpointMeta, err := docker.EndpointFromContext(meta)
	if err != nil {
		return candidate{}, err
	}
	endpoint, err := docker.WithTLSData(s, name, endpointMeta)
	if err != nil {
		return candidate{}, err
	}
	found := "docker context " + name
	return candidate{endpoint.Host, found, func() (*Daemon, error) {
		if strings.HasPrefix(endpoint.Host, "ssh://") {
			return openSSH(endpoint.Host, found)
		}
		opts, err := endpoint.ClientOpts()
		if err != nil {
			return nil, err
		}
		return newDaemon(endpoint.Host, found, append(opts, client.WithAPIVersionNegotiation())...)
	}}, nil
}
