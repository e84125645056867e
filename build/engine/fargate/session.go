package fargate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

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
	paths engine.Paths
	env   []string
	note  func(string, ...any)
	store *objects.S3
	desk  *desk
	task  *task // nil until launched

	turn   chan struct{}          // holds one, which who is at work has taken: a desk has room for one command
	steps  []step                 // what is to be done before the next command
	inputs int                    // how many objects were put for the task to read
	sent   map[string]source.File // what the task's copy of the sources holds; nil: unknown

	beats    sync.WaitGroup
	stopBeat context.CancelFunc
	closing  sync.Once
	closeErr error
}

// step is a part of a command: shell text that ends with status 0, or ends the command.
type step struct {
	op    string // for an error's text
	text  string
	input string             // the object that it reads from in-K, "" for none
	at    func() *objects.S3 // the store that input lies in
}

func (e *Engine) newSession(opts engine.SessionOptions) *session {
	id := strings.ToLower(rand.Text())
	store := e.folder().Below(id)
	s := &session{
		e: e, id: id, root: opts.Root, note: opts.Note, store: store, desk: &desk{store: store},
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

func (s *session) queue(st step) { s.steps = append(s.steps, st) }

// shell is a script of bookci's own with its arguments.
func shell(script string, args ...string) string {
	words := []string{"/bin/sh", "-c", quote(script), "bookci"}
	for _, a := range args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// unpack queues an object of the engine's folder, a compressed tar, for dir.
func (s *session) unpack(shared, dir, before, op string) {
	s.queue(step{op: op, input: shared, at: s.e.folder, text: shell(`mkdir -p "$1" && cd "$1" && `+before+`exec tar -xzf -`, dir)})
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

func (s *session) own() *objects.S3 { return s.store }

func (s *session) seed(ctx context.Context, seeds []engine.Seed) error {
	name, err := s.putInput(ctx, func(w io.Writer) error { return inside.WriteSeeds(w, seeds) })
	if err == nil {
		s.queue(step{op: "preparing the task", input: name, at: s.own, text: shell(`cd "$1" && exec tar -xzf -`, ownDir)})
	}
	return err
}

// maxPlain bounds what a command says, and maxTree what is taken out of a task:
// S3 takes no more in one piece.
const (
	maxPlain = 1 << 30
	maxTree  = 5 << 30
)

// lay puts the queued steps and last on the desk as one command. The queue stays
// until the answer is there.
func (s *session) lay(ctx context.Context, last *step) (int, error) {
	steps := s.steps
	watch, bound := false, int64(0)
	if last != nil {
		steps = append(slices.Clip(steps), *last)
		if last.op == running {
			watch, bound = true, maxPlain
		}
	}
	return s.desk.lay(ctx, func(ctx context.Context) (string, error) { return s.message(ctx, steps) }, watch, bound)
}

// message is the steps as the body of a shell function. Addresses are signed anew
// each time.
func (s *session) message(ctx context.Context, steps []step) (string, error) {
	var b strings.Builder
	for _, env := range s.env {
		if err := export(&b, env); err != nil {
			return "", err
		}
	}
	for i, st := range steps {
		fmt.Fprintf(&b, "echo %d >/bookci/agent/at\ncd /\n", i)
		if st.input != "" {
			url, err := st.at().GetURL(ctx, st.input, addressLife)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "input /bookci/agent/in-%d %s || exit\n", i, quote(url))
		}
		b.WriteString(st.text)
		if st.input != "" {
			fmt.Fprintf(&b, " </bookci/agent/in-%d", i)
		}
		b.WriteString(" || exit\n")
	}
	return b.String(), nil
}

func export(b *strings.Builder, env string) error {
	name, value, ok := strings.Cut(env, "=")
	if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") != "" || name[0] >= '0' && name[0] <= '9' {
		return fmt.Errorf("%q is no name that a shell knows for a variable", name)
	}
	fmt.Fprintf(b, "export %s=%s\n", name, quote(value))
	return nil
}

// shellError is a step that failed in the task.
type shellError struct {
	op     string
	status int
	stderr string
}

func (e *shellError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("%s: exit status %d", e.op, e.status)
	}
	return fmt.Sprintf("%s: %s", e.op, strings.TrimSpace(e.stderr))
}

// inputStatus is that of a task which could not read what a step needs.
const inputStatus = 98

func (s *session) failed(f *shellError) error {
	switch {
	case f.status == inputStatus:
		return faultf("can the task reach the bucket? run `bookci fargate doctor`", "%w", f)
	case f.status == 127:
		return faultf("is it an image with Re:VIEW in it? bookci needs sh, tar, find and xargs there", "%w", f)
	case strings.Contains(f.stderr, "No space left"):
		return faultf("raise fargate.storage", "%w", f)
	}
	return f
}

// do sends the queued steps and last, and waits for the answer. It returns the
// status of last; what went wrong in an earlier step is an error.
func (s *session) do(ctx context.Context, last step, stdout, stderr io.Writer) (int, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	n, err := s.lay(ctx, &last)
	if err != nil {
		return 0, s.e.fault(ctx, "writing to the bucket", err)
	}
	return s.answer(ctx, n, stdout, stderr)
}

// Pauses between looks at whether an answer is there: short at first, as most
// commands are.
const (
	firstPause = 50 * time.Millisecond
	longPause  = time.Second
	livePause  = 2 * time.Second
)

// killLimit bounds how long a command that was told to end may take before the
// whole task is ended.
const killLimit = 12 * time.Second

// answer waits for what came of command n.
func (s *session) answer(ctx context.Context, n int, stdout, stderr io.Writer) (int, error) {
	steps := s.steps
	s.steps = nil
	live := &progress{stdout: stdout, stderr: stderr}
	lastLook, unreached := s.e.Clock.Now(), time.Time{}
	for pause := firstPause; ; pause = min(longPause, pause*5/4) {
		stopped := false
		select {
		case <-s.e.Clock.After(pause):
		case <-s.task.gone:
			stopped = true // but it may have laid down its answer before
		case <-ctx.Done():
			s.end(n)
			return 0, context.Cause(ctx)
		}
		_, err := s.store.Head(ctx, outName(n))
		switch {
		case err == nil:
			return s.take(ctx, n, steps, live)
		case errors.Is(err, objects.ErrNotFound):
			unreached = time.Time{}
		case errors.Is(err, objects.ErrDenied) || errors.Is(err, objects.ErrNoBucket):
			return 0, s.e.fault(ctx, "waiting for the task", err)
		case context.Cause(ctx) == nil: // the bucket may be back as long as the task waits for it too
			if now := s.e.Clock.Now(); unreached.IsZero() {
				unreached = now
			} else if now.Sub(unreached) > s.e.lease() {
				return 0, s.e.fault(ctx, "waiting for the task", err)
			}
		}
		if stopped {
			return 0, s.e.ended(s.task)
		}
		if s.desk.watched() && s.e.Clock.Now().Sub(lastLook) >= livePause {
			lastLook = s.e.Clock.Now()
			s.look(ctx, n, live)
		}
	}
}

// end has the task end command n, and ends the task where it does not.
func (s *session) end(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), killLimit)
	defer cancel()
	s.sent = nil // what a step was at work on is unknown
	if !s.task.answered() {
		return // there is nothing to end yet; who opens the session closes it
	}
	if err := s.desk.stop(ctx, n); err == nil {
		for {
			if _, err := s.store.Head(ctx, outName(n)); err == nil {
				_ = s.store.Delete(ctx, outName(n), liveName(n)) // else with the session
				return
			}
			select {
			case <-s.e.Clock.After(4 * firstPause):
				continue
			case <-s.task.gone:
			case <-ctx.Done():
			}
			break
		}
	}
	_ = s.Close() // it says so again when the session is closed
}

// take reads an answer and gives what is in it to the caller's writers.
func (s *session) take(ctx context.Context, n int, steps []step, live *progress) (int, error) {
	s.task.hasAnswered()
	p, err := s.e.fetch(ctx, s.store, outName(n), maxTree)
	if err != nil {
		return 0, s.e.fault(ctx, "reading the task's answer", err)
	}
	defer p.Close()
	r := bufio.NewReader(p.file)
	head, err := readHead(r, n, 3)
	if err != nil {
		return 0, faultf("", "reading the task's answer: %w", err)
	}
	status, at, outLen, errLen := int(head[0]), int(head[1]), head[2], head[3]
	if at < len(steps) {
		text := new(bytes.Buffer)
		if _, err := io.CopyN(io.Discard, r, outLen); err != nil {
			return 0, faultf("", "reading the task's answer: %w", err)
		}
		if _, err := io.CopyN(text, r, min(errLen, 4096)); err != nil {
			return 0, faultf("", "reading the task's answer: %w", err)
		}
		if status == 0 { // what was asked for had no last command
			return 0, s.tidy(ctx, n)
		}
		s.sent = nil
		return 0, s.failed(&shellError{steps[at].op, status, text.String()})
	}
	if err := errors.Join(live.stdoutRest(r, outLen), live.stderrRest(r, errLen)); err != nil {
		return 0, fmt.Errorf("reading the task's answer: %w", err)
	}
	return status, s.tidy(ctx, n)
}

// tidy removes what has been read. What cannot be goes with the session.
func (s *session) tidy(ctx context.Context, n int) error {
	names := []string{outName(n)}
	if s.desk.watched() {
		names = append(names, liveName(n))
	}
	_ = s.store.Delete(context.WithoutCancel(ctx), names...)
	return nil
}

// look tells the caller what a running command has said so far. Whatever goes
// wrong with that, the answer will tell all.
func (s *session) look(ctx context.Context, n int, live *progress) {
	const max = 3 << 20
	data, _, err := objects.ReadAll(ctx, s.store, liveName(n), max)
	if err != nil {
		return
	}
	r := bufio.NewReader(bytes.NewReader(data))
	head, err := readHead(r, n, 1)
	if err != nil {
		return
	}
	out := io.LimitReader(r, head[0])
	_ = live.stdoutRest(out, -1)
	if _, err := io.Copy(io.Discard, out); err != nil {
		return
	}
	_ = live.stderrRest(io.LimitReader(r, head[1]), -1)
}

// readHead reads the line "bookci N A B ..." with more+1 numbers after N.
func readHead(r *bufio.Reader, n, more int) ([]int64, error) {
	const longest = 200
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) > longest {
		return nil, errors.New("it does not begin as an answer does")
	}
	var number int64
	numbers := make([]int64, more+1)
	words := strings.Fields(string(line))
	if len(words) != more+3 || words[0] != "bookci" {
		return nil, errors.New("it does not begin as an answer does")
	}
	for i, w := range words[1:] {
		var v int64
		if _, err := fmt.Sscanf(w, "%d", &v); err != nil || v < 0 {
			return nil, errors.New("it does not begin as an answer does")
		}
		if i == 0 {
			number = v
		} else {
			numbers[i-1] = v
		}
	}
	if number != int64(n) {
		return nil, fmt.Errorf("it is that of command %d, not %d", number, n)
	}
	return numbers, nil
}

// progress gives output to its writers once, though it comes in growing pieces.
type progress struct {
	stdout, stderr       io.Writer
	stdoutGot, stderrGot int64
}

func (p *progress) stdoutRest(r io.Reader, length int64) error {
	return rest(p.stdout, r, length, &p.stdoutGot)
}

func (p *progress) stderrRest(r io.Reader, length int64) error {
	return rest(p.stderr, r, length, &p.stderrGot)
}

// rest writes what of r's length bytes (-1: all) is not written yet.
func rest(w io.Writer, r io.Reader, length int64, got *int64) error {
	skip := *got
	if length >= 0 {
		skip = min(skip, length)
	}
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		if length < 0 && err == io.EOF {
			return nil // an older piece
		}
		return err
	}
	var n int64
	var err error
	if length < 0 {
		n, err = io.Copy(w, r)
	} else {
		n, err = io.CopyN(w, r, length-skip)
	}
	*got += n
	return err
}

// wait waits for the turn of who calls a session beside others.
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

// Put implements engine.Session. What fails in the task shows with the next command.
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
		err = s.failed(&shellError{op, status, stderr.String()})
	}
	return err
}

// keepLease renews the desk until the session is closed.
func (s *session) keepLease() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stopBeat = cancel
	pause := time.Duration(float64(s.e.lease()) / beatsPerLease)
	s.beats.Go(func() {
		for {
			select {
			case <-s.e.Clock.After(pause):
				_ = s.desk.renew(ctx) // some may be lost; then the task ends, and ECS says why
			case <-ctx.Done():
				return
			}
		}
	})
}

// closeLimit bounds the wait for a task to stop. Its maker has stopTimeout.
const closeLimit = 90 * time.Second

// Close implements engine.Session.
func (s *session) Close() error {
	s.closing.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *session) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	s.desk.leave()
	if s.stopBeat != nil {
		s.stopBeat()
		s.beats.Wait()
	}
	var err error
	if s.task != nil {
		if err = s.stop(ctx); err != nil {
			err = s.e.fault(ctx, "stopping the task "+s.task.short(), err)
		}
		s.e.tasks.forget(s.task)
	}
	// After the task: it may still be laying something down.
	if derr := removeAll(ctx, s.store); derr != nil {
		err = errors.Join(err, s.e.fault(ctx, "tidying the bucket", derr))
	}
	if err == nil && s.task != nil {
		err = s.e.Reaper.ContainerGone()
	}
	return err
}

// stop stops the task and sees that it has.
func (s *session) stop(ctx context.Context) error {
	select {
	case <-s.task.gone:
		return nil
	default:
	}
	if err := s.e.stopTask(s.task.arn, "bookci has no more use for it"); err != nil {
		return err
	}
	s.e.tasks.stopping(s.task)
	select {
	case <-s.task.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("it was told to, but is still %s after %s", strings.ToLower(s.task.lastStatus()), closeLimit)
	}
}
