package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// A look at intervals may use 1/pollShare of a processor: idle below 0.5 % with
	// room for the garbage collector. It may use four times as much while the author
	// is at work, which is until atWork after an edit, and a quarter under the events.
	pollShare = 400
	atWork    = time.Minute
	// recheck is how often the slow poll under the events looks.
	recheck = 5 * time.Second
	// slowest bounds the interval whatever a look costs.
	slowest = 15 * time.Second
	// peekQuiet is Options.Peek's quiet time: longer than the gap within a save
	// of the editors that write in place or rename, shorter than a glance.
	peekQuiet = 10 * time.Millisecond
	// rounds is how often a look is repeated because new folders turned up. After that
	// the burst goes on.
	rounds = 4
	// asleep is how far the two clocks may part before the machine has slept.
	asleep = 2 * time.Second
	// fillFor bounds how long Run is deaf while it reads what the first look left.
	fillFor = 30 * time.Millisecond
)

// loop is the state of one Run. It belongs to one goroutine.
type loop struct {
	Options
	build Func
	scanner
	src     *events // nil: polling alone
	limited bool    // src was given up because of the system's limit

	cur    *snapshot // the latest look
	base   *snapshot // what the last build that counts read; nil: none yet
	doubt  bool      // the last build may have read something else than base: build again
	peeked *snapshot // what the last Peek saw

	burst    burst
	heard    bool             // an event came since the burst began
	noticed  time.Duration    // when the latest edit was noticed, 0: none yet
	tickAt   time.Duration    // of the next look at intervals
	peekAt   time.Duration    // 0: none to do
	cost     [4]time.Duration // of the last looks, by turns
	costAt   int
	wary     bool          // events were found missing: poll as well
	deaf     int           // bursts that no event announced
	wallOff  time.Duration // what offset was at the last act
	awayTold bool          // it was told that the first folder is gone

	running *attempt
	tries   int
	reason  string        // a build was asked for
	againAt time.Duration // 0: not
	unread  []string      // paths whose sums are still to be filled in
}

func newLoop(opts Options, build Func) *loop {
	return &loop{Options: opts, build: build, scanner: scanner{scope: opts.Scope, ignore: opts.Ignore, clock: opts.Clock}}
}

func (l *loop) close() {
	if l.running != nil {
		l.running.cancel(context.Canceled)
		<-l.running.done
	}
	if l.src != nil {
		l.src.close()
	}
}

func (l *loop) run(ctx context.Context) error {
	var why Notice
	if l.src, why = chooseSource(l.Options); l.src == nil {
		l.Notify(why)
	} else {
		l.Notify(Notice{Kind: ByEvents, Text: "listening for edits"})
	}
	l.wallOff = l.offset()
	if err := l.look(ctx, nil); err != nil {
		return err
	}
	l.peeked = l.cur
	l.start(ctx, Change{First: true, Since: l.clock.Wall()})
	for {
		if err := l.wait(ctx); err != nil {
			return err
		}
		if err := l.act(ctx); err != nil {
			return err
		}
	}
}

// wait returns when there may be something to do.
func (l *loop) wait(ctx context.Context) error {
	var timer <-chan time.Time
	if d := l.next() - l.clock.Mono(); d > 0 {
		c, stop := l.clock.Timer(d)
		defer stop()
		timer = c
	} else {
		c := make(chan time.Time)
		close(c)
		timer = c
	}
	var ready <-chan struct{}
	if l.src != nil {
		ready = l.src.ready
	}
	var done <-chan outcome
	if l.running != nil {
		done = l.running.done
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-ready:
		l.hear()
	case out := <-done:
		return l.ended(ctx, out)
	case reason, ok := <-l.Rebuild:
		if !ok {
			l.Rebuild = nil
		} else {
			l.reason = reason
		}
	case <-timer:
	}
	return nil
}

// next is when something is to be done even if nothing happens.
func (l *loop) next() time.Duration {
	at := l.tickAt
	if len(l.unread) > 0 {
		at = 0
	}
	if l.burst.open {
		at = min(at, l.burst.end(l.Quiet))
		if l.peekAt > 0 {
			at = min(at, l.peekAt)
		}
	}
	if l.againAt > 0 && l.running == nil {
		at = min(at, l.againAt)
	}
	return at
}

// act does what is due.
func (l *loop) act(ctx context.Context) error {
	l.wake()
	now := l.clock.Mono()
	var err error
	switch {
	case l.burst.open && now >= l.burst.end(l.Quiet):
		err = l.settle(ctx)
	case l.burst.open && l.peekAt > 0 && now >= l.peekAt:
		err = l.peek(ctx)
	case now >= l.tickAt:
		err = l.tick(ctx)
	default:
		l.fill()
	}
	if err != nil {
		return err
	}
	if l.running == nil && !l.burst.open && l.againAt > 0 && l.clock.Mono() >= l.againAt {
		l.reason, l.againAt = "again", 0
	}
	if l.running == nil && !l.burst.open && l.reason != "" && !l.cur.gone {
		return l.settle(ctx)
	}
	return nil
}

// hear asks the event source what came, and opens or prolongs the burst if any of it counts.
func (l *loop) hear() {
	names, lost := l.src.drain()
	if lost {
		l.Notify(Notice{Kind: Overflow, Text: "more events than the system keeps: looking at every file"})
	}
	for _, name := range names {
		if lost || l.counts(name) {
			lost = true
			break
		}
	}
	if lost {
		l.heard = true
		l.touch()
	}
}

// touch opens or prolongs the burst.
func (l *loop) touch() {
	now := l.clock.Mono()
	l.noticed = now
	l.burst.touch(now, l.clock.Wall(), l.MaxWait)
	if l.Peek != nil {
		l.peekAt = now + peekQuiet
	}
}

// counts says that an event under name may be about a file of the scope.
func (l *loop) counts(name string) bool {
	dir, base := filepath.Dir(name), filepath.Base(name)
	if l.cur.beside[dir][base] || l.cur.beside[name] != nil {
		return true
	}
	for _, folder := range l.scope.Folders {
		if name == folder {
			return true
		}
		if !within(name, folder) {
			continue
		}
		if Transient(base) || versionControl(base) {
			return false
		}
		if l.ignore == nil {
			return true
		}
		info, err := os.Lstat(name)
		if err != nil { // gone: it may have been a file or a folder
			return !l.ignore(name, false) && !l.ignore(name, true)
		}
		return !l.ignore(name, info.IsDir())
	}
	return false
}

// wake notices that the machine slept or its clock was set: events of file
// systems that were away meanwhile are lost, so everything is looked at.
func (l *loop) wake() {
	off := l.offset()
	if d := off - l.wallOff; d > asleep || d < -asleep {
		l.Notify(Notice{Kind: Woke, Text: "the clock jumped: looking at every file"})
		l.heard = true
		l.touch()
	}
	l.wallOff = off
}

// offset is the difference of the time of day and the time that does not jump.
func (l *loop) offset() time.Duration {
	return time.Duration(l.clock.Wall().UnixNano()) - l.clock.Mono()
}

// tick is a look at intervals.
func (l *loop) tick(ctx context.Context) error {
	before := l.cur
	if err := l.look(ctx, before); err != nil {
		return err
	}
	if len(diff(before, l.cur)) > 0 || l.cur.moving || before.gone != l.cur.gone {
		l.heard = l.heard && l.burst.open
		l.touch()
	}
	return nil
}

// peek tells Options.Peek what has changed so far, when it looks like a whole save.
func (l *loop) peek(ctx context.Context) error {
	l.peekAt = 0
	if err := l.look(ctx, l.cur); err != nil {
		return err
	}
	edits := diff(l.peeked, l.cur)
	if len(edits) == 0 || l.cur.gone || l.cur.moving || hollow(l.peeked, l.cur, edits) {
		return nil
	}
	l.peeked = l.cur
	l.Peek(Change{Edits: edits, Since: l.burst.since})
	return nil
}

// settle ends the burst, if it is over, and starts what it calls for.
func (l *loop) settle(ctx context.Context) error {
	now := l.clock.Mono()
	before := l.cur
	if err := l.look(ctx, before); err != nil {
		return err
	}
	from := l.base
	if l.running != nil {
		from = l.running.snap
	}
	var edits []Edit
	if from != nil {
		edits = diff(from, l.cur)
	}
	if l.burst.open {
		unfinished := l.cur.moving || from != nil && hollow(from, l.cur, edits)
		if l.src == nil || !l.heard {
			unfinished = unfinished || len(diff(before, l.cur)) > 0
		}
		if unfinished && l.burst.hold(now, l.Quiet) {
			return nil
		}
		if l.Busy != nil && l.Busy() && now-l.burst.first < maxBusy {
			l.burst.last, l.burst.limit = now, now+l.MaxWait
			return nil
		}
		l.burst.open, l.peekAt = false, 0
		l.distrust(len(edits) > 0)
		if l.cur.moving {
			l.touch() // not at rest yet: another build will follow this one
			l.heard = true
		}
	}
	if l.away() {
		return nil
	}
	if l.Peek != nil {
		if e := diff(l.peeked, l.cur); len(e) > 0 {
			l.peeked = l.cur
			l.Peek(Change{Edits: e, Since: l.burst.since})
		}
	}
	if l.running != nil {
		l.overtake(now, edits)
		return nil
	}
	if from != nil && len(edits) == 0 && !l.doubt && l.reason == "" {
		return nil
	}
	c := Change{First: from == nil, Edits: edits, Reason: l.reason, Since: l.burst.since, Tries: l.tries}
	if c.Since.IsZero() || l.reason != "" && len(edits) == 0 {
		c.Since = l.clock.Wall()
	}
	l.start(ctx, c)
	return nil
}

// distrust counts the bursts with edits that no event announced. One may be a
// program that writes through a memory map; two are a file system whose events
// do not arrive.
func (l *loop) distrust(edited bool) {
	if l.src == nil || l.wary || !edited || l.heard {
		return
	}
	if l.deaf++; l.deaf < 2 {
		return
	}
	l.wary = true
	l.tickAt = l.clock.Mono()
	l.Notify(Notice{Kind: ByPolling, Text: "events of some edits did not arrive"})
}

// away reports whether the first folder is gone, and notifies when that changes.
func (l *loop) away() bool {
	if l.cur.gone != l.awayTold {
		l.awayTold = l.cur.gone
		if l.cur.gone {
			l.Notify(Notice{Kind: FolderGone, Text: fmt.Sprintf("%s is gone: waiting for it to come back", l.scope.Folders[0])})
		} else {
			l.Notify(Notice{Kind: FolderBack, Text: fmt.Sprintf("%s is back", l.scope.Folders[0])})
		}
	}
	if l.cur.gone && l.running != nil {
		l.running.away = true
	}
	return l.cur.gone
}
