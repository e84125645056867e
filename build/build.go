package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"golang.org/x/sync/errgroup"
)

// Builder makes the artifacts of one root. Its sessions stay open until Close,
// so that a second Build finds them warm.
type Builder struct {
	Root      string // absolute
	Artifacts string // absolute: where artifacts go
	State     string // absolute: .bookci, what is kept between runs
	FontCache string // absolute: .texmf-var

	// Engine is asked only when something has to be made. It returns what
	// identifies the makers: the image, or the programs on the host.
	Engine func(ctx context.Context) (engine.Engine, Makers, error)
	// Image is the reference that Engine will use, or "host".
	Image string
	// Current says whether the makers of an earlier build are those that Engine
	// would return now. It answers within a tenth of a second.
	Current func(ctx context.Context, m Makers) Currency
	// Settings are all that can change an artifact beside what stands here.
	Settings any

	Version    string        // of bookci, part of every fingerprint
	SourceDate int64         // seconds since 1970, for reproducible output
	Env        []string      // KEY=value, seen by the makers
	Timeout    time.Duration // of one Build, 0 for none
	Jobs       int           // variants built at a time
	Force      bool          // build what is up to date too, from nothing
	Brought    bool          // what lies in State and FontCache came with the sources: no more is believed of it than with Force
	Strict     bool          // what makers let pass is an error
	Separate   bool          // artifacts of each variant in a folder of its name
	Slots      chan struct{} // shared with other Builders: jobs under way hold one; nil for one alone
	Together   bool          // variants of one book share a session, one after the other
	KeepOpen   bool          // leave sessions open between builds

	// ManifestLock is that of all Builders with the same Artifacts, nil for one alone.
	ManifestLock *sync.Mutex

	Reaper *reaper.Reaper
	Now    func() time.Time
	// OnEvent is told what happens, from several goroutines at once.
	OnEvent func(event.Event)

	// Deliver, where set, is given each good artifact once it is in its place here.
	Deliver Delivery

	// Draft makes drafts, whatever engines there are.
	Draft bool
	// Waiting, when not nil, calls call as soon as it is known that Engine will take
	// minutes, unless stop was called before. PDFs are drafted then, and Meanwhile is
	// told of each draft.
	Waiting   func(call func()) (stop func())
	Meanwhile func(Result)

	broughtOnce sync.Once

	drafts     drafts
	manifest   manifestFile
	manifestMu sync.Mutex
	hashes     *source.HashCache
	mu         sync.Mutex
	sessions   map[sessionKey]*variantSession
	read       map[string]map[string]string // by variant, then path
	fontMu     sync.Mutex
	picturesMu sync.Mutex
	besides    map[string]chan struct{} // by variant: full while something goes on in its session beside the whole book's
	setupOnce  sync.Once
	setupErr   error
}

// Currency is what is known of earlier makers.
type Currency int

// Unknown is the answer where Docker does not answer at once: nobody waits for it.
const (
	Unknown Currency = iota
	Same
	Changed
)

// Makers identify the programs that make artifacts.
type Makers struct {
	Ref string // image reference, or "host"
	ID  string // the image's config digest, or the versions of the programs
}

// Job asks for artifacts of one variant.
type Job struct {
	Book    *book.Book
	Targets []book.Target
	Command map[book.Target]string // run by sh instead of the maker
	Only    []string               // chapters' IDs: leave out the others
	Tree    []source.File          // what goes into the work tree
	Inputs  []source.File          // what the artifacts depend on
	Hidden  []string               // what of the root no maker may read, as source.Sources has it
	Fault   error                  // why there is nothing to build: the config cannot be read
	Known   []book.Diagnostic      // what is known to be wrong before a maker runs

	first  bool // made by Builder.First
	beside bool // made by Builder.Beside
	steady bool // on a machine that is not taken away
}

// Result says what became of one target of a job.
type Result struct {
	Book        *book.Book
	Target      book.Target
	UpToDate    bool
	Draft       bool     // the artifact is a draft, made without Re:VIEW
	Missing     error    // why there are no makers, where a draft stands in that nobody asked for
	Beside      bool     // with Missing: an older artifact lies at the book's own place
	Artifact    Artifact // Path is empty when there is none
	Address     string   // where Builder.Deliver has brought it, "" without
	Diagnostics []book.Diagnostic
	Log         string // absolute path of the maker's whole output, "" when it did not run
	Seconds     map[string]float64
	Kept        string // path of the last good artifact when there is no new one, as Artifact.Path
	Err         error  // why there is no new artifact; a *MakerError when the book is at fault
}

// anew reports whether nothing is taken over from an earlier build.
func (b *Builder) anew() bool { return b.Force || b.Brought }

// ErrTimeout is the cause of a build that took longer than Builder.Timeout.
var ErrTimeout = errors.New("time is up")

// Build does the jobs, Jobs of them at a time, and returns a result for each
// target of each, in order. A job that fails leaves the others alone; when ctx
// ends, all fail.
func (b *Builder) Build(ctx context.Context, jobs []Job) []Result {
	if b.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, b.Timeout, ErrTimeout)
		defer cancel()
	}
	if b.Brought {
		b.broughtOnce.Do(func() {
			b.emit(event.Event{Kind: event.Note, Text: "nothing that .bookci or .texmf-var holds is used, as they are under version control and came with the sources; " +
				"`git rm -r --cached --ignore-unmatch .bookci .texmf-var` takes them out, and builds are fast again"})
		})
	}
	results := make([][]Result, len(jobs))
	count := b.counter(len(jobs))
	var g errgroup.Group
	g.SetLimit(max(b.Jobs, 1))
	for _, group := range b.groups(jobs) {
		g.Go(func() error {
			if b.Slots != nil {
				b.Slots <- struct{}{}
				defer func() { <-b.Slots }()
			}
			for k, i := range group {
				results[i] = b.variant(ctx, jobs[i])
				count(results[i])
				if k+1 < len(group) && healthy(results[i]) {
					b.handOver(jobs[i].sessionKey(), jobs[group[k+1]].sessionKey())
				} else if !b.KeepOpen || jobs[i].beside && !healthy(results[i]) {
					b.release(jobs[i].sessionKey())
				}
			}
			return nil
		})
	}
	_ = g.Wait() // each error stands in its result
	var all []Result
	for _, r := range results {
		all = append(all, r...)
	}
	if b.hashes != nil {
		if err := b.hashes.Save(); err != nil {
			// Costs time at the next run, nothing else.
			b.emit(event.Event{Kind: event.Note, Text: fmt.Sprintf("keeping the hashes: %v", err)})
		}
	}
	return all
}

// Close ends the sessions.
func (b *Builder) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for key, s := range b.sessions {
		errs = append(errs, s.Close())
		delete(b.sessions, key)
	}
	return errors.Join(errs...)
}

func (b *Builder) emit(e event.Event) {
	if b.OnEvent != nil {
		b.OnEvent(e)
	}
}

// setup makes the folders that bookci owns.
func (b *Builder) setup() error {
	b.setupOnce.Do(func() {
		b.sessions = map[sessionKey]*variantSession{}
		b.read = map[string]map[string]string{}
		b.manifest.dir, b.manifest.root, b.manifest.mu = b.Artifacts, b.Root, cmp.Or(b.ManifestLock, &b.manifestMu)
		for _, dir := range []string{b.State, filepath.Join(b.State, "log"), filepath.Join(b.State, "state"), b.FontCache, b.Artifacts} {
			if b.setupErr = fsx.MakeOwnFolder(b.Root, dir); b.setupErr != nil {
				return
			}
		}
		for _, dir := range []string{b.State, b.FontCache} {
			if err := ignoreInGit(dir); err != nil {
				b.setupErr = fault.Environmentf("make room there, or give bookci leave to write", "%w", err)
				return
			}
		}
		b.sweep()
		b.hashes = source.OpenHashCache(filepath.Join(b.State, "hashes.json"), b.Root, b.Now)
	})
	return b.setupErr
}

// ignoreInGit gives a folder of bookci's own a .gitignore of its own.
func ignoreInGit(dir string) error {
	name := filepath.Join(dir, ".gitignore")
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	return fsx.WriteFile(name, []byte("*\n"), 0o644) // an empty one would be left alone from then on
}

// variant builds the targets of one job, one after the other.
func (b *Builder) variant(ctx context.Context, job Job) []Result {
	results := make([]Result, 0, len(job.Targets))
	fail := func(t book.Target, err error) {
		results = append(results, Result{Book: job.Book, Target: t, Err: err})
	}
	if err := b.setup(); err != nil {
		for _, t := range job.Targets {
			fail(t, err)
		}
		return results
	}
	b.noteRead(job, nil) // should a fault keep this build from reading the book
	var fault *book.Faults
	if errors.As(job.Fault, &fault) {
		job.Known = append(job.Known, fault.Diagnostics...)
	}
	for _, t := range job.Targets {
		if fault != nil {
			results = append(results, Result{Book: job.Book, Target: t, Diagnostics: job.Known, Err: bookIsWrong(fault.Diagnostics)})
			continue
		}
		if err := cmp.Or(job.Fault, context.Cause(ctx)); err != nil {
			fail(t, err)
			continue
		}
		res := b.target(ctx, job, t)
		if errors.Is(res.Err, engine.ErrTakenAway) && !job.steady && context.Cause(ctx) == nil {
			b.emit(event.Event{Kind: event.Note, Book: job.Book.Name, Text: fmt.Sprintf("%s %s: %v; once more, on one that stays", job.Book.Name, t, res.Err)})
			b.release(job.sessionKey())
			job.steady = true
			res = b.target(ctx, job, t)
		}
		b.deliver(ctx, job, &res)
		results = append(results, res)
	}
	return results
}

func bookIsWrong(found []book.Diagnostic) error {
	return &MakerError{Op: "the book's config or catalog is wrong", Diagnostics: found}
}

// known is what is wrong with the config and the catalog for t.
func (job Job) known(t book.Target) []book.Diagnostic {
	return job.Book.CheckWith(job.Command, t)
}

// target brings one artifact up to date.
func (b *Builder) target(ctx context.Context, job Job, t book.Target) (res Result) {
	watch := newStopwatch(b.Now)
	res = Result{Book: job.Book, Target: t}
	record := b.record(job, t)
	defer func() {
		res.Seconds = watch.seconds()
		res.Diagnostics = append(slices.Clone(job.Known), res.Diagnostics...)
		// A new artifact has taken the place of the last one.
		if res.Err != nil && res.Artifact.Path == "" || res.Missing != nil {
			res.Kept = record.intact()
		}
	}()
	emit := func(e event.Event) {
		if job.beside && e.Kind != event.Note {
			return // what is shown is how far the whole book is
		}
		e.Book, e.Target = job.Book.Name, t
		b.emit(e)
	}
	known := job.known(t)
	// A draft is for finding faults: it is made all the same.
	if slices.ContainsFunc(known, func(d book.Diagnostic) bool {
		return d.Severity == book.Error && (b.Strict || !b.Draft) || d.Severity == book.Lax && b.Strict
	}) {
		res.Diagnostics = known
		res.Err = bookIsWrong(known)
		return res
	}
	job.Known = append(slices.Clip(job.Known), known...)
	if b.Draft {
		record = b.draftRecord(job, t)
		return b.draft(ctx, job, t, watch, emit)
	}
	fingerprint, read, err := b.hashes.Fingerprint(job.Inputs, b.recipe(job, t))
	if err != nil {
		res.Err = source.OrChanged(err, b.Root, job.Inputs)
		return res
	}
	b.noteRead(job, read)
	watch.lap("fingerprint")
	if entry, ok := record.upToDate(fingerprint, b.pathOf(b.artifactName(job, t))); ok && !b.anew() && b.current(ctx, record.Makers) {
		res.UpToDate, res.Artifact = true, entry.Artifact
		res.Diagnostics = record.told()
		return res
	}
	code, err := b.code(job)
	if err != nil {
		res.Err = source.OrChanged(err, b.Root, job.Inputs)
		return res
	}

	emit(event.Event{Kind: event.Stage, Text: "prepare", Seconds: record.Seconds})
	defer emit(event.Event{Kind: event.Ended})
	maker := t.Maker()
	if job.Command[t] != "" {
		maker = ""
	}
	meanwhile := func() {}
	if !job.beside {
		meanwhile = b.draftMeanwhile(ctx, job, t)
	} else if done, err := b.holdBeside(ctx, job); err == nil {
		defer done()
	} else {
		res.Err = err
		return res
	}
	session, makers, err := b.session(ctx, job, code, maker)
	meanwhile()
	var missing *NoMakers
	if errors.As(err, &missing) && t == book.PDF && !job.beside && context.Cause(ctx) == nil {
		res = b.draft(ctx, job, t, watch, emit)
		res.Missing = err
		_, err := os.Lstat(filepath.Join(b.Artifacts, b.artifactName(job, t)))
		res.Beside = err == nil
		return res
	}
	if err != nil {
		res.Err = err
		return res
	}
	watch.lap("session")
	memory, err := b.memory(job, makers)
	if err != nil {
		res.Err = source.OrChanged(err, b.Root, job.Inputs)
		return res
	}
	m := &making{b: b, job: job, target: t, code: code, memory: memory, session: session, emit: emit, watch: watch, record: record}
	if err := session.Sync(ctx, job.Tree); err != nil {
		res.Err = err
		return res
	}
	if source.ChangedSince(b.Root, job.Inputs) {
		// A file was saved after it was hashed. With that fingerprint this artifact
		// would pass for up to date once the edit is undone.
		fingerprint = ""
	}
	watch.lap("sync")
	res.Log = m.logPath()
	status, err := m.run(ctx)
	watch.lap("make")
	if err != nil {
		res.Err = err
		res.Diagnostics = m.diagnostics(0)
		return res
	}
	if status == 0 {
		emit(event.Event{Kind: event.Stage, Text: "collect"})
		err = m.harvest(ctx)
		if m.staging != nil {
			defer m.staging.remove()
		}
		if err != nil {
			res.Err = err
			return res
		}
	}
	res.Diagnostics = m.diagnostics(status)
	if err := m.verdict(status, res.Diagnostics); err != nil {
		res.Err = err
		return res
	}
	artifact, err := m.collect(ctx)
	if err != nil {
		res.Err = err
		return res
	}
	watch.lap("collect")
	res.Artifact = artifact
	res.Err = m.remember(ctx, fingerprint, makers, artifact, res.Diagnostics)
	return res
}

// noteRead is what Read tells from now on: what the whole book was made of.
func (b *Builder) noteRead(job Job, read map[string]string) {
	if job.beside {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read[job.Book.Name] = read
}

// Read returns the content hashes, in hexadecimal, of the files that the last
// Build of a variant read, by slash path below the root. A file saved since then
// has another one.
func (b *Builder) Read(variant string) map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read[variant]
}

// IsNewest tells whether the files that the last Build of a variant read still
// hold what it read.
func (b *Builder) IsNewest(variant string) bool {
	return b.hashes != nil && b.hashes.Holds(b.Read(variant))
}

// current reports whether makers are those that a build would use now, as far
// as that can be told at once.
func (b *Builder) current(ctx context.Context, makers Makers) bool {
	if b.Current == nil {
		return true
	}
	switch b.Current(ctx, makers) {
	case Changed:
		return false
	case Unknown:
		b.emit(event.Event{Kind: event.Note, Text: "Docker does not answer at once; no source has changed since " + makers.Ref + " made what is there"})
	}
	return true
}

// stopwatch measures stages.
type stopwatch struct {
	now  func() time.Time
	last time.Time
	laps map[string]float64
}

func newStopwatch(now func() time.Time) *stopwatch {
	return &stopwatch{now: now, last: now(), laps: map[string]float64{}}
}

func (s *stopwatch) lap(stage string) {
	t := s.now()
	s.laps[stage] += t.Sub(s.last).Seconds()
	s.last = t
}

// seconds are the laps, rounded to milliseconds.
func (s *stopwatch) seconds() map[string]float64 {
	out := map[string]float64{}
	for k, v := range s.laps {
		out[k] = float64(int(v*1000+0.5)) / 1000
	}
	return out
}
