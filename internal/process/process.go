package process

import (
	"os"
	"os/exec"
)

// Group is a command that was started with all the processes that it starts.
// Close is to be called when the command has been waited for.
type Group struct {
	// ID is what another process ends the group by, 0 where that is not needed:
	// the system ends the group with its owner.
	ID int
	group
}

// Start starts cmd as a group of its own. It sets cmd.SysProcAttr.
func Start(cmd *exec.Cmd) (*Group, error) { return start(cmd) }

// Kill ends all processes of the group.
func (g *Group) Kill() { g.kill() }

// Terminate asks the processes of the group to end.
func (g *Group) Terminate() error { return g.terminate() }

// Runs reports whether the group has a process.
func (g *Group) Runs() bool { return g.runs() }

// Close forgets the group. Its processes, if there are any, run on where the
// system allows that.
func (g *Group) Close() { g.close() }

// SignalOf is the signal that ended a process, 0 for none.
func SignalOf(state *os.ProcessState) int { return signalOf(state) }
