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
		if status == 0 { // what was asked for had no last command
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

// leaving is the error of a command in whose middle the task was told to end, by
// somebody else than this bookci.
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

// tidy removes what has been read. What cannot be goes with the session.
func (s *session) tidy(ctx context.Context, n int) error {
	names := []string{outName(n)}
	if s.desk.watched() {
		names = append(names, liveName(n))
	}
	_ = s.store.Delete(context.WithoutCancel(ctx), names...)
	return nil
}
