package build

import (
	"context"
	"io"
)

// Engine is where makers run.
//
// An Engine is safe for concurrent use; each Session belongs to one goroutine
// at a time. Whatever an Engine or Session creates is gone when the Session is
// closed, and also when this process is killed.
type Engine interface {
	// Name is "docker" or "host".
	Name() string
	// Open starts a session. The caller closes it, whatever happens.
	Open(ctx context.Context, opts SessionOptions) (Session, error)
}

// SessionOptions says what a session is for.
type SessionOptions struct {
	Root string // absolute path of the folder that holds the book
	Env  []string
}

// Session is a private work tree with a place to run commands in.
type Session interface {
	// Sync makes the session's copy of the sources equal to files: those
	// that changed since the last Sync are sent, those that vanished removed.
	Sync(ctx context.Context, files []File) error
	// Reset makes the work tree a fresh copy of what was last synced, so that
	// nothing that a maker wrote reaches the next one.
	Reset(ctx context.Context) error
	// Run runs a command in the work tree and returns its exit status.
	// When ctx ends, every process of the session is killed and ctx's cause returned.
	Run(ctx context.Context, cmd Command) (status int, err error)
	// Put unpacks a tar into a folder of the session, Get packs one.
	Put(ctx context.Context, dir string, tar io.Reader) error
	Get(ctx context.Context, dir string, names []string, w io.Writer) error
	// Paths tells where things lie, as commands of the session see them.
	Paths() Paths
	// Close ends every process and removes everything the session made.
	Close() error
}

// Paths are the folders of a session, absolute, as its commands see them.
type Paths struct {
	Work string // the work tree: the writable copy of the root
	Own  string // bookci's own folder: Own/bin is first on PATH, Own/lib holds the preloaded Ruby, Own/state and Own/texmf-var persist
	Home string // HOME: writable, empty
}

// Command is a program to run in a session.
type Command struct {
	Argv   []string
	Dir    string   // slash path below the work tree
	Env    []string // KEY=value, added to the session's
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}
