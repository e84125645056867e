package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// Options are what the command line says.
type Options struct {
	Choice  project.Choice // of each folder's books
	Given   *pflag.FlagSet // all flags, for the settings
	Only    []string       // chapters
	Force   bool           // all is made anew
	JSON    bool           // no paths on stdout, where a document goes
	Reports *outcome.Files
}

// Fleet is several roots that are built at once.
type Fleet struct {
	world    *world.World
	opts     Options
	show     screen.Show
	projects []*project.Project // by root, each once
	results  [][]build.Result   // of each project, nil before it is built
	mu       sync.Mutex         // who says what became of a project
	count    event.Event
}

// New is a fleet without a project yet.
func New(w *world.World, o Options) *Fleet { return &Fleet{world: w, opts: o} }

// Build builds the books of all folders, and tells show what becomes of them.
func (f *Fleet) Build(ctx context.Context, show screen.Show, dirs []string) error {
	f.show = show
	if err := f.open(ctx, dirs); err != nil {
		return err
	}
	for _, p := range f.projects {
		p.LeaveOut(f.opts.Reports.Paths()...)
	}
	c, err := workshop.StandBy(f.world, f.show.Println, f.show.Event)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Share()
	return f.build(ctx, c)
}

// open reads all projects. Folders of one root are one project. Where artifacts of
// several roots go to one place, each book needs a folder there.
func (f *Fleet) open(ctx context.Context, dirs []string) error {
	byRoot := map[string]*project.Project{}
	for _, dir := range dirs {
		c := f.opts.Choice
		c.Dir = dir
		p, err := project.Open(ctx, f.world, c, f.opts.Given, f.show.Println)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		first := byRoot[p.Root]
		if first == nil {
			byRoot[p.Root] = p
			f.projects, f.results = append(f.projects, p), append(f.results, nil)
			continue
		}
		if err := first.Join(p); err != nil {
			return err
		}
	}
	slices.SortFunc(f.projects, func(p, q *project.Project) int { return strings.Compare(p.Root, q.Root) }) // so that two bookcis lock in one order
	taken := map[string]string{}
	for _, p := range f.projects {
		f.count.Total += int64(len(p.Books))
		if p.ArtifactsBelow() != "" && !objects.IsS3(p.Settings.Artifacts) {
			continue
		}
		p.Separate = p.Separate || len(f.projects) > 1
		for _, b := range p.Books {
			if other := taken[strings.ToLower(b.Name)]; other != "" {
				return fault.Usagef("give one of them another bookname, or leave --artifacts out", "the books in %s and %s are both named %s, and their artifacts go to one place", other, p.Root, b.Name)
			}
			taken[strings.ToLower(b.Name)] = p.Root
		}
	}
	return nil
}

// build builds all projects, as many books at a time as --jobs says.
func (f *Fleet) build(ctx context.Context, c *workshop.Claim) error {
	for _, p := range f.projects {
		unlock, err := p.Lock(ctx, func(text string) { f.show.Println("bookci: " + text) })
		if err != nil {
			return err
		}
		defer unlock()
	}
	jobs := cmp.Or(int(f.projects[0].Settings.Jobs), runtime.GOMAXPROCS(0))
	slots, manifest := make(chan struct{}, jobs), &sync.Mutex{}
	errs := make([]error, len(f.projects))
	f.count.Kind = event.Count
	f.show.Event(f.count)
	var g errgroup.Group
	g.SetLimit(jobs)
	for i, p := range f.projects {
		g.Go(func() error {
			errs[i] = f.buildOne(ctx, c, i, p, slots, manifest)
			return nil
		})
	}
	_ = g.Wait() // each error stands in its place
	return errors.Join(errs...)
}

// buildOne builds a project and says what became of it.
func (f *Fleet) buildOne(ctx context.Context, c *workshop.Claim, i int, p *project.Project, slots chan struct{}, manifest *sync.Mutex) error {
	own := c.Telling(func(e event.Event) {
		if e.Kind == event.Count {
			return // one project's alone
		}
		if e.Book != "" {
			e.Book = filepath.Base(p.Root) + " " + e.Book
		}
		f.show.Event(e)
	})
	results, err := f.run(ctx, own, p, slots, manifest)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.results[i] = results
	if err != nil {
		screen.Fault(f.show.Println, fmt.Errorf("%s: %w", p.Root, err), fault.Hint(err))
		f.count.Failed += int64(len(p.Books))
		err = errors.Join(err, exit.ErrReported)
	} else {
		resume := f.world.StopCommands(f.show)
		err = outcome.Say(f.world, f.show, p, results, f.opts.JSON)
		resume()
		failed := map[*book.Book]bool{}
		for _, r := range results {
			if r.Err != nil {
				failed[r.Book] = true
			}
		}
		f.count.Failed += int64(len(failed))
	}
	f.count.N += int64(len(p.Books))
	f.show.Event(f.count)
	return err
}

func (f *Fleet) run(ctx context.Context, c *workshop.Claim, p *project.Project, slots chan struct{}, manifest *sync.Mutex) ([]build.Result, error) {
	w, err := c.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	w.ForceAll(f.opts.Force)
	w.Slots, w.ManifestLock = slots, manifest
	if err := w.Reach(ctx); err != nil {
		return nil, err
	}
	jobs, err := w.Jobs(ctx, p, f.opts.Only)
	if err != nil {
		return nil, err
	}
	results := w.Build(ctx, jobs)
	if context.Cause(ctx) == nil {
		w.KeepImages(ctx)
	}
	return results, nil
}

// Results are what became of all books, with absolute paths, and faults as strict as
// each project has them: they have neither root nor settings in common.
func (f *Fleet) Results() []build.Result {
	var all []build.Result
	for i, results := range f.results {
		for _, res := range results {
			p := f.projects[i]
			res.Artifact.Path, res.Kept = p.Absolute(res.Artifact.Path), p.Absolute(res.Kept)
			res.Diagnostics = book.Shown(res.Diagnostics, p.Settings.Strict)
			for j := range res.Diagnostics {
				res.Diagnostics[j].File = p.Absolute(res.Diagnostics[j].File)
			}
			all = append(all, res)
		}
	}
	return all
}

// WriteReports is Files.WriteResults for all projects: one report of each kind.
func (f *Fleet) WriteReports(begun time.Time, err error) error {
	r := f.opts.Reports
	if !r.Wanted(f.world) {
		return err
	}
	run, _ := outcome.EmptyRun(f.world, nil, begun, err)
	for i, p := range f.projects {
		of, place := outcome.EmptyRun(f.world, p, begun, err)
		if i == 0 {
			run.Config = of.Config
		}
		for _, res := range f.results[i] {
			run.Results = append(run.Results, outcome.Result(res, f.opts.Only, p.Settings.Strict, place))
		}
	}
	return r.Write(f.world, run, err)
}
