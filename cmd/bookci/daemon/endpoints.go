package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/internal/fault"
)

// candidate is a place where a daemon may answer.
type candidate struct {
	host, found string
	open        func() (*Daemon, error)
}

// endpoints lists where to look. What the user named is the only place then.
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
	list := []candidate{socket("/var/run/docker.sock", "the default socket")}
	run := getenv("XDG_RUNTIME_DIR")
	home := getenv("HOME")
	for _, s := range []struct{ path, found string }{
		{join(home, ".docker/run/docker.sock"), "Docker Desktop"},
		{join(run, "docker.sock"), "rootless Docker"},
		{join(home, ".colima/default/docker.sock"), "Colima"},
		{join(home, ".rd/docker.sock"), "Rancher Desktop"},
		{join(run, "podman/podman.sock"), "Podman"},
		{"/run/podman/podman.sock", "Podman"},
	} {
		if s.path == "" {
			continue
		}
		if _, err := os.Stat(s.path); err == nil {
			list = append(list, socket(s.path, s.found))
		}
	}
	return list, nil
}

func join(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

func socket(path, found string) candidate {
	host := "unix://" + path
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
