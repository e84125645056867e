package engine

import (
	"context"
	"errors"
	"io"

	"github.com/bookci/bookci/build/source"
)

// Engine is where makers run.
//
// An Engine is safe for concurrent use; Session says what a session allows.
// Whatever either creates is gone when the Session is closed, and also when this
// process is killed.
type Engine interface {
	// Name is "docker" or "host".
	Name() string
	// Open starts a session. The caller closes it, whatever happens.
	// The error is a *fault.Environment where the engine itself is at fault.
	Open(ctx context.Context, opts SessionOptions) (Session, error)
}

// Renewer is a session that can become as new at less cost than opening another.
// No process and no file of what ran in it is left. An error may show only with
// the next command.
type Renewer interface {
	Renew(ctx context.Context, opts SessionOptions) error
}

// ErrTakenAway is wrapped by the error of a session that lost its machine. Another
// session, a Steady one, may do better.
var ErrTakenAway = errors.New("the machine was taken away")

// SessionOptions says what a session is for.
type SessionOptions struct {
	Root string // absolute path of the folder that holds the book
	// Dir is the book's folder, as a slash path below Root. Sessions of other books
	// may send the same files from elsewhere below Root.
	Dir string
	Env []string // KEY=value, seen by every command
	// Seeds are folders of this machine that the session starts with. One that
	// is missing or cannot be read is left out: what is kept only saves time.
	Seeds []Seed
	// Hidden are paths below Root that no command may read, where the engine
	// can see to it; a folder's ends in a slash.
	Hidden []string
	// Maker is the maker that will probably run first: an engine may start it
	// early. "": not known.
	Maker string
	// Interactive: someone waits for each answer, so it goes before other sessions.
	Interactive bool
	// Steady wants a machine that nobody takes away, where an engine has others.
	Steady bool
	// Note is told what the user may want to know but need not act on.
	Note func(format string, args ...any)
}

// Seed is a folder of this machine and where it goes in a session.
type Seed struct {
	From string // absolute
	To   string // slash path below Paths.Own
	// InPlace says whether the session may see the folder itself instead of a copy.
	// Commands only read there, and see files that are added later.
	InPlace InPlace
}

// InPlace is whether a folder of this machine is seen or copied. It can be seen
// where commands open this machine's files: on the host, and below a mounted root.
type InPlace int

// A folder that cannot be seen is copied with InPlaceIfSeen, and left out with
// OnlyInPlace.
const (
	Copied InPlace = iota
	InPlaceIfSeen
	OnlyInPlace
)

// Session is a private work tree with a place to run commands in.
//
// Every method may be called again after an error; Close may be called twice.
// Run, Put, Get and Paths may be called from several goroutines at once, as a
// preview does; Sync and Close only while nothing else is under way. A Run whose
// ctx ends takes the others' processes with it.
type Session interface {
	// Sync makes the session's copy of the sources equal to files, of which
	// those that changed since the last Sync are sent, and then makes the work
	// tree a fresh copy of it: nothing that a maker wrote reaches the next one.
	// The error wraps ErrChanged when the sources are not as listed.
	Sync(ctx context.Context, files []source.File) error
	// Run runs a command and returns its exit status. When ctx ends, every
	// process of the session is killed and ctx's cause returned.
	Run(ctx context.Context, cmd Command) (status int, err error)
	// Put unpacks a tar stream into dir, an absolute path as commands see it.
	Put(ctx context.Context, dir string, tar io.Reader) error
	// Get writes a tar stream of names, slash paths below dir, to w.
	// Names that do not exist are left out.
	Get(ctx context.Context, dir string, names []string, w io.Writer) error
	// Paths tells where things lie, as commands of the session see them.
	Paths() Paths
	// Close ends every process and removes everything that the session made.
	Close() error
}

// Paths are the folders of a session, absolute, as its commands see them.
type Paths struct {
	Work string // the work tree: the writable copy of the root
	Own  string // bookci's own folder: bin is first on PATH, lib is preloaded into Ruby, the rest is run-time state
}

// Command is a program to run in a session.
type Command struct {
	Argv   []string
	Dir    string    // slash path below the work tree, "" for its top
	Env    []string  // KEY=value, added to the session's
	Stdin  io.Reader // nil: nothing to read
	Stdout io.Writer // nil: thrown away
	Stderr io.Writer
}
