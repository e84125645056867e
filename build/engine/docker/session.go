package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// session is a container that lives as long as keepalive is open.
type session struct {
	api         API
	reaper      *reaper.Reaper
	id          string
	root        string
	memory      int64 // the limit of all that it holds, files and processes; 0: none
	transport   Transport
	paths       engine.Paths
	sent        map[string]source.File // what the container's copy of the sources holds (Copy); nil: unknown
	keepalive   types.HijackedResponse
	gone        <-chan container.WaitResponse
	waitErr     <-chan error
	stopWaiting context.CancelFunc
	note        func(string, ...any)
	closing     sync.Once
	closeErr    error
}

// Paths implements Session.
func (s *session) Paths() engine.Paths { return s.paths }

// closeLimit bounds how long bookci waits for the daemon to remove a container.
const closeLimit = 20 * time.Second

// Close implements Session.
func (s *session) Close() error {
	s.closing.Do(func() {
		if s.closeErr = s.close(); s.closeErr == nil {
			s.closeErr = s.reaper.ContainerGone()
		}
	})
	return s.closeErr
}

func (s *session) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if s.stopWaiting != nil {
		defer s.stopWaiting()
	}
	if s.keepalive.Conn != nil {
		s.keepalive.Close()
	}
	err := s.api.ContainerRemove(ctx, s.id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	if connectionLost(err) {
		// The command under way has told that the daemon is lost. A daemon that comes
		// back removes the containers that ended meanwhile.
		return nil
	}
	if !errdefs.IsConflict(err) || s.gone == nil {
		return dockerError(ctx, "removing the container", err)
	}
	// The daemon is already removing the container.
	select {
	case <-s.gone:
		return nil
	case err := <-s.waitErr:
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		return dockerError(ctx, "removing the container", err)
	case <-ctx.Done():
		return fault.Environmentf("", "removing the container: no answer from Docker in %s", closeLimit)
	}
}

// seen is where the container sees a folder of this machine: below the mount.
func (s *session) seen(dir string) string {
	rel, err := filepath.Rel(s.root, dir)
	if s.transport != Bind || err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return path.Join(sourceDir, filepath.ToSlash(rel))
}

// unpackOwn puts bookci's own programs and the seeds into the container. For a
// mounted root it then checks that the mount is this machine's folder: the
// container must read a word that was written here.
func (s *session) unpackOwn(ctx context.Context, opts engine.SessionOptions, state string) error {
	there := ""
	var word string
	if s.transport == Bind {
		var err error
		var remove func()
		if there, word, remove, err = s.writeWord(state); err != nil {
			return err
		}
		defer remove()
	}
	script := `umask 022; cd "$1" && mkdir -p home run state texmf-var tree && tar -xf - && touch run/opened || exit
[ -z "$2" ] || cat "$2" 2>/dev/null
[ -z "$3" ] || bin/bookci-ready "$3" </dev/null >/dev/null 2>&1 &
exit 0`
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(inside.WriteOwn(pw, opts.Seeds, s.seen)) }()
	defer pr.Close()
	out := &text.Head{Max: 4096}
	if err := s.shell(ctx, "preparing the container", script, []string{ownDir, there, opts.Maker}, pr, out); err != nil {
		var failed *engine.ScriptError
		if errors.As(err, &failed) && failed.Status == 127 {
			err = fault.Environmentf(engine.NoProgramsHint, "%w", err)
		}
		return err
	}
	if out.String() != word {
		return errNotShared
	}
	return nil
}

// writeWord writes a word below the root that no other machine can know, and
// tells where the container sees it.
func (s *session) writeWord(state string) (inside, word string, remove func(), err error) {
	rel, err := filepath.Rel(s.root, state)
	if err != nil || !filepath.IsLocal(rel) {
		return "", "", nil, errNotShared
	}
	word = rand.Text()
	name := filepath.Join(state, "nonce-"+word[:8])
	if err := s.reaper.Remove(name); err != nil {
		return "", "", nil, fault.Environmentf("", "%w", err)
	}
	remove = func() {
		if os.Remove(name) == nil {
			_ = s.reaper.Keep(name) // if that fails, the reaper finds nothing to remove
		}
	}
	if err := os.WriteFile(name, []byte(word), 0o644); err != nil {
		remove()
		return "", "", nil, errNotShared
	}
	return path.Join(sourceDir, filepath.ToSlash(rel), filepath.Base(name)), word, remove, nil
}

// Put implements Session.
func (s *session) Put(ctx context.Context, dir string, tar io.Reader) error {
	return s.shell(ctx, "sending to "+dir, `mkdir -p "$1" && cd "$1" && exec tar -xf -`, []string{dir}, tar, nil)
}

// Get implements Session.
func (s *session) Get(ctx context.Context, dir string, names []string, w io.Writer) error {
	script := `cd "$1" 2>/dev/null || exit 0; shift; n=$#
while [ $n -gt 0 ]; do f=$1; shift; n=$((n-1)); if [ -e "$f" ] || [ -L "$f" ]; then set -- "$@" "$f"; fi; done
if [ $# -gt 0 ]; then exec tar -cf - -- "$@"; fi`
	args := []string{dir}
	for _, n := range names {
		args = append(args, "./"+n)
	}
	return s.shell(ctx, "reading from "+dir, script, args, nil, w)
}

// Run implements Session.
func (s *session) Run(ctx context.Context, cmd engine.Command) (int, error) {
	return s.exec(ctx, container.ExecOptions{
		Cmd:        cmd.Argv,
		Env:        cmd.Env,
		WorkingDir: path.Join(s.paths.Work, cmd.Dir),
	}, cmd.Stdin, cmd.Stdout, cmd.Stderr)
}

// shell runs a script of bookci's own.
func (s *session) shell(ctx context.Context, op, script string, args []string, stdin io.Reader, stdout io.Writer) error {
	argv := append([]string{"/bin/sh", "-c", script, "bookci"}, args...)
	stderr := &text.Head{Max: 4096}
	// English, whatever the image's language: the words are matched below.
	status, err := s.exec(ctx, container.ExecOptions{Cmd: argv, Env: []string{"LC_ALL=C"}, WorkingDir: "/"}, stdin, stdout, stderr)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if status != 0 {
		failed := &engine.ScriptError{Op: op, Status: status, Stderr: stderr.String()}
		// Files count as memory like processes do. Where they use it up, the kernel
		// mostly kills the writer, and "No space left" is the rarer sign.
		if status == killedStatus || strings.Contains(failed.Stderr, "No space left") {
			return fault.Environmentf(memoryHint, "%s: the container's memory is used up", op)
		}
		return failed
	}
	return nil
}

const memoryHint = "raise limits.memory in bookci.yml: the work tree is held in memory"

// killLimit bounds how long a cancelled command may take to end before its
// container is removed under it.
const killLimit = 5 * time.Second

// exec runs a command in the container.
func (s *session) exec(ctx context.Context, opts container.ExecOptions, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	opts.AttachStdin, opts.AttachStdout, opts.AttachStderr = stdin != nil, true, true
	created, err := s.api.ContainerExecCreate(ctx, s.id, opts)
	if err != nil {
		return 0, s.lost(ctx, err)
	}
	conn, err := hijacked(ctx, func() (types.HijackedResponse, error) {
		return s.api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	if err != nil {
		return 0, s.lost(ctx, err)
	}
	defer conn.Close()
	if stdin != nil {
		// Ends when stdin does or the connection is closed below; the caller
		// closes a pipe that may block.
		go func() {
			_, _ = io.Copy(conn.Conn, stdin) // a command need not read all that it is offered
			_ = conn.CloseWrite()
		}()
	}
	done := make(chan error, 1)
	go func() {
		_, err := stdcopy.StdCopy(stdout, stderr, conn.Reader)
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		s.killAll()
		select {
		case <-done:
		case <-time.After(killLimit):
			s.Close() // the command did not end when it was killed
			conn.Close()
			<-done
		}
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, s.lost(ctx, err)
	}
	status, err := s.exitStatus(ctx, created.ID)
	if err == nil && status == killedStatus {
		err = s.stillThere(ctx)
	}
	return status, err
}

// killedStatus is the status of a command that signal 9 ended. The kernel sends it
// when memory is short, and the daemon when it ends the container.
const killedStatus = 128 + 9

// stillThere returns an error where the container has ended. Commands end a moment
// before the daemon knows that their container has, so the daemon is asked for a
// while. To run a command would tell nothing: none runs in a live container either
// when files use up the memory.
func (s *session) stillThere(ctx context.Context) error {
	const looks, pause = 5, 100 * time.Millisecond
	for range looks {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		c, err := s.api.ContainerInspect(ctx, s.id)
		if err != nil {
			return s.lost(ctx, fmt.Errorf("%w: %w", errEnded, err))
		}
		switch {
		case c.State == nil:
			return s.lost(ctx, errEnded)
		case !c.State.Running && c.State.OOMKilled:
			return fault.Environmentf(memoryHint, "%w: its memory is used up", errEnded)
		case !c.State.Running:
			return s.lost(ctx, errEnded)
		}
	}
	return nil
}

// errEnded is the cause when a container ends that bookci did not end.
var errEnded = errors.New("the container ended in the middle of the work")

// exitStatus asks how a command ended. The output may end a moment before the
// daemon has seen the exit.
func (s *session) exitStatus(ctx context.Context, exec string) (int, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		res, err := s.api.ContainerExecInspect(ctx, exec)
		if err != nil {
			return 0, s.lost(ctx, err)
		}
		if !res.Running {
			return res.ExitCode, nil
		}
		select {
		case <-time.After(min(wait, 100*time.Millisecond)):
		case <-ctx.Done():
			s.killAll()
			return 0, context.Cause(ctx)
		}
	}
}

// lost explains a connection that ended under a command.
func (s *session) lost(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	const hint = "was Docker stopped or restarted, the container removed from outside, or memory short? run the command again"
	if connectionLost(err) || errors.Is(err, errEnded) || errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return fault.Environmentf(hint, "running in the container: %w", err)
	}
	select {
	case <-s.gone:
		return fault.Environmentf(hint, "%w", errEnded)
	default:
	}
	return dockerError(ctx, "running in the container", err)
}

// connectionLost reports a daemon that does not answer any more.
func connectionLost(err error) bool {
	var network *net.OpError
	return client.IsErrConnectionFailed(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// killAll ends every process of the container but its main one.
func (s *session) killAll() {
	ctx, cancel := context.WithTimeout(context.Background(), killLimit)
	defer cancel()
	created, err := s.api.ContainerExecCreate(ctx, s.id, container.ExecOptions{Cmd: []string{"/bin/sh", "-c", "kill -9 -1"}})
	if err != nil {
		return // the caller removes the container where processes stay
	}
	conn, err := hijacked(ctx, func() (types.HijackedResponse, error) {
		return s.api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Detach: false})
	})
	if err != nil {
		return
	}
	conn.Close()
}

// hijacked opens a connection that becomes a stream. The client forgets about
// ctx once it has asked for one, and a daemon that hangs would hold bookci.
func hijacked(ctx context.Context, open func() (types.HijackedResponse, error)) (types.HijackedResponse, error) {
	type answer struct {
		conn types.HijackedResponse
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		conn, err := open()
		answers <- answer{conn, err}
	}()
	select {
	case a := <-answers:
		return a.conn, a.err
	case <-ctx.Done():
		// Ends with the daemon's answer, or with this process.
		go func() {
			if a := <-answers; a.err == nil {
				a.conn.Close()
			}
		}()
		return types.HijackedResponse{}, context.Cause(ctx)
	}
}
