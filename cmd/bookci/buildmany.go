package main

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
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// `bookci build DIR DIR...` builds several roots at once. Each is a project with
// settings, state and a lock of its own; what they share is the reaper, the number
// of jobs, the tasks' engine, the screen and the reports. What is wrong with one
// of them stops no other.

// runBuilds is the build command for several folders.
func (a *app) runBuilds(ctx context.Context, f *buildFlags, r *outcome.Files, flags *pflag.FlagSet, dirs []string) (err error) {
	m := &many{app: a, flags: f}
	begun := time.Now()
	if f.json {
		defer func() {
			if werr := a.answer(outcome.NewDocument(a.Version, "", m.all(), err)); werr != nil {
				err = errors.Join(err, fmt.Errorf("writing the report: %w", werr))
			}
		}()
	}
	defer func() { err = m.writeReports(r, begun, err) }()
	if m.show, err = screen.New(a.Terminal(), f.progress); err != nil {
		return err
	}
	defer m.show.Close()
	if err := m.open(ctx, flags, dirs); err != nil {
		return err
	}
	for _, p := range m.projects {
		p.LeaveOut(r.Paths()...)
	}
	c, err := workshop.StandBy(a.World, m.show.Println, m.show.Event)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Share()
	return m.build(ctx, c)
}

type many struct {
	app      *app
	flags    *buildFlags
	show     screen.Show
	projects []*project.Project // by root, each once
	results  [][]build.Result   // of each project
	mu       sync.Mutex         // who says what became of a project
	count    event.Event
}

// open reads all projects. Folders of one root are one project. Where artifacts of
// several roots go to one place, each book needs a folder there.
func (m *many) open(ctx context.Context, flags *pflag.FlagSet, dirs []string) error {
	byRoot := map[string]*project.Project{}
	for _, dir := range dirs {
		c := m.flags.choice
		c.Dir = dir
		p, err := project.Open(ctx, m.app.World, c, flags, m.show.Println)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		first := byRoot[p.Root]
		if first == nil {
			byRoot[p.Root] = p
			m.projects = append(m.projects, p)
			continue
		}
		if err := first.Join(p); err != nil {
			return err
		}
	}
	slices.SortFunc(m.projects, func(p, q *project.Project) int { return strings.Compare(p.Root, q.Root) }) // so that two bookcis lock in one order
	m.results = make([][]build.Result, len(m.projects))
	taken := map[string]string{}
	for _, p := range m.projects {
		m.count.Total += int64(len(p.Books))
		if p.ArtifactsBelow() != "" && !objects.IsS3(p.Settings.Artifacts) {
			continue
		}
		p.Separate = p.Separate || len(m.projects) > 1
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
func (m *many) build(ctx context.Context, c *workshop.Claim) error {
	for _, p := range m.projects {
		unlock, err := p.Lock(ctx, func(text string) { m.show.Println("bookci: " + text) })
		if err != nil {
			return err
		}
		defer unlock()
	}
	jobs := cmp.Or(int(m.projects[0].Settings.Jobs), runtime.GOMAXPROCS(0))
	slots, manifest := make(chan struct{}, jobs), &sync.Mutex{}
	errs := make([]error, len(m.projects))
	m.count.Kind = event.Count
	m.show.Event(m.count)
	var g errgroup.Group
	g.SetLimit(jobs)
	for i, p := range m.projects {
		g.Go(func() error {
			errs[i] = m.buildOne(ctx, c, i, p, slots, manifest)
			return nil
		})
	}
	_ = g.Wait() // each error stands in its place
	return errors.Join(errs...)
}

// buildOne builds a project and says what became of it.
func (m *many) buildOne(ctx context.Context, c *workshop.Claim, i int, p *project.Project, slots chan struct{}, manifest *sync.Mutex) error {
	own := c.Telling(func(e event.Event) {
		if e.Kind == event.Count {
			return // one project's alone
		}
		if e.Book != "" {
			e.Book = filepath.Base(p.Root) + " " + e.Book
		}
		m.show.Event(e)
	})
	results, err := m.run(ctx, own, p, slots, manifest)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[i] = results
	if err != nil {
		screen.Fault(m.show.Println, fmt.Errorf("%s: %w", p.Root, err), fault.Hint(err))
		m.count.Failed += int64(len(p.Books))
		err = errors.Join(err, exit.ErrReported)
	} else {
		resume := m.app.StopCommands(m.show)
		err = outcome.Say(m.app.World, m.show, p, results, m.flags.json)
		resume()
		failed := map[*book.Book]bool{}
		for _, r := range results {
			if r.Err != nil {
				failed[r.Book] = true
			}
		}
		m.count.Failed += int64(len(failed))
	}
	m.count.N += int64(len(p.Books))
	m.show.Event(m.count)
	return err
}

func (m *many) run(ctx context.Context, c *workshop.Claim, p *project.Project, slots chan struct{}, manifest *sync.Mutex) ([]build.Result, error) {
	w, err := c.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	w.ForceAll(m.flags.force)
	w.Slots, w.ManifestLock = slots, manifest
	if err := w.Reach(ctx); err != nil {
		return nil, err
	}
	jobs, err := w.Jobs(ctx, p, m.flags.only)
	if err != nil {
		return nil, err
	}
	results := w.Build(ctx, jobs)
	if context.Cause(ctx) == nil {
		w.KeepImages(ctx)
	}
	return results, nil
}

// all are the results with absolute paths: they have no root in common.
func (m *many) all() []build.Result {
	var all []build.Result
	for i, results := range m.results {
		for _, res := range results {
			p := m.projects[i]
			res.Artifact.Path, res.Kept = p.Absolute(res.Artifact.Path), p.Absolute(res.Kept)
			res.Diagnostics = slices.Clone(res.Diagnostics)
			for j := range res.Diagnostics {
				res.Diagnostics[j].File = p.Absolute(res.Diagnostics[j].File)
			}
			all = append(all, res)
		}
	}
	return all
}

// writeReports is reportFlags.writeResults for all projects: one report of each kind.
func (m *many) writeReports(r *outcome.Files, begun time.Time, err error) error {
	if !r.Wanted(m.app.World) {
		return err
	}
	run, _ := outcome.EmptyRun(m.app.World, nil, begun, err)
	for i, p := range m.projects {
		of, place := outcome.EmptyRun(m.app.World, p, begun, err)
		if i == 0 {
			run.Config = of.Config
		}
		for _, res := range m.results[i] {
			run.Results = append(run.Results, outcome.Result(res, m.flags.only, p.Settings.Strict, place))
		}
	}
	return r.Write(m.app.World, run, err)
}
