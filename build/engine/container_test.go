package engine_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/standin"
)

// What only containers promise.

func TestAContainerIsHardened(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"ch01.re": "1", ".git/config": "token", "lib/.git/config": "token", ".hg/hgrc": "token", "lib/secret.txt": "token"})
		s := enginetest.Open(t, c.Engine(t), root)
		found, err := source.Find(t.Context(), root, source.Options{Exclude: []string{"**/secret.txt"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(t.Context(), found.Files); err != nil {
			t.Fatal(err)
		}
		status, _ := enginetest.Sh(t, s, "cat /proc/self/status")
		for _, want := range []string{"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
			if !strings.Contains(status, want) {
				t.Errorf("no %q", want)
			}
		}
		if out, _ := enginetest.Sh(t, s, "ls /sys/class/net"); out != "lo\n" {
			t.Errorf("network interfaces: %q", out)
		}
		out, _ := enginetest.Sh(t, s, `for f in /x /etc/x /usr/x /bin/x /var/x /bookci/src/x /bookci/src/ch01.re; do (echo x >>$f) 2>/dev/null && echo "$f"; done; true`)
		if out != "" {
			t.Errorf("could be written to: %s", out)
		}
		if out, _ := enginetest.Sh(t, s, "grep -rl token /bookci/src /work 2>/dev/null"); out != "" {
			t.Errorf("can be read: %q", out)
		}
		out, _ = enginetest.Sh(t, s, `ls /var/run/docker.sock 2>&1 | grep -v -i 'no such'; ls /dev/sd* /dev/vd* /dev/mem 2>/dev/null; true`)
		if out != "" {
			t.Errorf("devices and sockets: %s", out)
		}
	})
}

func TestAContainersLimitsHold(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		s := enginetest.Open(t, c.Engine(t), root)
		if _, status := enginetest.Sh(t, s, `exec awk 'BEGIN { s = "0123456789abcdef"; while (1) s = s s }'`); status == 0 {
			t.Error("memory without end ended well")
		}
		if _, status := enginetest.Sh(t, s, `dd if=/dev/zero of=/tmp/fill bs=1M count=2000 2>/dev/null`); status == 0 {
			t.Error("2 GB of files were written within 512 MB")
		}
	})
}

func TestSourcesThatDoNotFitNameTheLimit(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		// The second is less than the limit, but whoever copies it needs memory, too.
		for _, size := range []int64{600 << 20, 511 << 20} {
			root := t.TempDir()
			s := enginetest.Open(t, c.Engine(t), root)
			enginetest.Put(t, root, map[string]string{"video.mp4": ""})
			if err := os.Truncate(filepath.Join(root, "video.mp4"), size); err != nil {
				t.Fatal(err)
			}
			found, err := source.Find(t.Context(), root, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Sync(t.Context(), found.Files)
			var env *fault.Environment
			if !errors.As(err, &env) || !strings.Contains(env.Hint, "raise limits.memory") {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
}

// A watch gives up many builds in one container.
func TestProcessesThatLostTheirParentLeaveNothing(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		s := enginetest.Open(t, c.Engine(t), t.TempDir())
		if _, status := enginetest.Sh(t, s, "env --ignore-signal=CHLD true"); status != 0 {
			t.Skip("the image's env cannot ignore signals")
		}
		out, _ := enginetest.Sh(t, s, `for i in 1 2 3; do (sleep 0.1 &); done; sleep 0.5; cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '`)
		if out != "0\n" {
			t.Errorf("zombies: %s", out)
		}
	})
}

func TestAForkBombEndsWhenCancelled(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		e := c.Engine(t)
		s := enginetest.Open(t, e, root)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := s.Run(ctx, engine.Command{Argv: []string{"/bin/sh", "-c", `bomb() { while :; do sleep 1000 & done; }; while :; do (bomb) 2>/dev/null; done`}})
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 20*time.Second {
			t.Errorf("Run: %v after %v", err, took)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCommandsRunAsTheOwner(t *testing.T) {
	enginetest.InContainers(t, func(t *testing.T, c enginetest.Contender) {
		if os.Geteuid() != 0 {
			t.Skip("needs root to be somebody else")
		}
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"a": "1"})
		for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		e := c.Engine(t).(*docker.Engine)
		e.Owner.UID, e.Owner.GID = 12345, 54321
		s := enginetest.Open(t, e, root)
		enginetest.Sync(t, s, root)
		if out, _ := enginetest.Sh(t, s, `echo 2 >>a && mkdir b && stat -c %u:%g a b . "$HOME" && id -u && id -g`); out != strings.Repeat("12345:54321\n", 2)+"0:0\n12345:54321\n12345\n54321\n" &&
			out != strings.Repeat("12345:54321\n", 4)+"12345\n54321\n" {
			t.Errorf("got %q", out)
		}
	})
}

// countingAPI counts what is sent into containers.
type countingAPI struct {
	*client.Client
	sent atomic.Int64
}

func (a *countingAPI) ContainerExecAttach(ctx context.Context, id string, opts container.ExecAttachOptions) (types.HijackedResponse, error) {
	h, err := a.Client.ContainerExecAttach(ctx, id, opts)
	if err == nil {
		h.Conn = &countingConn{h.Conn, &a.sent}
	}
	return h, err
}

type countingConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.Conn.Write(p)
}

func (c *countingConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func TestOnlyChangesAreSent(t *testing.T) {
	direct := standin.Docker(t)
	api := &countingAPI{Client: direct}
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"big.png": strings.Repeat("x", 5_000_000), "ch01.re": "1", "ch02.re": "2"})
	s := enginetest.Open(t, enginetest.DockerEngine(t, api, direct, "stand-in", docker.Copy), root)
	enginetest.Sync(t, s, root)
	if sent := api.sent.Load(); sent < 5_000_000 {
		t.Fatalf("only %d bytes were sent at first", sent)
	}
	api.sent.Store(0)
	enginetest.Sync(t, s, root)
	if sent := api.sent.Load(); sent > 0 {
		t.Errorf("%d bytes were sent although nothing has changed", sent)
	}
	enginetest.Put(t, root, map[string]string{"ch01.re": "changed", "ch03.re": "3"})
	if err := os.Remove(filepath.Join(root, "ch02.re")); err != nil {
		t.Fatal(err)
	}
	enginetest.Sync(t, s, root)
	if sent := api.sent.Load(); sent == 0 || sent > 100_000 {
		t.Errorf("%d bytes were sent for two small files", sent)
	}
	enginetest.WantTree(t, s, map[string]string{"big.png": strings.Repeat("x", 5_000_000), "ch01.re": "changed", "ch03.re": "3"})
}

func TestTheTransportIsFoundOut(t *testing.T) {
	api := standin.Docker(t)
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"a": "1"})
	// A proxy of the file system: the daemon is asked to mount a folder that
	// is another one to it, as a daemon in a VM would.
	e := enginetest.DockerEngine(t, &elsewhereAPI{Client: api, there: t.TempDir()}, api, "stand-in", docker.AutoTransport)
	s := enginetest.Open(t, e, root)
	enginetest.Sync(t, s, root)
	enginetest.WantTree(t, s, map[string]string{"a": "1"})
	memo, err := os.ReadFile(filepath.Join(root, ".bookci", "transport"))
	if err != nil || len(memo) == 0 {
		t.Errorf("the failure of the mount was not remembered: %v", err)
	}
	e.Transport = docker.Bind
	if s, err := e.Open(t.Context(), engine.SessionOptions{Root: root}); err == nil {
		s.Close()
		t.Error("a mount of another folder passed for this one")
	} else if env := (*fault.Environment)(nil); !errors.As(err, &env) || env.Hint == "" {
		t.Errorf("no hint in %v", err)
	}
}

// elsewhereAPI mounts there, whatever is asked for.
type elsewhereAPI struct {
	*client.Client
	there string
}

func (a *elsewhereAPI) ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, net *network.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error) {
	for i := range host.Mounts {
		host.Mounts[i].Source = a.there
	}
	return a.Client.ContainerCreate(ctx, config, host, net, platform, name)
}

func TestAContainerEndsWithItsOwner(t *testing.T) {
	api := standin.Docker(t)
	standin.Image(t, api)
	for _, when := range []string{"idle", "running", "deaf"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			id := startOwner(t, "docker", when)
			gone := time.Now()
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if _, err := api.ContainerInspect(t.Context(), id); errdefs.IsNotFound(err) {
					t.Logf("gone after %v", time.Since(gone).Round(10*time.Millisecond))
					return
				}
				if time.Now().After(end) {
					_ = api.ContainerRemove(t.Context(), id, container.RemoveOptions{Force: true})
					t.Fatalf("container %.12s outlives its owner", id)
				}
			}
		})
	}
}

func TestAWorkTreeOnTheHostEndsWithItsOwner(t *testing.T) {
	standin.Programs(t) // or the owner would be skipped, and not come up
	for _, when := range []string{"idle", "running", "deaf"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			work := startOwner(t, "host", when)
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				_, err := os.Stat(work)
				left := hostSleepers(t, &pathsOnly{work: work})
				if errors.Is(err, os.ErrNotExist) && left == "" {
					return
				}
				if time.Now().After(end) {
					t.Fatalf("left: %s (%v), processes: %q", work, err, left)
				}
			}
		})
	}
}

type pathsOnly struct {
	engine.Session
	work string
}

func (p *pathsOnly) Paths() engine.Paths { return engine.Paths{Work: p.work} }

// startOwner starts this test binary as TestOwner, kills it when its session
// is open, and returns what the session should take with it.
func startOwner(t *testing.T, engine, when string) (left string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestOwner$", "-test.v")
	cmd.Env = append(os.Environ(), "BOOKCI_TEST_OWNER="+engine, "BOOKCI_TEST_OWNER_IS="+when, "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, left, ok := strings.Cut(lines.Text(), "OWNS "); ok {
			return left
		}
		t.Log(lines.Text())
	}
	t.Fatal("the owner did not come up")
	return ""
}

// TestOwner is no test but the process that startOwner kills.
func TestOwner(t *testing.T) {
	kind := os.Getenv("BOOKCI_TEST_OWNER")
	if kind == "" {
		t.Skip("other tests start and kill it")
	}
	// TestAContainerEndsWithItsOwner and its like end this process here.
	var e engine.Engine
	var own func(s engine.Session) string
	if kind == "docker" {
		api := standin.Docker(t)
		d := enginetest.DockerEngine(t, api, api, "stand-in", docker.Copy)
		d.Owner.Token += "/owner/" + os.Getenv("BOOKCI_TEST_OWNER_IS")
		e, own = d, func(engine.Session) string {
			found, err := api.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", docker.Label+"="+d.Owner.Token))})
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			return found[0].ID
		}
	} else {
		e, own = enginetest.Contenders(t)[0].Engine(t), func(s engine.Session) string { return s.Paths().Work }
	}
	s := enginetest.Open(t, e, t.TempDir())
	script := map[string]string{
		"idle":    ":",
		"running": "echo up; exec sleep 1000",
		"deaf":    "trap '' HUP INT TERM PIPE; echo up; while :; do sleep 1000; done",
	}[os.Getenv("BOOKCI_TEST_OWNER_IS")]
	say := enginetest.WriterFunc(func(p []byte) (int, error) {
		_, err := os.Stdout.WriteString("OWNS " + own(s) + "\n")
		return len(p), err
	})
	if script == ":" {
		if _, err := say(nil); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	_, err := s.Run(t.Context(), engine.Command{Argv: []string{"/bin/sh", "-c", script}, Stdout: say})
	t.Fatal(err)
}
