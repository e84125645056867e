package watcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/previewer"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/watch"
)

// Options are what the command line says, but for what stands for a setting.
type Options struct {
	Choice   project.Choice
	Given    *pflag.FlagSet // all flags, as they stand on the command line: they are settings again after each change
	Only     []string       // chapters
	Force    bool           // the first build is made from nothing
	Open     bool           // the browser, at the preview
	Progress string
}

// watcher is a book that is built after each change.
type watcher struct {
	world *world.World
	opts  Options
	show  screen.Watch
	claim *workshop.Claim
	ends  context.Context // ends with the watch; that of a build ends with the build

	ignore  atomic.Pointer[func(path string, isDir bool) bool] // see leaveOut
	project *project.Project
	shop    *workshop.Workshop // nil before the first build, and when it was lost
	results []build.Result
	ahead   *lookout
	preview *previewer.Page // nil without --serve
	lines   *screen.WatchLines
	retry   retry
	hooks   *hooks
	warned  []string // the settings' warnings, as they were last said
	moved   bool     // the workshop is not the one that the preview was told of
	standIn bool     // drafts stand in for want of makers

	stopReady context.CancelFunc // ends what readyFirst has begun
}

// Run builds a book, and builds it again after each change, until ctx ends.
func Run(ctx context.Context, out *world.World, o Options) error {
	show, err := screen.NewWatch(out.Terminal(), o.Progress)
	if err != nil {
		return err
	}
	defer show.Close()
	w := &watcher{world: out, opts: o, show: show, lines: screen.NewWatchLines(out.Terminal(), show, fault.Hint), ends: ctx, stopReady: func() {}}
	p, err := w.open(ctx)
	if err != nil {
		return err
	}
	if p.Settings.Engine == settings.EngineFargate {
		return fault.Usagef("watch with --engine docker, and build with fargate", "a task is too far away to watch a book with")
	}
	c, err := workshop.StandBy(out, show.Println, show.Event)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := fsx.MakeOwnFolder(p.Root, p.State()); err != nil { // events are tried in it
		return fmt.Errorf("making bookci's own folder: %w", err)
	}
	w.claim = c
	w.ahead = &lookout{watcher: w}
	defer w.ahead.looks.Wait()
	w.hooks = &hooks{ends: ctx, say: show.Println, env: out.Env, reaper: c.Reaper}
	defer w.hooks.close()
	defer w.close()

	if err := w.leaveOut(p); err != nil {
		return err
	}
	opts := watch.Options{
		Scope:    watch.Scope{Folders: []string{p.Root}},
		Ignore:   func(path string, isDir bool) bool { return (*w.ignore.Load())(path, isDir) },
		Poll:     p.Settings.Watch.Poll == "true",
		ProbeDir: p.State(),
		Quiet:    p.Settings.Watch.Debounce,
		Busy: func() bool {
			_, err := os.Lstat(filepath.Join(p.Root, ".git", "index.lock"))
			return err == nil
		},
		Cancel: cancelPolicy(p.Settings.Watch.Cancel),
		Notify: func(n watch.Notice) {
			if n.Kind != watch.ByEvents {
				show.Println("bookci: " + n.Text)
				if n.Hint != "" {
					show.Println("hint: " + n.Hint)
				}
			}
		},
	}
	if err := w.serve(ctx, p, &opts); err != nil {
		return err
	}
	preview := opts.Peek
	opts.Peek = func(c watch.Change) {
		w.ahead.look(ctx)
		if preview != nil {
			preview(c)
		}
	}
	err = watch.Run(ctx, opts, w.build)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// cancelPolicy says when a running build is given up for newer edits. By
// itself bookci does that as long as little work is lost, so that an author
// who saves all the time still sees pages.
func cancelPolicy(choice string) func(watch.Change, time.Duration, []watch.Edit) bool {
	switch choice {
	case "never":
		return nil
	case "always":
		return func(watch.Change, time.Duration, []watch.Edit) bool { return true }
	}
	return watch.CancelYoung(10*time.Second, 3)
}

// build builds once, for package watch.
func (w *watcher) build(ctx context.Context, c watch.Change) (watch.Result, error) {
	defer func() { w.show.Rest(w.lines.Status(len(w.ahead.errors()) > 0)) }()
	if w.standIn && c.Reason == againReason && len(c.Edits) == 0 && !w.makersCame(ctx) {
		if cause := context.Cause(ctx); cause != nil {
			return watch.Result{}, cause
		}
		return watch.Result{Again: w.retry.longer()}, nil
	}
	if w.preview != nil {
		w.preview.Building(strings.Trim(screen.Because(w.root(), c), " ()"))
	}
	if c.First {
		w.ahead.look(w.ends)
	}
	results, jobs, err := w.once(ctx, c)
	if errors.Is(context.Cause(ctx), watch.ErrSuperseded) {
		return watch.Result{}, watch.ErrSuperseded
	}
	if cause := context.Cause(ctx); cause != nil {
		return watch.Result{}, cause
	}
	var out watch.Result
	if len(jobs) > 0 {
		out.Scope, out.Read = w.scope(jobs)
	}
	w.lines.Settings(w.root(), c, c.Reason == againReason, err)
	if w.preview != nil {
		if w.project != nil {
			w.preview.Use(w.project, w.moved)
			w.moved = false
		}
		w.preview.Built(results, err)
	}
	for _, res := range results {
		err = errors.Join(err, res.Err)
	}
	stoodIn := w.standIn
	if w.standIn = slices.ContainsFunc(results, func(r build.Result) bool { return r.Missing != nil }); w.standIn {
		w.ahead.look(w.ends) // the preview may have shown the book itself until now
	}
	switch out.Again = w.retry.after(c, err, w.standIn); {
	case out.Again != firstPause:
	case !w.standIn:
		w.show.Println(fmt.Sprintf("bookci: trying again in %v, then less often", firstPause))
	case !stoodIn:
		w.show.Println(fmt.Sprintf("bookci: these are drafts; looking for Docker again in %v, then less often", firstPause))
	}
	w.hook(results, err)
	return out, err // said already; package watch looks again at what failed
}

// root is that of the project, "" before it is known.
func (w *watcher) root() string {
	if w.project == nil {
		return ""
	}
	return w.project.Root
}

// open reads the project. Warnings are said once, until they change.
func (w *watcher) open(ctx context.Context) (*project.Project, error) {
	var warnings []string
	p, err := project.Open(ctx, w.world, w.opts.Choice, w.opts.Given, func(line string) { warnings = append(warnings, line) })
	if !slices.Equal(warnings, w.warned) {
		for _, line := range warnings {
			w.show.Println(line)
		}
		w.warned = warnings
	}
	return p, err
}

// maxTries bounds how often once tries before it tells of a failure that is not
// the book's.
const maxTries = 4

// once reads the project anew and builds it. bookci.yml, the configs and the
// catalog may have changed.
func (w *watcher) once(ctx context.Context, c watch.Change) ([]build.Result, []build.Job, error) {
	for try := 1; ; try++ {
		p, err := w.open(ctx)
		if err != nil {
			return nil, nil, err
		}
		if try == 1 {
			if err := w.claim.Take(ctx, p); err != nil {
				return nil, nil, err
			}
			defer w.claim.Release() // a build of another bookci may come between two of the watch's
		}
		if err := w.prepare(ctx, p); err != nil {
			return nil, nil, err
		}
		jobs, err := w.shop.Jobs(ctx, p, w.opts.Only)
		if err != nil {
			return nil, nil, err
		}
		first := func() {}
		if try == 1 {
			first = w.chaptersFirst(ctx, p, c, jobs)
		}
		results := w.shop.Build(ctx, jobs)
		first()
		w.results = results
		if context.Cause(ctx) != nil {
			return results, jobs, nil
		}
		if try == 1 && lost(results) {
			// The warm session may have gone with the daemon, or with the
			// machine's sleep: a new one tells whether Docker is really away.
			w.closeShop()
			continue
		}
		if try < maxTries && changedMeanwhile(results) {
			// In the middle of a save or a checkout.
			select {
			case <-ctx.Done():
			case <-time.After(watch.DefaultQuiet):
			}
			continue
		}
		here := world.Here(p.Root)
		w.lines.Built(w.ends, p.Root, here, c, c.Reason == againReason, w.ahead.settle(p, results))
		w.show.Pin(firstName, nil)
		w.shop.Force = false // the first build only
		w.shop.KeepAside(w.ends)
		w.readyFirst(p, jobs)
		return results, jobs, nil
	}
}

// prepare opens a workshop, or keeps the warm one when the settings and the
// image are the same.
func (w *watcher) prepare(ctx context.Context, p *project.Project) error {
	image, err := p.ImageIdentity()
	if err != nil {
		return err
	}
	if err := w.leaveOut(p); err != nil {
		return err
	}
	if w.project != nil && w.project.Settings.Watch.OfStart() != p.Settings.Watch.OfStart() {
		w.show.Println("bookci: debounce, poll, serve and cancel change when the watch is started again")
	}
	if w.shop != nil && w.project.Settings.MakesAs(p.Settings) && w.project.Root == p.Root && w.shop.Image == image {
		w.project = p
		return nil
	}
	w.closeShop()
	w.moved = w.moved || w.project != nil
	w.project = p
	if w.shop, err = w.claim.Open(ctx, p); err != nil {
		return err
	}
	w.shop.KeepOpen = true
	w.shop.Force = w.opts.Force
	w.opts.Force = false
	return nil
}

func (w *watcher) closeShop() {
	w.stopReady()
	if w.shop != nil {
		w.shop.Close()
		w.shop = nil
	}
}

func (w *watcher) close() {
	if w.preview != nil {
		if err := w.preview.Close(); err != nil {
			w.show.Println(fmt.Sprintf("bookci: closing the preview: %v", err))
		}
	}
	w.closeShop()
}

// serve starts the preview, if one is asked for.
func (w *watcher) serve(ctx context.Context, p *project.Project, opts *watch.Options) error {
	addr := p.Settings.Watch.Serve
	if addr == "" {
		return nil
	}
	served, url, err := previewer.Serve(ctx, w.world, w.claim, p, addr, w.opts.Open)
	if err != nil {
		return err
	}
	w.preview = served
	opts.Peek = func(c watch.Change) { served.Peek(c.Paths()) }
	w.show.Println("bookci: the book is at " + url)
	if !settings.IsLoopback(addr) {
		w.show.Println("bookci: everyone who can reach this machine at " + addr + " can read it")
	}
	return nil
}

// lost reports whether a session failed rather than the book.
func lost(results []build.Result) bool {
	return slices.ContainsFunc(results, func(r build.Result) bool {
		var environment *fault.Environment
		return errors.As(r.Err, &environment)
	})
}

// changedMeanwhile reports whether a build read sources that were just written.
func changedMeanwhile(results []build.Result) bool {
	return slices.ContainsFunc(results, func(r build.Result) bool { return errors.Is(r.Err, source.ErrChanged) })
}
