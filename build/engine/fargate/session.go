package fargate

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/objects"
)

// session is a task and the folder in the bucket that it shares with bookci.
type session struct {
	e     *Engine
	id    string
	root  string
	dir   string // of the book, below root
	paths engine.Paths
	env   []string
	note  func(string, ...any)
	store *objects.S3
	desk  *desk
	task  *task // nil until launched

	turn   chan struct{}          // holds one token, which the caller at work takes: a desk has room for one command
	steps  []step                 // what is to be done before the next command
	inputs int                    // how many objects were put for the task to read
	sent   map[string]source.File // what the task's copy of the sources holds; nil: unknown

	beats    sync.WaitGroup
	stopBeat context.CancelFunc
	closing  sync.Once
	closeErr error
}

func (e *Engine) newSession(opts engine.SessionOptions) *session {
	id := strings.ToLower(rand.Text())
	store := e.folder().Below(id)
	s := &session{
		e: e, id: id, root: opts.Root, dir: opts.Dir, note: opts.Note, store: store, desk: &desk{store: store, life: cmp.Or(e.AddressLife, usualLife)},
		paths: engine.Paths{Work: e.Mount, Own: ownDir},
		sent:  map[string]source.File{},
		turn:  make(chan struct{}, 1),
	}
	s.turn <- struct{}{}
	s.env = slices.Concat(inside.Env(s.paths), opts.Env)
	return s
}

// Paths implements engine.Session.
func (s *session) Paths() engine.Paths { return s.paths }

func (s *session) own() *objects.S3 { return s.store }

// wait waits for the caller's turn.
func (s *session) wait(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) next() { s.turn <- struct{}{} }

// running is the op of a command of the caller's.
const running = "running in the task"

// Run implements engine.Session.
func (s *session) Run(ctx context.Context, cmd engine.Command) (int, error) {
	if err := s.wait(ctx); err != nil {
		return 0, err
	}
	defer s.next()
	last := step{op: running, at: s.own}
	if cmd.Stdin != nil {
		name, err := s.putPlain(ctx, cmd.Stdin)
		if err != nil {
			return 0, s.e.fault(ctx, "sending to the task", err)
		}
		last.input = name
	}
	var b strings.Builder
	b.WriteString("(\n")
	fmt.Fprintf(&b, "cd %s || exit 126\n", quote(path.Join(s.paths.Work, cmd.Dir)))
	for _, env := range cmd.Env {
		if err := export(&b, env); err != nil {
			return 0, err
		}
	}
	b.WriteString("exec")
	for _, a := range cmd.Argv {
		b.WriteString(" " + quote(a))
	}
	b.WriteString("\n)")
	last.text = b.String()
	stdout, stderr := cmd.Stdout, cmd.Stderr
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	return s.do(ctx, last, stdout, stderr)
}

// putPlain uploads what a command reads.
func (s *session) putPlain(ctx context.Context, r io.Reader) (string, error) {
	p, err := s.e.newParcel()
	if err != nil {
		return "", err
	}
	defer p.Close()
	if _, err := io.Copy(p.file, r); err != nil {
		return "", err
	}
	s.inputs++
	name := fmt.Sprintf("in-%d", s.inputs)
	_, err = s.store.Put(ctx, name, p.file, objects.PutOptions{})
	return name, err
}

// putInput uploads what only this session needs.
func (s *session) putInput(ctx context.Context, write func(io.Writer) error) (string, error) {
	p, err := s.e.pack(write)
	if err != nil {
		return "", err
	}
	defer p.Close()
	s.inputs++
	name := fmt.Sprintf("in-%d", s.inputs)
	_, err = s.store.Put(ctx, name, p.file, objects.PutOptions{})
	return name, err
}

// Put implements engine.Session. A failure in the task shows with the next command.
func (s *session) Put(ctx context.Context, dir string, tar io.Reader) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.next()
	name, err := s.putInput(ctx, func(w io.Writer) error { _, err := io.Copy(w, tar); return err })
	if err != nil {
		return s.e.fault(ctx, "sending to "+dir, err)
	}
	s.queue(step{op: "sending to " + dir, input: name, at: s.own, text: shell(`mkdir -p "$1" && cd "$1" && exec tar -xzf -`, dir)})
	return nil
}

// Get implements engine.Session.
func (s *session) Get(ctx context.Context, dir string, names []string, w io.Writer) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.next()
	script := `cd "$1" 2>/dev/null || exit 0; shift; n=$#
while [ $n -gt 0 ]; do f=$1; shift; n=$((n-1)); if [ -e "$f" ] || [ -L "$f" ]; then set -- "$@" "$f"; fi; done
if [ $# -gt 0 ]; then exec tar -cf - -- "$@"; fi`
	args := []string{dir}
	for _, n := range names {
		args = append(args, "./"+n)
	}
	op := "reading from " + dir
	stderr := new(bytes.Buffer)
	status, err := s.do(ctx, step{op: op, text: shell(script, args...)}, w, stderr)
	if err == nil && status != 0 {
		err = s.failed(&engine.ScriptError{Op: op, Status: status, Stderr: stderr.String()})
	}
	return err
}

func (s *session) seed(ctx context.Context, seeds []engine.Seed) error {
	name, err := s.putInput(ctx, func(w io.Writer) error { return inside.WriteSeeds(w, seeds) })
	if err == nil {
		s.queue(step{op: "preparing the task", input: name, at: s.own, text: shell(`cd "$1" && exec tar -xzf -`, ownDir)})
	}
	return err
}

// unpack queues an object of the engine's folder, a compressed tar, for dir.
func (s *session) unpack(shared, dir, before, op string) {
	s.queue(step{op: op, input: shared, at: s.e.folder, text: shell(`mkdir -p "$1" && cd "$1" && `+before+`exec tar -xzf -`, dir)})
}
