package fargate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

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
