package fargate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/objects"
)

// Pauses between looks for an answer. They are short at first, because most
// commands are.
const (
	firstPause = 50 * time.Millisecond
	longPause  = time.Second
	livePause  = 2 * time.Second
)

// killLimit bounds how long a command that was told to end may take before the
// whole task is ended.
const killLimit = 12 * time.Second

// answer waits for the answer to command n.
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
			stopped = true // its answer may be there all the same
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
		case context.Cause(ctx) == nil: // a bucket out of reach may come back while the task has its lease
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

// end tells the task to end command n, and ends the task where the command stays.
func (s *session) end(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), killLimit)
	defer cancel()
	s.sent = nil // a step may have been in the middle of the sources
	if !s.task.answered() {
		return // nothing runs yet; whoever opens the session closes it
	}
	if err := s.desk.stop(ctx, n); err == nil {
		for {
			if _, err := s.store.Head(ctx, outName(n)); err == nil {
				_ = s.store.Delete(ctx, outName(n), liveName(n)) // where this fails, Close removes them
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
	_ = s.Close() // the caller's Close returns the error again
}

// take reads the answer to command n and gives its output to the caller's writers.
func (s *session) take(ctx context.Context, n int, steps []step, live *progress) (int, error) {
	s.task.hasAnswered()
	p, err := s.e.fetch(ctx, s.store, outName(n), maxTree)
	if err != nil {
		return 0, s.e.fault(ctx, "reading the task's answer", err)
	}
	defer p.Close()
	r := bufio.NewReader(p.file)
	head, err := readHead(r, n, 4)
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
		if head[4] != 0 {
			return 0, s.leaving(ctx)
		}
		if status == 0 { // the steps were all: no command of the caller's came after them
			return 0, s.tidy(ctx, n)
		}
		s.sent = nil
		return 0, s.failed(&engine.ScriptError{Op: steps[at].op, Status: status, Stderr: text.String()})
	}
	if err := errors.Join(live.stdoutRest(r, outLen), live.stderrRest(r, errLen)); err != nil {
		return 0, fmt.Errorf("reading the task's answer: %w", err)
	}
	if head[4] != 0 {
		return 0, s.leaving(ctx)
	}
	return status, s.tidy(ctx, n)
}

// leaving is the error of a command when somebody else than this bookci told the
// task to end.
func (s *session) leaving(ctx context.Context) error {
	s.e.tasks.stopping(s.task)
	select {
	case <-s.task.gone:
		return s.e.ended(s.task)
	case <-s.e.Clock.After(closeLimit):
		return faultf("run the command again", "the task was told to end")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tidy removes an answer that has been read. Where that fails, Close removes it.
func (s *session) tidy(ctx context.Context, n int) error {
	names := []string{outName(n)}
	if s.desk.watched() {
		names = append(names, liveName(n))
	}
	_ = s.store.Delete(context.WithoutCancel(ctx), names...)
	return nil
}
