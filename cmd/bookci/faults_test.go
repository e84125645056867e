//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/internal/standin"
)

// TestFaultScripts break a Docker Engine of their own in the middle of the work.
func TestFaultScripts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("starting a Docker Engine needs root")
	}
	here, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := os.Stat("/proc/1/root"); err == nil && !os.SameFile(here, all) {
		t.Skip("a Docker Engine in a chroot mounts nothing into its containers")
	}
	for _, program := range []string{"dockerd", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s on this machine", program)
		}
	}
	if _, err := standin.Busybox(); err != nil {
		t.Skip(err)
	}
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){"dockerd": cmdDockerd}
	for name, f := range scriptCommands {
		commands[name] = f
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/faults",
		Setup: func(env *testscript.Env) error {
			s := &scene{t: t}
			if err := s.setup(env); err != nil {
				return err
			}
			s.engine = &dockerd{dir: filepath.Join(s.dir, "d")}
			if err := s.engine.start(); err != nil {
				s.engine.close()
				s.engine = nil
				env.T().Skip("this machine's dockerd does not start here: " + err.Error())
			}
			ref, err := standin.Build(context.Background(), s.engine.api)
			if err != nil {
				return err
			}
			env.Setenv("DOCKER_HOST", s.engine.host())
			env.Setenv("BOOKCI_IMAGE", ref)
			return nil
		},
		Cmds:      commands,
		Condition: scriptCondition(nil),
	})
}

// dockerd is one with folders of its own.
type dockerd struct {
	dir  string
	api  *client.Client
	cmd  *exec.Cmd
	done chan struct{}
}

func (e *dockerd) host() string { return "unix://" + filepath.Join(e.dir, "s") }

func (e *dockerd) start() error {
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(e.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	// The machine's configuration is not this engine's.
	config := filepath.Join(e.dir, "daemon.json")
	if err := os.WriteFile(config, []byte("{}\n"), 0o644); err != nil {
		return err
	}
	// In a network of its own: an engine without a bridge removes docker0, which
	// is the machine's own engine's.
	e.cmd = exec.Command("unshare", "--net", "dockerd", "--config-file", config, "--host", e.host(), "--storage-driver", "vfs", "--data-root", filepath.Join(e.dir, "data"), "--exec-root", filepath.Join(e.dir, "exec"),
		"--pidfile", filepath.Join(e.dir, "pid"), "--bridge", "none", "--iptables=false", "--ip6tables=false")
	e.cmd.Stdout, e.cmd.Stderr = log, log
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	e.cmd.Env = append(os.Environ(), "DOCKER_TMPDIR=")
	if err := e.cmd.Start(); err != nil {
		return err
	}
	e.done = make(chan struct{})
	cmd, done := e.cmd, e.done
	go func() {
		_ = cmd.Wait() // it is killed
		close(done)
	}()
	if e.api == nil {
		if e.api, err = client.NewClientWithOpts(client.WithHost(e.host()), client.WithAPIVersionNegotiation()); err != nil {
			return err
		}
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err = e.api.Ping(context.Background()); err == nil {
			return nil
		}
		select {
		case <-done:
			return errors.New(lastLine(filepath.Join(e.dir, "log")))
		default:
		}
		if time.Now().After(end) {
			e.end(syscall.SIGKILL)
			return err
		}
	}
}

func lastLine(name string) string {
	lines := strings.Split(strings.TrimSpace(readAll(name)), "\n")
	return lines[len(lines)-1]
}

// end ends dockerd alone, as an administrator or the kernel does.
func (e *dockerd) end(sig syscall.Signal) {
	_ = e.cmd.Process.Signal(sig) // it may have ended
	<-e.done
}

// close ends dockerd and removes all that it left.
func (e *dockerd) close() []string {
	e.end(syscall.SIGTERM)
	var failures []string
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		killThoseOf(e.dir) // killed, dockerd leaves its containerd and shims
		for _, m := range mountsBelow(e.dir) {
			_ = syscall.Unmount(m, lazyUnmount) // seen below
		}
		err := os.RemoveAll(e.dir)
		if err == nil {
			return failures
		}
		if time.Now().After(end) {
			return append(failures, err.Error())
		}
	}
}

// killThoseOf ends the processes whose command line names a file below dir.
func killThoseOf(dir string) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err == nil && strings.Contains(string(line), dir+"/") {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone
		}
	}
}

func mountsBelow(dir string) (list []string) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], dir+"/") {
			list = append([]string{f[1]}, list...) // the inner ones first
		}
	}
	return list
}

// containers lists what the engine has.
func (e *dockerd) containers() []string {
	list, err := e.api.ContainerList(context.Background(), container.ListOptions{All: true})
	if err != nil {
		return []string{err.Error()}
	}
	var left []string
	for _, c := range list {
		left = append(left, "container "+c.ID[:12]+" ("+c.State+")")
	}
	return left
}

// dockerd kill|term|start: ends the engine, or starts it again.
func cmdDockerd(ts *testscript.TestScript, _ bool, args []string) {
	e := sceneOf(ts).engine
	switch args[0] {
	case "kill":
		e.end(syscall.SIGKILL)
	case "term":
		e.end(syscall.SIGTERM)
	case "start":
		// What its predecessor left behind can be in the way for a while.
		err := e.start()
		for range 3 {
			if err == nil {
				break
			}
			ts.Logf("starting dockerd again: %v", err)
			err = e.start()
		}
		ts.Check(err)
	}
}

// lazyUnmount is Linux's MNT_DETACH; these tests are skipped elsewhere.
const lazyUnmount = 2
