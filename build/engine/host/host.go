package host

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/process"
)

// Engine runs makers that are on PATH: in a CI job that already runs inside
// the image, or where Re:VIEW and TeX are installed. It keeps the source
// folder clean, but it is no sandbox: hooks and TeX can do what the user can.
type Engine struct {
	Environ []string // the environment that commands inherit, PATH in it
	TempDir string   // where work trees are made, "" for the system's
	Reaper  *reaper.Reaper
}

// Name implements Engine.
func (e *Engine) Name() string { return "host" }

// Open implements Engine.
func (e *Engine) Open(ctx context.Context, opts engine.SessionOptions) (engine.Session, error) {
	if runtime.GOOS == "windows" {
		return nil, fault.Environmentf("build with Docker Desktop, or run bookci inside WSL", "what makes a book needs a Unix shell, which Windows has not")
	}
	base, err := os.MkdirTemp(e.TempDir, "bookci-")
	if err != nil {
		return nil, fault.Environmentf("set TMPDIR to a folder that can be written", "making a work tree: %w", err)
	}
	if err := e.Reaper.Remove(base); err != nil {
		return nil, errors.Join(fault.Environmentf("", "%w", err), os.RemoveAll(base))
	}
	// /tmp may be a link, and TeX and Ruby compare paths.
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	s := &session{
		engine: e,
		base:   base,
		root:   opts.Root,
		paths:  engine.Paths{Work: filepath.Join(base, "work"), Own: filepath.Join(base, "own")},
	}
	s.env = slices.Concat(e.Environ, inside.Env(s.paths), opts.Env)
	for _, dir := range []string{s.paths.Work, "own/home", "own/run", "own/state", "own/texmf-var"} {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(base, dir)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, errors.Join(fault.Environmentf("", "making a work tree: %w", err), s.Close())
		}
	}
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(inside.WriteOwn(pw, opts.Seeds, func(dir string) string { return dir })) }()
	defer pr.Close()
	err = errors.Join(s.Put(ctx, s.paths.Own, pr), os.WriteFile(filepath.Join(s.paths.Own, "run", "opened"), nil, 0o644))
	if err != nil {
		return nil, errors.Join(fault.Environmentf("", "preparing the work tree: %w", err), s.Close())
	}
	return s, nil
}

type session struct {
	engine  *Engine
	base    string
	root    string
	paths   engine.Paths
	env     []string
	closing sync.Once
	closed  error
}

// Paths implements Session.
func (s *session) Paths() engine.Paths { return s.paths }

// Close implements Session.
func (s *session) Close() error {
	s.closing.Do(func() {
		if s.closed = fsx.RemoveAll(s.base); s.closed == nil {
			s.closed = s.engine.Reaper.Keep(s.base)
		}
	})
	return s.closed
}

// Sync implements Session.
func (s *session) Sync(ctx context.Context, files []source.File) error {
	if err := fsx.RemoveAll(s.paths.Work); err != nil {
		return fault.Environmentf("", "emptying the work tree: %w", err)
	}
	if err := os.Mkdir(s.paths.Work, 0o755); err != nil {
		return fault.Environmentf("", "emptying the work tree: %w", err)
	}
	src, err := fsx.OpenRoot(s.root)
	if err != nil {
		return err
	}
	defer src.Close()
	for _, f := range files {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := copyEntry(src, s.paths.Work, f); err != nil {
			return source.OrChanged(fmt.Errorf("copying %s to the work tree: %w", f.Path, err), s.root, files)
		}
	}
	return nil
}

func copyEntry(src *fsx.Root, work string, f source.File) error {
	local := filepath.FromSlash(f.Path)
	to := filepath.Join(work, local)
	if f.Mode.IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if f.Mode&fs.ModeSymlink != 0 {
		return os.Symlink(f.Link, to)
	}
	in, err := src.Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.Mode.Perm()|0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Chtimes(to, time.Time{}, time.Unix(0, f.MTime))
}

// Put implements Session.
func (s *session) Put(_ context.Context, dir string, r io.Reader) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+h.Name)))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(to, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeSymlink {
			if err := os.Symlink(h.Linkname, to); err != nil {
				return err
			}
			continue
		}
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fs.FileMode(h.Mode).Perm())
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, tr); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}

// Get implements Session.
func (s *session) Get(_ context.Context, dir string, names []string, w io.Writer) error {
	var files []source.File
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(name)), func(p string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				return err
			}
			f := source.File{Path: filepath.ToSlash(rel), Mode: info.Mode(), Size: info.Size(), MTime: info.ModTime().UnixNano()}
			if f.Mode&fs.ModeSymlink != 0 {
				f.Link, err = os.Readlink(p)
			}
			files = append(files, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	return source.WriteTree(w, dir, files)
}

// Run implements Session.
func (s *session) Run(ctx context.Context, c engine.Command) (int, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	env := slices.Concat(s.env, c.Env)
	// Commands are looked up on the PATH that they will see, not on bookci's.
	program, err := lookPath(c.Argv[0], env)
	dir := filepath.Join(s.paths.Work, filepath.FromSlash(c.Dir))
	if err == nil {
		file := program
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		_, err = os.Stat(file)
	}
	if err != nil {
		if c.Stderr != nil {
			fmt.Fprintf(c.Stderr, "%s: command not found\n", c.Argv[0])
		}
		return 127, nil // as a shell says it, and Docker too
	}
	// The command waits until the reaper knows of it. Otherwise it would outlive a
	// bookci that is killed before it can tell the reaper.
	known, tell, err := os.Pipe()
	if err != nil {
		return 0, fault.Environmentf("", "starting %s: %w", c.Argv[0], err)
	}
	defer tell.Close()
	cmd := exec.Command("/bin/sh", slices.Concat([]string{"-c", `read -r _ <&3 && exec "$@" 3<&-`, "sh", program}, c.Argv[1:])...)
	cmd.ExtraFiles = []*os.File{known}
	cmd.Dir = dir
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	if c.Stdin != nil {
		// A pipe, never a terminal itself: a process group that is not in the
		// foreground is stopped when it reads from the terminal.
		in, err := cmd.StdinPipe()
		if err != nil {
			return 0, fault.Environmentf("", "starting %s: %w", c.Argv[0], err)
		}
		defer in.Close()
		// The goroutine ends with the input or the command. Nobody waits for it: at a
		// terminal there may never be another line.
		go func() {
			_, _ = io.Copy(in, c.Stdin) // a command need not read all that it is offered
			_ = in.Close()
		}()
	}
	// A child that outlives the command and holds its output must not hold bookci.
	cmd.WaitDelay = 2 * time.Second
	group, err := process.Start(cmd)
	known.Close()
	if err != nil {
		return 0, fault.Environmentf("", "starting %s: %w", c.Argv[0], err)
	}
	defer group.Close()
	killErr := s.engine.Reaper.Kill(group)
	if _, err := io.WriteString(tell, "go\n"); err != nil {
		killErr = errors.Join(killErr, fmt.Errorf("starting %s: %w", c.Argv[0], err))
	}
	stop := context.AfterFunc(ctx, group.Kill)
	err = cmd.Wait()
	stop()
	group.Kill() // what the command left in the background
	if serr := s.engine.Reaper.Spare(group); killErr == nil {
		killErr = serr
	}
	if cause := context.Cause(ctx); cause != nil {
		return 0, cause
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code >= 0 {
			return code, killErr
		}
		return 128 + process.SignalOf(exit.ProcessState), killErr
	case errors.Is(err, exec.ErrWaitDelay):
		return cmd.ProcessState.ExitCode(), killErr
	case err != nil:
		return 0, fault.Environmentf("", "running %s: %w", c.Argv[0], err)
	}
	return 0, killErr
}

// lookPath finds a program on the last PATH of env.
func lookPath(name string, env []string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	for _, kv := range slices.Backward(env) {
		if list, ok := strings.CutPrefix(kv, "PATH="); ok {
			if found := FindProgram(name, list); found != "" {
				return found, nil
			}
			break
		}
	}
	return "", exec.ErrNotFound
}

// FindProgram returns the absolute path of a program in the folders of list,
// which is written as PATH is, "" when it is in none. Folders that are not
// absolute do not count: they would be others in a session.
func FindProgram(name, list string) string {
	for _, dir := range filepath.SplitList(list) {
		p := filepath.Join(dir, name)
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 && filepath.IsAbs(p) {
			return p
		}
	}
	return ""
}
