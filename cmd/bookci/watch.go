package main

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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/watch"
)

// watchFlags are those of watch alone.
type watchFlags struct {
	buildFlags
	open bool
}

func (a *app) newWatchCmd() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch [DIR]",
		Short: "Make the artifacts again after each change",
		Long: `watch builds the book and then builds it again after each change to its files,
in a container that stays warm. Ctrl-C ends it and leaves nothing behind.

The commands of --on-success and --on-failure run in the book's root, with the
exit status in BOOKCI_RESULT and the artifacts' paths in BOOKCI_BUILT, one a line.
They may build there themselves: a watch has the root to itself only while it builds.`,
		Example: `  bookci watch
  bookci watch --serve localhost:8000 --open
  bookci watch --on-success 'open artifacts/book.pdf'`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.choice.Dir = dirArg(args); f.json {
				return fault.Usagef("`bookci build --json` prints one document", "watch has no end, so it has no --json")
			}
			return a.runWatch(cmd.Context(), &f, cmd.Flags())
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.Bool("poll", false, "look at the files again and again instead of waiting for events")
	flags.String("debounce", "", "a change is complete when nothing happened for this `duration`")
	flags.String("serve", "", "show the book at this address, such as localhost:8000")
	flags.BoolVar(&f.open, "open", false, "open the browser at it")
	flags.String("on-success", "", "a shell command to run after a good build")
	flags.String("on-failure", "", "a shell command to run after a failed one")
	flags.String("cancel", "", "give up a build that newer edits have overtaken: auto, always or never")
	flags.String("chapter-first", "", "make the edited chapters' pages before the whole book: auto, always or never")
	return cmd
}

// watcher is a book that is built after each change.
type watcher struct {
	app   *app
	flags *watchFlags
	given *pflag.FlagSet // all flags, as they stand on the command line
	show  screen.Watch
	claim *workshop.Claim
	ends  context.Context // ends with the watch; that of a build ends with the build

	ignore  atomic.Pointer[func(path string, isDir bool) bool] // see leaveOut
	project *project.Project
	shop    *workshop.Workshop // nil before the first build, and when it was lost
	results []build.Result
	ahead   *lookout
	preview previewer // nil without --serve
	lines   *screen.WatchLines
	retry   retry
	hooks   *hooks
	warned  []string // the settings' warnings, as they were last said
	moved   bool     // the workshop is not the one that the preview was told of
	standIn bool     // drafts stand in for want of makers
}

// runWatch is the watch command.
func (a *app) runWatch(ctx context.Context, f *watchFlags, given *pflag.FlagSet) error {
	show, err := screen.NewWatch(a.Terminal(), f.progress)
	if err != nil {
		return err
	}
	defer show.Close()
	w := &watcher{app: a, flags: f, given: given, show: show, lines: screen.NewWatchLines(a.Terminal(), show, fault.Hint), ends: ctx}
	p, err := w.open(ctx)
	if err != nil {
		return err
	}
	if p.Settings.Engine == settings.EngineFargate {
		return fault.Usagef("watch with --engine docker, and build with fargate", "a task is too far away to watch a book with")
	}
	c, err := workshop.StandBy(a.World, show.Println, show.Event)
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
	w.hooks = &hooks{ends: ctx, say: show.Println, env: a.Env, reaper: c.Reaper}
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
	defer func() { w.show.Rest(w.lines.Status()) }()
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
		w.preview.Failed(results, err)
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
	p, err := project.Open(ctx, w.app.World, w.flags.choice, w.given, func(line string) { warnings = append(warnings, line) })
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
		jobs, err := w.shop.Jobs(ctx, p, w.flags.only)
		if err != nil {
			return nil, nil, err
		}
		if try == 1 {
			w.chaptersFirst(ctx, p, c, jobs)
		}
		results := w.shop.Build(ctx, jobs)
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
		w.shop.KeepAside(w.ends)
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
		w.shop.Force = false // the first build only
		return nil
	}
	w.closeShop()
	w.moved = w.moved || w.project != nil
	w.project = p
	if w.shop, err = w.claim.Open(ctx, p); err != nil {
		return err
	}
	w.shop.KeepOpen = true
	w.shop.Force = w.flags.force
	w.flags.force = false
	return nil
}

func (w *watcher) closeShop() {
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
	served, url, err := newPreviewer(ctx, w.app.World, w.claim, p, addr, w.flags.open)
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
