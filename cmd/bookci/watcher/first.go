package watcher

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/ahead"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/watch"
)

// Of a book that takes long, watch makes the edited chapter's own pages before
// the whole is there: an author sees the edit in seconds however long the book is.
// They have the numbers of the last whole build, which the new one corrects.

const (
	// longBook is how long the maker took for the last whole PDF of a book
	// whose chapters come first by themselves: an edit shall be seen within 4 s.
	// A chapter alone takes about 2 s, by which the whole book comes later.
	longBook = 4 * time.Second
	// mostFirst chapters come first: more are no paragraph's edit.
	mostFirst = 2
)

// firstName is what the errors of chapters that come first are pinned to, until
// the whole book has been made.
const firstName = "first"

// chaptersFirst makes and says the pages of the chapters that c is about: those of
// some books at once, those of the others until wait returns.
func (w *watcher) chaptersFirst(ctx context.Context, p *project.Project, c watch.Change, jobs []build.Job) (wait func()) {
	var first, beside []build.Job
	for _, job := range jobs {
		chapters := editedChapters(p.Root, c, job)
		if len(chapters) == 0 {
			continue
		}
		if j, ok := w.first(p, job, chapters); !ok {
			continue
		} else if j, ok := w.shop.Beside(j); ok {
			beside = append(beside, j)
		} else {
			first = append(first, j)
		}
	}
	var mu sync.Mutex
	var wrong []string
	makes := func(jobs []build.Job) {
		if len(jobs) == 0 {
			return
		}
		lines := w.makeFirst(ctx, p, jobs)
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, lines...)
		w.show.Pin(firstName, slices.Clone(wrong))
	}
	makes(first)
	var made sync.WaitGroup
	made.Go(func() { makes(beside) })
	return made.Wait
}

// first returns the job that makes chapters' pages first, if they shall come first.
func (w *watcher) first(p *project.Project, job build.Job, chapters []string) (build.Job, bool) {
	policy := p.Settings.Watch.First
	if policy == "never" || !slices.Contains(job.Targets, book.PDF) {
		return build.Job{}, false
	}
	first, took, ok := w.shop.First(job, chapters)
	return first, ok && (policy == "always" || took > longBook)
}

// makeFirst makes and says chapters' pages, and returns what is wrong with the book.
// Whatever becomes of it, the whole book is made, too.
func (w *watcher) makeFirst(ctx context.Context, p *project.Project, first []build.Job) (wrong []string) {
	for i, res := range w.shop.Build(ctx, first) {
		if context.Cause(ctx) == nil {
			wrong = append(wrong, w.sayFirst(p, first[i].Only, res)...)
		}
	}
	return wrong
}

// readyFirst gets ready, aside, for the next edit's chapters.
func (w *watcher) readyFirst(p *project.Project, jobs []build.Job) {
	w.stopReady()
	ctx, cancel := context.WithCancel(w.ends)
	w.stopReady = cancel
	for _, job := range jobs {
		if first, ok := w.first(p, job, nil); !ok {
			continue
		} else if beside, ok := w.shop.Beside(first); ok {
			w.shop.Aside(func() { w.shop.Ready(ctx, beside) })
		}
	}
}

// editedChapters returns the IDs of the job's chapters that c has changed, and
// none when it changed anything else or too many.
func editedChapters(root string, c watch.Change, job build.Job) []string {
	if c.First || c.Reason != "" || len(c.Edits) == 0 || len(c.Edits) > mostFirst || !slices.Contains(job.Targets, book.PDF) {
		return nil
	}
	var ids []string
	for _, edit := range c.Edits {
		i := slices.IndexFunc(job.Book.Chapters, func(ch book.Chapter) bool {
			return filepath.Join(root, filepath.FromSlash(ch.Path)) == edit.Path
		})
		if i < 0 || edit.Kind == watch.Removed {
			return nil
		}
		ids = append(ids, job.Book.Chapters[i].ID)
	}
	return ids
}

// sayFirst says the line about a chapter's pages, and returns what is wrong with
// the book; any other failure is the whole build's to find.
func (w *watcher) sayFirst(p *project.Project, chapters []string, res build.Result) (wrong []string) {
	here := world.Here(p.Root)
	what := "chapter "
	if len(chapters) > 1 {
		what = "chapters "
	}
	name := time.Now().Format("15:04:05") + " " + res.Book.Name + ", " + what + strings.Join(chapters, ", ")
	var fault *build.MakerError
	switch {
	case res.Err == nil:
		w.show.Println(name + ", first: " + screen.Sum(res) + ", " + screen.RelativeTo(p.Root, here, res.Artifact.Path))
	case errors.As(res.Err, &fault):
		pinned := w.ahead.errors()
		for _, d := range res.Diagnostics {
			if d.Severity == book.Error && d.File != "" && !slices.ContainsFunc(pinned, func(x book.Diagnostic) bool { return ahead.SamePlace(x, d) }) {
				d.File = screen.RelativeTo(p.Root, here, d.File)
				wrong = append(wrong, w.world.Terminal().Paint(d))
			}
		}
		if len(wrong) > 0 {
			w.show.Println(name + ": failed")
		}
	}
	return wrong
}
