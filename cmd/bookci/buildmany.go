package main

import (
	"cmp"
	"context"
	"encoding/json"
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
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// `bookci build DIR DIR...` builds several roots at once. Each is a project with
// settings, state and a lock of its own; what they share is the reaper, the number
// of jobs, the tasks' engine, the screen and the reports. What is wrong with one
// of them stops no other.

// runBuilds is the build command for several folders.
func (a *app) runBuilds(ctx context.Context, f *buildFlags, r *reportFlags, flags *pflag.FlagSet, dirs []string) (err error) {
	m := &many{app: a, flags: f, pool: &taskPool{}}
	begun := time.Now()
	if f.json {
		defer func() {
			if werr := a.answer(newReport("", m.all(), err)); werr != nil {
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
		p.LeaveOut(r.files()...)
	}
	c, err := a.standBy(m.show.Println, m.show.Event)
	if err != nil {
		return err
	}
	defer c.close()
	defer m.pool.close(m.show.Println)
	return m.build(ctx, c)
}

type many struct {
	app      *app
	flags    *buildFlags
	show     screen.Show
	pool     *taskPool
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
func (m *many) build(ctx context.Context, c *claim) error {
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
func (m *many) buildOne(ctx context.Context, c *claim, i int, p *project.Project, slots chan struct{}, manifest *sync.Mutex) error {
	own := *c
	own.onEvent = func(e event.Event) {
		if e.Kind == event.Count {
			return // one project's alone
		}
		if e.Book != "" {
			e.Book = filepath.Base(p.Root) + " " + e.Book
		}
		m.show.Event(e)
	}
	results, err := m.run(ctx, &own, p, slots, manifest)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[i] = results
	if err != nil {
		screen.Fault(m.show.Println, fmt.Errorf("%s: %w", p.Root, err), fault.Hint(err))
		m.count.Failed += int64(len(p.Books))
		err = errors.Join(err, exit.ErrReported)
	} else {
		resume := m.app.StopCommands(m.show)
		err = m.app.sayAll(m.show, p, results, m.flags.json)
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

func (m *many) run(ctx context.Context, c *claim, p *project.Project, slots chan struct{}, manifest *sync.Mutex) ([]build.Result, error) {
	w, err := c.workshop(ctx, p)
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.engines.pool = m.pool
	w.force(m.flags.force)
	w.Slots, w.ManifestLock = slots, manifest
	if err := w.reach(ctx); err != nil {
		return nil, err
	}
	jobs, err := m.app.jobs(ctx, p, w.Builder, m.flags.only)
	if err != nil {
		return nil, err
	}
	results := w.Build(ctx, jobs)
	if context.Cause(ctx) == nil {
		w.keepImages(ctx)
	}
	return results, nil
}

// all are the results with absolute paths: they have no root in common.
func (m *many) all() []build.Result {
	var all []build.Result
	for i, results := range m.results {
		for _, res := range results {
			root := m.projects[i].Root
			res.Artifact.Path, res.Kept = absoluteIn(root, res.Artifact.Path), absoluteIn(root, res.Kept)
			res.Diagnostics = slices.Clone(res.Diagnostics)
			for j := range res.Diagnostics {
				res.Diagnostics[j].File = absoluteIn(root, res.Diagnostics[j].File)
			}
			all = append(all, res)
		}
	}
	return all
}

// writeReports is app.writeReports for all projects: one report of each kind.
func (m *many) writeReports(r *reportFlags, begun time.Time, err error) error {
	if !m.app.wantsReports(r) {
		return err
	}
	run, _ := m.app.emptyRun(nil, begun, err)
	for i, p := range m.projects {
		of, place := m.app.emptyRun(p, begun, err)
		if i == 0 {
			run.Config = of.Config
		}
		for _, res := range m.results[i] {
			run.Results = append(run.Results, reportResult(res, m.flags.only, p.Settings.Strict, place))
		}
	}
	return m.app.writeRun(r, run, err)
}

// taskPool holds the engines of tasks that several projects share: one asks after
// all tasks at once, and sends what is the same once.
type taskPool struct {
	mu      sync.Mutex
	engines map[string]*fargate.Engine
}

// get is the engine for these settings, connected.
func (tp *taskPool) get(ctx context.Context, t *fargate.Engine) (*fargate.Engine, error) {
	text, err := json.Marshal([]any{t.Place, t.Size, t.Image, t.Mount, t.Patience})
	if err != nil {
		return nil, err
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if have := tp.engines[string(text)]; have != nil {
		return have, nil
	}
	if err := t.Connect(ctx); err != nil {
		return nil, err
	}
	if tp.engines == nil {
		tp.engines = map[string]*fargate.Engine{}
	}
	tp.engines[string(text)] = t
	return t, nil
}

func (tp *taskPool) close(say func(string)) {
	for _, t := range tp.engines {
		if err := t.Close(); err != nil {
			say("bookci: " + err.Error())
		}
	}
}
