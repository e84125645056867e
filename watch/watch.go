package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Scope says which files count. All paths are absolute.
type Scope struct {
	// Folders are walked whole. While the first one is away nothing is built;
	// the others may come and go like any file.
	Folders []string
	// Files are single files outside of the folders. They need not exist.
	Files []string
}

// Func builds once. Run calls it in a goroutine of its own, never twice at a
// time. When ctx ends, Func stops and returns an error; context.Cause(ctx) is
// ErrSuperseded when a newer edit made the build worthless.
//
// An error is the Func's own to show: Run goes on and waits for the next edit,
// unless the error is made by Fatal.
type Func func(ctx context.Context, c Change) (Result, error)

// Change is what a build is asked for.
type Change struct {
	First  bool      // no build has ended yet
	Edits  []Edit    // what differs from the last build that was not superseded, by path
	Reason string    // what came in by Options.Rebuild, or "again" after Result.Again
	Since  time.Time // when the first of the edits was noticed, or the build was asked for
	Tries  int       // how many builds in a row were superseded before this one
}

// Paths returns the paths of the edits, sorted.
func (c Change) Paths() []string {
	paths := make([]string, len(c.Edits))
	for i, e := range c.Edits {
		paths[i] = e.Path
	}
	return paths
}

// Edit is one file that differs.
type Edit struct {
	Path string // absolute
	Kind EditKind
}

// EditKind tells how a file differs.
type EditKind string

// The kinds of edit.
const (
	Created EditKind = "created"
	Changed EditKind = "changed"
	Removed EditKind = "removed"
)

// Result is what a Func reports. Its zero value is a good report.
type Result struct {
	// Scope replaces the scope from now on, when not nil.
	Scope *Scope
	// Read holds the SHA-256 of the files that the build read, under absolute
	// paths. With it Run compares the folders with exactly what went into the
	// build, also when files changed between Run's look and the build's own.
	// Without it a file that was written during the build means another build.
	Read map[string]Sum
	// Again asks for another build after this time although nothing changes,
	// as when Docker is away. Zero: no.
	Again time.Duration
}

// ErrSuperseded is the cause of a build's end when Options.Cancel gave it up.
var ErrSuperseded = errors.New("superseded by a newer edit")

// Fatal marks an error that ends Run.
func Fatal(err error) error { return &fatal{err} }

type fatal struct{ err error }

func (f *fatal) Error() string { return f.err.Error() }
func (f *fatal) Unwrap() error { return f.err }

// Options of Run. The zero value of each field but Scope is a good choice.
// Functions are called on Run's goroutine and must return at once.
type Options struct {
	Scope Scope
	// Ignore says that a file or folder, absolute, does not count: outputs and
	// state. What Transient names and version control's folders never count.
	Ignore func(path string, isDir bool) bool

	Poll         bool          // look at intervals; do not try events
	PollInterval time.Duration // at least this long between looks; DefaultPoll
	ProbeDir     string        // an existing folder to try events in; "": not tried
	Quiet        time.Duration // a burst is over when nothing happened for so long; DefaultQuiet
	MaxWait      time.Duration // but never later than this after its first event; DefaultMaxWait

	// Busy says that something is at work that writes many files, such as git
	// while .git/index.lock is there. A burst may then last for 10 seconds.
	Busy func() bool
	// Cancel decides whether to give up a build, which has run for ran, for newer
	// edits. Nil: never, they are built right after it. See CancelYoung.
	Cancel func(running Change, ran time.Duration, newer []Edit) bool
	// Peek is told of edits a few milliseconds after a save, before the burst
	// is over, for previews that cost little. Edits are against the last Peek.
	Peek func(Change)
	// Rebuild asks for a build although nothing changed; the text becomes Change.Reason.
	Rebuild <-chan string
	// Notify is told what an author might want to know about the watching itself.
	Notify func(Notice)
	Clock  Clock
}

// The defaults of Options.
const (
	// Vim's longest gap within one save is an fsync, mostly below 50 ms; git
	// writes files of a checkout a fraction of a millisecond apart.
	DefaultQuiet   = 80 * time.Millisecond
	DefaultMaxWait = time.Second
	DefaultPoll    = 500 * time.Millisecond
)

// Notice is something that happened to the watching, in a sentence.
type Notice struct {
	Kind NoticeKind
	Text string // lower case, no full stop
	Hint string // what to do about it, or ""
}

// NoticeKind tells notices apart.
type NoticeKind string

// The kinds of notice.
const (
	ByEvents   NoticeKind = "events"   // edits are noticed through events
	ByPolling  NoticeKind = "polling"  // edits are noticed by looking, and why
	Overflow   NoticeKind = "overflow" // events were lost; everything was looked at
	FolderGone NoticeKind = "gone"     // the first folder is away: waiting
	FolderBack NoticeKind = "back"     // and back
	Woke       NoticeKind = "woke"     // the machine slept, or its clock was set
)

// CancelYoung returns a policy for Options.Cancel: a build is given up while it has
// run for less than d, but after tries builds in a row that were given up the next is
// let through. So an author whose editor saves all the time still gets results.
func CancelYoung(d time.Duration, tries int) func(Change, time.Duration, []Edit) bool {
	return func(running Change, ran time.Duration, _ []Edit) bool {
		return ran < d && running.Tries < tries
	}
}

// Run calls build at once and then once after each burst of edits. It returns the
// cause of ctx's end, a Fatal error of build, or what is wrong with the scope. When
// the folders have come to rest, the last call of build began after that or read
// exactly what they hold.
func Run(ctx context.Context, opts Options, build Func) error {
	opts = opts.withDefaults()
	if len(opts.Scope.Folders) == 0 {
		return errors.New("watching: no folder given")
	}
	for _, p := range slices.Concat(opts.Scope.Folders, opts.Scope.Files) {
		if !filepath.IsAbs(p) {
			return fmt.Errorf("watching %s: not an absolute path", p)
		}
	}
	if info, err := os.Stat(opts.Scope.Folders[0]); err != nil {
		return fmt.Errorf("watching: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("watching %s: not a folder", opts.Scope.Folders[0])
	}
	l := newLoop(opts, build)
	defer l.close()
	return l.run(ctx)
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Quiet, DefaultQuiet)
	def(&o.MaxWait, DefaultMaxWait)
	def(&o.PollInterval, DefaultPoll)
	o.MaxWait = max(o.MaxWait, o.Quiet)
	if o.Clock == nil {
		o.Clock = SystemClock()
	}
	if o.Notify == nil {
		o.Notify = func(Notice) {}
	}
	o.Scope = o.Scope.clean()
	return o
}

func (s Scope) clean() Scope {
	var c Scope
	for _, p := range s.Folders {
		c.Folders = append(c.Folders, filepath.Clean(p))
	}
	for _, p := range s.Files {
		c.Files = append(c.Files, filepath.Clean(p))
	}
	return c
}
