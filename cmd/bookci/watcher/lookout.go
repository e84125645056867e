package watcher

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/cmd/bookci/ahead"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
)

// A watch looks at the manuscript itself a few milliseconds after a save, long
// before the maker has seen it. What it finds stays pinned until the author has
// mended it, or until the maker takes it all the same.

const aheadName = "manuscript" // what the errors are pinned to

// lookout finds the errors of the manuscript as it is now.
type lookout struct {
	watcher *watcher
	looks   sync.WaitGroup
	one     sync.Mutex // held while looking

	mu     sync.Mutex
	wanted int               // how often a look was asked for
	shown  []book.Diagnostic // the errors that are pinned
	taken  []book.Diagnostic // what the maker took all the same
}

// look looks aside. Of several looks that are asked for meanwhile the last one counts.
func (l *lookout) look(ctx context.Context) {
	l.mu.Lock()
	l.wanted++
	mine := l.wanted
	l.mu.Unlock()
	l.looks.Go(func() {
		l.one.Lock()
		defer l.one.Unlock()
		l.mu.Lock()
		late := mine != l.wanted
		l.mu.Unlock()
		if late || context.Cause(ctx) != nil {
			return
		}
		w := l.watcher
		p, err := project.Open(ctx, w.world, w.opts.Choice, w.opts.Given, func(string) {})
		if err != nil {
			return // the build will say why
		}
		var found []book.Diagnostic
		trees := map[*book.Book]*review.Book{}
		for _, b := range p.Books {
			if p.Faults[b] != nil {
				continue
			}
			if tree, err := manuscript.Read(b, p.Targets[b]...); err == nil { // else the maker will say why
				found = append(found, ahead.Errors(tree)...)
				trees[b] = tree
			}
		}
		l.show(p, found)
		l.draft(ctx, p, trees)
	})
}

// draft shows the books as they were just read in the preview. What a book
// reads for other targets has other images.
func (l *lookout) draft(ctx context.Context, p *project.Project, trees map[*book.Book]*review.Book) {
	preview := l.watcher.preview
	if preview == nil {
		return
	}
	for _, b := range p.Books {
		if tree := trees[b]; tree != nil && len(p.Targets[b]) > 0 && p.Targets[b][0] == book.PDF {
			preview.Draft(ctx, b, tree)
		}
	}
}

// show pins what was found, if it is not what is pinned already.
func (l *lookout) show(p *project.Project, found []book.Diagnostic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []book.Diagnostic
	for _, d := range found {
		sameLine := func(x book.Diagnostic) bool { return x.File == d.File && x.Code == d.Code && x.Source == d.Source }
		same := func(x book.Diagnostic) bool { return ahead.SamePlace(x, d) }
		if !slices.ContainsFunc(l.taken, sameLine) && !slices.ContainsFunc(list, same) {
			list = append(list, d)
		}
	}
	if slices.Equal(list, l.shown) {
		return
	}
	l.shown = list
	l.watcher.show.Pin(aheadName, ahead.Lines(l.watcher.world, p, list))
}

// errors are those that are pinned.
func (l *lookout) errors() []book.Diagnostic {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.shown[:min(len(l.shown), ahead.Most)])
}

// settle takes back what the makers let pass, and leaves out of results what is
// pinned. Where a build has read older text than there is now, nothing is taken
// back: what is pinned may have been found in the newer text, whose build comes
// next.
func (l *lookout) settle(p *project.Project, results []build.Result) []build.Result {
	pinned := l.errors()
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.watcher
	older := len(l.shown) > 0 && slices.ContainsFunc(results, func(r build.Result) bool { return r.Err == nil && !w.shop.IsNewest(r.Book.Name) })
	rest := slices.DeleteFunc(slices.Clone(l.shown), func(d book.Diagnostic) bool { return !older && ahead.LetPass(d, results) })
	for _, d := range l.shown {
		if slices.ContainsFunc(rest, func(x book.Diagnostic) bool { return ahead.SamePlace(x, d) }) {
			continue
		}
		l.taken = append(l.taken, d)
		w.show.Println(fmt.Sprintf("bookci: %s:%d is no error to Re:VIEW: what was told about it above does not count", screen.RelativeTo(p.Root, world.Here(p.Root), d.File), d.Line))
	}
	if len(rest) != len(l.shown) {
		l.shown = rest
		w.show.Pin(aheadName, ahead.Lines(w.world, p, rest))
	}
	return ahead.Without(results, pinned)
}
