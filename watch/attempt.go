package watch

import (
	"context"
	"errors"
	"slices"
	"time"
)

// This file starts builds, and decides by what they report whether another is due.

// attempt is one call of build.
type attempt struct {
	change     Change
	snap       *snapshot // what the folders held when it was called
	start      time.Duration
	cancel     context.CancelCauseFunc
	done       chan outcome
	doubt      bool // it was called because the build before may have read something else
	superseded bool
	disturbed  bool // some look during the build differed from snap
	away       bool // the first folder was gone during the build
}

type outcome struct {
	result Result
	err    error
}

// start calls build, with what the latest look has found.
func (l *loop) start(ctx context.Context, c Change) {
	bctx, cancel := context.WithCancelCause(ctx)
	a := &attempt{change: c, snap: l.cur, start: l.clock.Mono(), cancel: cancel, doubt: l.doubt, done: make(chan outcome, 1)}
	l.running, l.reason, l.againAt, l.doubt = a, "", 0, false
	l.unread = l.unread[:0]
	for path, e := range a.snap.files {
		if !e.known && !e.torn {
			l.unread = append(l.unread, path)
		}
	}
	go func() {
		defer cancel(nil)
		res, err := l.build(bctx, c)
		a.done <- outcome{res, err}
	}()
}

// ended takes in what a build reports, and looks at the folders at once: an edit
// made meanwhile is built right after.
func (l *loop) ended(ctx context.Context, out outcome) error {
	a := l.running
	l.running = nil
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var f *fatal
	if errors.As(out.err, &f) {
		return out.err
	}
	before := l.cur
	if err := l.look(ctx, before); err != nil {
		return err
	}
	news := rewritten(before, l.cur, nil)
	// A build that was given up but tells what it read has come to its end all the
	// same. It counts, also where the book is wrong.
	if a.superseded && out.err != nil && out.result.Read == nil {
		l.tries++
		l.doubt = a.doubt
		if l.reason == "" {
			l.reason = a.change.Reason
		}
	} else {
		l.tries = 0
		l.base = a.snap
		if out.result.Read != nil {
			l.base = a.snap.withRead(out.result.Read)
		}
		// Rewritten files call for one more build, and for no further one: a build
		// that touches its own inputs would be repeated for ever.
		l.doubt = out.err != nil && a.away || out.result.Read == nil && a.disturbed ||
			!a.doubt && rewritten(a.snap, l.cur, out.result.Read)
	}
	if out.result.Scope != nil {
		if err := l.rescope(ctx, out.result.Scope.clean()); err != nil {
			return err
		}
	}
	if out.result.Again > 0 {
		l.againAt = l.clock.Mono() + out.result.Again
	}
	if news && !l.burst.open {
		l.heard = true
		l.touch() // this may be the middle of a save
	}
	if l.burst.open {
		return nil // its end will start the next
	}
	return l.settle(ctx)
}

// rescope changes what is watched. A file that only one of the two scopes holds is
// no edit.
func (l *loop) rescope(ctx context.Context, s Scope) error {
	if slices.Equal(s.Folders, l.scope.Folders) && slices.Equal(s.Files, l.scope.Files) {
		return nil
	}
	if len(s.Folders) == 0 {
		return errors.New("watching: the build reports no folder")
	}
	from := l.scope
	l.scope = s
	if l.limited {
		// The new scope may be smaller: it may be possible to listen to it.
		opts := l.Options
		opts.Scope = s
		l.src, _ = chooseSource(opts)
		if l.limited = l.src == nil; !l.limited {
			l.Notify(Notice{Kind: ByEvents, Text: "listening for edits"})
		}
	}
	if n, ok := remoteIn(s); ok && l.src != nil && !l.wary {
		l.wary = true
		l.Notify(n)
	}
	if err := l.look(ctx, l.cur); err != nil {
		return err
	}
	if l.base != nil {
		l.base = l.base.rescoped(from, s, l.cur)
	}
	l.peeked = l.peeked.rescoped(from, s, l.cur)
	return nil
}

// overtake handles edits that came while a build runs.
func (l *loop) overtake(now time.Duration, edits []Edit) {
	r := l.running
	if len(edits) == 0 {
		return
	}
	r.disturbed = true
	if !r.superseded && l.Cancel != nil && l.Cancel(r.change, now-r.start, edits) {
		r.superseded = true
		r.cancel(ErrSuperseded)
	}
}
