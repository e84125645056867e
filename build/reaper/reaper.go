package reaper

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/bookci/bookci/internal/process"
)

// Reaper removes what this process would leave behind if it were killed with
// a signal that it cannot catch. It is a small shell, or where there is none
// this program again, that waits for the end of a pipe which only this process
// holds.
//
// The daemon does the same for containers that run; the reaper is for those
// that were made and not yet started, for process groups of the host engine and
// for files that are not yet whole.
//
// A nil Reaper removes nothing: all that it is told is lost.
type Reaper struct {
	mu    sync.Mutex
	stdin io.WriteCloser
	cmd   *exec.Cmd
}

// Start starts it, which takes about a millisecond where it is a shell. self is
// this program; sweeper is a command that removes this process's containers.
func Start(self string, sweeper []string) (*Reaper, error) {
	cmd := command(self)
	process.Detach(cmd) // Ctrl-C and a closed terminal reach bookci alone
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the reaper: %w", err)
	}
	r := &Reaper{stdin: stdin, cmd: cmd}
	if err := r.SweepWith(sweeper); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Remove has path removed if this process is killed, until Keep is called.
// path holds no line break.
func (r *Reaper) Remove(path string) error { return r.say("remove", path) }

// Keep takes Remove back: path is gone, or has become what it should be.
func (r *Reaper) Keep(path string) error { return r.say("keep", path) }

// ExpectContainer has this process's containers removed if it is killed, until
// containerGone is called as often.
func (r *Reaper) ExpectContainer() error { return r.say("container", "1") }

// ContainerGone takes one ExpectContainer back.
func (r *Reaper) ContainerGone() error { return r.say("container", "-1") }

// SweepWith replaces the sweeper: containers run elsewhere than it was started for.
func (r *Reaper) SweepWith(sweeper []string) error { return r.say("sweeper", encode(sweeper)) }

// Kill has a group of processes ended if this process is killed, until Spare is called.
func (r *Reaper) Kill(g *process.Group) error { return r.sayGroup("kill", g) }

// Spare takes Kill back: the group has ended, or is to live on.
func (r *Reaper) Spare(g *process.Group) error { return r.sayGroup("spare", g) }

func (r *Reaper) sayGroup(word string, g *process.Group) error {
	if g.ID == 0 {
		return nil
	}
	return r.say(word, fmt.Sprint(g.ID))
}

func (r *Reaper) say(word, arg string) error {
	if r == nil {
		return nil
	}
	if strings.Contains(arg, "\n") {
		return fmt.Errorf("path %q holds a line break", arg)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := fmt.Fprintf(r.stdin, "%s %s\n", word, arg); err != nil {
		return fmt.Errorf("telling the reaper: %w", err)
	}
	return nil
}

// Close ends it, and waits for that. What was to be removed and not kept is removed
// now.
func (r *Reaper) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.stdin.Close(); err != nil {
		return err
	}
	return r.cmd.Wait()
}
