package watcher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/internal/process"
)

// The user's commands after builds run beside the watch, one at a time. A newer
// save neither waits for one nor ends it; when it has ended, the command for
// the newest build follows. They do not hold the root, so that they may build
// in it themselves.

const (
	// hookLimit bounds a command. It is long enough for a build of a large book.
	hookLimit = 10 * time.Minute
	// hookGrace is how long a command that has to end may take to tidy up.
	hookGrace = 2 * time.Second
)

// errHookLimit is why a command was ended.
var errHookLimit = fmt.Errorf("ended after %v", hookLimit)

// hooks runs them until close.
type hooks struct {
	ends   context.Context // the watch's
	say    func(line string)
	env    func() []string
	reaper *reaper.Reaper // ends the command if bookci is killed; nil for none

	mu      sync.Mutex
	running bool
	next    *hook            // for the newest build, while an older one's runs
	left    []*process.Group // of ended commands that still have processes
	done    sync.WaitGroup
}

// hook is a command to run.
type hook struct {
	command, dir string
	env          []string
}

// hook starts the user's command after a build.
func (w *watcher) hook(results []build.Result, err error) {
	if w.project == nil {
		return
	}
	command := w.project.Settings.Watch.OnSuccess
	if err != nil {
		command = w.project.Settings.Watch.OnFailure
	}
	if command == "" {
		return
	}
	var made []string
	for _, res := range results {
		if res.Err == nil {
			made = append(made, w.project.Absolute(res.Artifact.Path))
		}
	}
	w.hooks.start(hook{command, w.project.Root, []string{
		fmt.Sprintf("BOOKCI_RESULT=%d", exit.Code(err)),
		"BOOKCI_BUILT=" + strings.Join(made, "\n"),
	}})
}

// start runs k now, or after the one that runs.
func (h *hooks) start(k hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running {
		h.next = &k
		return
	}
	h.running = true
	h.done.Go(func() {
		for k := &k; k != nil; k = h.following() {
			h.run(*k)
		}
	})
}

// following is what to run next, nil for nothing.
func (h *hooks) following() *hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.next
	h.next = nil
	h.running = k != nil && h.ends.Err() == nil
	if !h.running {
		return nil
	}
	return k
}

func (h *hooks) run(k hook) {
	ctx, cancel := context.WithTimeoutCause(h.ends, hookLimit, errHookLimit)
	defer cancel()
	cmd := shellCommand(ctx, k.command)
	cmd.Dir = k.dir
	cmd.Env = append(h.env(), k.env...)
	out := &lineWriter{each: h.say}
	cmd.Stdout, cmd.Stderr = out, out
	// It may be called before Start has returned the group.
	started := make(chan *process.Group, 1)
	cmd.Cancel = func() error {
		group := <-started
		if group == nil {
			return nil
		}
		return group.Terminate()
	}
	cmd.WaitDelay = hookGrace
	group, err := process.Start(cmd)
	started <- group
	if err == nil {
		_ = h.reaper.Kill(group) // a reaper that is gone is a bookci that ends
		err = cmd.Wait()
		h.group(group, ctx.Err() != nil)
	}
	out.flush()
	switch {
	case errors.Is(context.Cause(ctx), errHookLimit):
		h.say(fmt.Sprintf("bookci: %q: %v", k.command, errHookLimit))
	case err != nil && ctx.Err() == nil && !errors.Is(err, exec.ErrWaitDelay): // what runs on may hold its output
		h.say(fmt.Sprintf("bookci: %q: %v", k.command, err))
	}
}

// group ends what a command that had to end has left. What another one left, such
// as a viewer of the book, may stay until the watch ends.
func (h *hooks) group(g *process.Group, end bool) {
	if end {
		g.Kill() // mostly it is gone
	}
	if !end && g.Runs() {
		h.mu.Lock()
		h.left = append(h.left, g)
		h.mu.Unlock()
		return
	}
	h.forget(g)
}

func (h *hooks) forget(g *process.Group) {
	_ = h.reaper.Spare(g) // as above
	g.Close()
}

// close waits for the command that runs, which the watch's end has ended, and
// ends what any of them left.
func (h *hooks) close() {
	h.done.Wait()
	for _, g := range h.left {
		g.Kill() // it may be gone by now
		h.forget(g)
	}
}

// longestHookLine bounds a line that is shown, in bytes.
const longestHookLine = 4 << 10

// lineWriter passes on what is written to it line by line.
type lineWriter struct {
	each func(string)
	part []byte
}

func (l *lineWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		l.part = append(l.part, line[:min(len(line), longestHookLine-len(l.part))]...)
		if ended {
			l.each(strings.TrimRight(string(l.part), "\r"))
			l.part = l.part[:0]
		}
		b = rest
	}
	return n, nil
}

// flush passes on a last line that has no end.
func (l *lineWriter) flush() {
	if len(l.part) > 0 {
		l.each(string(l.part))
		l.part = nil
	}
}
