package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/internal/fault"
)

// daemon is a Docker Engine, or what speaks its API, and how it was found.
type daemon struct {
	*client.Client
	Endpoint string // unix:///…, tcp://…, ssh://…
	Found    string // DOCKER_HOST, a context's name, or a socket that was looked for
	Config   *configfile.ConfigFile
}

const dockerHint = "install Docker (https://docs.docker.com/get-docker/) or start it, or run bookci where review-pdfmaker is on PATH; `bookci doctor` looks further"

// connect finds the Docker Engine as the docker command does, and then where
// other engines put their sockets, and asks whether it answers.
func connect(ctx context.Context, getenv func(string) string) (*daemon, error) {
	dir := getenv("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".docker")
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
		errs = append(errs, fmt.Errorf("%s (%s): %w", c.host, c.found, err))
	}
	return nil, &fault.Environment{Err: fmt.Errorf("Docker does not answer: %w", errors.Join(errs...)), Hint: connectHint(errors.Join(errs...), getenv)}
}

// connectHint says what to do about a daemon that does not answer.
func connectHint(err error, getenv func(string) string) string {
	msg := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(msg, w) })
	}
	host := getenv("DOCKER_HOST")
	switch {
	case errors.Is(err, os.ErrPermission) && has("socket"), has("no permission to use"):
		return "add yourself to the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker or Podman"
	case has("ssh\": executable file not found"):
		return "an ssh:// address needs the ssh command on this machine"
	case has("[ssh "):
		return "try `ssh` to that host by hand: it must let you in without a password, and `docker` must be on PATH there"
	case has("http request to an https server"):
		return "that daemon speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem"
	case has("server gave http response to https client", "first record does not look like a tls handshake"):
		return "that daemon does not speak TLS: unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or check the port"
	case has("x509", "tls", "certificate", "docker_tls_verify"):
		return "check ca.pem, cert.pem and key.pem in the folder that DOCKER_CERT_PATH (else ~/.docker) or the docker context names"
	case has("unable to parse docker host", "invalid proto", "protocol not available"):
		return "an address begins with unix://, tcp:// or ssh://"
	case host != "":
		return "is Docker running there? DOCKER_HOST says where to look: unset it to use this machine's own"
	}
	return dockerHint
}

// answerLimit bounds how long a daemon may take to answer its first question.
const answerLimit = 10 * time.Second

func ping(ctx context.Context, d *daemon) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	d.NegotiateAPIVersion(ctx)
	_, err := d.Ping(ctx)
	if errors.Is(err, os.ErrPermission) || err != nil && strings.Contains(err.Error(), "permission denied") {
		return fmt.Errorf("no permission to use the socket (add yourself to its group, or use rootless Docker): %w", err)
	}
	return err
}

// candidate is a place where a daemon may answer.
type candidate struct {
	host, found string
	open        func() (*daemon, error)
}

// endpoints lists where to look. What the user named is the only place then.
func endpoints(getenv func(string) string, cfg *configfile.ConfigFile, dir string) ([]candidate, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		return []candidate{{host, "DOCKER_HOST", func() (*daemon, error) { return openHost(host, "DOCKER_HOST", getenv) }}}, nil
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
	return candidate{host, found, func() (*daemon, error) { return openHost(host, found, func(string) string { return "" }) }}
}

// openHost opens an endpoint named by a URL, with TLS as the environment says.
func openHost(host, found string, getenv func(string) string) (*daemon, error) {
	if strings.HasPrefix(host, "ssh://") {
		return openSSH(host, found)
	}
	opts := []client.Opt{client.WithHost(host), version(getenv)}
	if dir := getenv("DOCKER_CERT_PATH"); dir != "" {
		if getenv("DOCKER_TLS_VERIFY") == "" {
			return nil, errors.New("DOCKER_CERT_PATH without DOCKER_TLS_VERIFY would trust any daemon: set DOCKER_TLS_VERIFY=1")
		}
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	} else if getenv("DOCKER_TLS_VERIFY") != "" {
		dir := filepath.Join(getenv("HOME"), ".docker")
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	}
	return newDaemon(host, found, opts...)
}

func version(getenv func(string) string) client.Opt {
	if v := getenv("DOCKER_API_VERSION"); v != "" {
		return client.WithVersion(v)
	}
	return client.WithAPIVersionNegotiation()
}

func openSSH(host, found string) (*daemon, error) {
	helper, err := connhelper.GetConnectionHelper(host)
	if err != nil {
		return nil, err
	}
	return newDaemon(host, found,
		client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: helper.Dialer}}),
		client.WithHost(helper.Host),
		client.WithDialContext(helper.Dialer),
		client.WithAPIVersionNegotiation())
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
	return candidate{endpoint.Host, found, func() (*daemon, error) {
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

func newDaemon(host, found string, opts ...client.Opt) (*daemon, error) {
	c, err := client.NewClientWithOpts(append(opts, largeBuffers)...)
	if err != nil {
		return nil, err
	}
	return &daemon{Client: c, Endpoint: host, Found: found}, nil
}

// largeBuffers lets images and sources flow in fewer system calls than 4 kB at
// a time need: an engine took in a tar of 2.6 GB in 3.9 s instead of 6.1 s (medians of three).
func largeBuffers(c *client.Client) error {
	if t, ok := c.HTTPClient().Transport.(*http.Transport); ok {
		t.ReadBufferSize, t.WriteBufferSize = 256<<10, 256<<10
	}
	return nil
}
