package reaper

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/bookci/bookci/internal/process"
)

// Reaper removes what this process would leave behind if it were killed with
// a signal that it cannot catch. It is a small shell that waits for the end of
// a pipe which only this process holds.
//
// The daemon does the same for containers that run; the reaper is for those
// that were made and not yet started, for process groups of the host engine and
// for files that are not yet whole.
type Reaper struct {
	mu    sync.Mutex
	stdin io.WriteCloser
	cmd   *exec.Cmd
}

// The list of process groups is a string with blanks on both sides of each.
// dash's kill does not know "--" after a signal's number.
const reaperScript = `
groups=' ' containers=0 sweeper=$1
shift
while IFS=' ' read -r word arg; do
	case $word in
	kill) groups="$groups$arg " ;;
	spare) case $groups in *" $arg "*) groups="${groups%% $arg *} ${groups#* $arg }" ;; esac ;;
	container) containers=$((containers + arg)) ;;
	sweeper) sweeper=$arg ;;
	remove) set -- "$@" "$arg" ;;
	keep) n=$#
		for f do [ "$f" = "$arg" ] || set -- "$@" "$f"; done
		shift "$n" ;;
	esac
done
for g in $groups; do kill -9 "-$g"; done
for f do rm -rf -- "$f" || { chmod -R u+rwX "$f"; rm -rf -- "$f"; }; done
[ "$containers" -le 0 ] || eval "$sweeper"
`

// Start starts the shell. It costs about a millisecond. sweeper is a shell
// command that removes this process's containers.
func Start(sweeper string) (*Reaper, error) {
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "bookci", sweeper)
	cmd.Dir = "/"
	process.OwnSession(cmd) // Ctrl-C and a closed terminal reach bookci alone
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the reaper: %w", err)
	}
	return &Reaper{stdin: stdin, cmd: cmd}, nil
}

// Remove has path removed if this process is killed, until Keep is called.
// path holds no line break.
func (r *Reaper) Remove(path string) error { return r.say("remove", path) }

// Keep takes Remove back: path is gone, or has become what it should be.
func (r *Reaper) Keep(path string) error { return r.say("keep", path) }

// ExpectContainer has this process's containers removed if it is killed, until
// containerGone is called as often.
func (r *Reaper) ExpectContainer() error { return r.say("container", "1") }
func (r *Reaper) ContainerGone() error   { return r.say("container", "-1") }

// SweepWith replaces the sweeper: containers run elsewhere than it was started for.
func (r *Reaper) SweepWith(sweeper string) error { return r.say("sweeper", sweeper) }

func (r *Reaper) Kill(group int) error  { return r.say("kill", fmt.Sprint(group)) }
func (r *Reaper) Spare(group int) error { return r.say("spare", fmt.Sprint(group)) }

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

// Close ends the shell. What was to be removed and not kept is removed now.
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
