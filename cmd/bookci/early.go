package main

import (
	"fmt"
	"slices"
	"sync"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/build/review"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
)

// A build looks at the manuscript itself while its engine opens, and tells the
// errors at once. They are a forecast: the maker decides. An error that the maker
// finds as well is not told again; one that the maker lets pass is taken back.

// mostAhead errors are told ahead one by one.
const mostAhead = 20

// forecast is what has been told about the chapters before the maker has.
type forecast struct {
	told  []book.Diagnostic // errors, with paths below the root
	looks sync.WaitGroup
	mu    sync.Mutex
	seen  map[string]bool // books that were looked at
}

// samePlace tells whether two diagnostics are of one fault.
func samePlace(a, b book.Diagnostic) bool {
	return a.File == b.File && a.Line == b.Line && a.Code == b.Code
}

// lookAhead has each book's manuscript looked at when something is made of it.
func (a *app) lookAhead(p *project.Project, w *workshop, show screen.Show) *forecast {
	f := &forecast{seen: map[string]bool{}}
	pass := w.OnEvent
	w.OnEvent = func(e event.Event) {
		if e.Kind == event.Stage && e.Text == "prepare" {
			f.look(a, p, e.Book, show)
		}
		if pass != nil {
			pass(e)
		}
	}
	return f
}

func (f *forecast) look(a *app, p *project.Project, name string, show screen.Show) {
	f.mu.Lock()
	again := f.seen[name]
	f.seen[name] = true
	f.mu.Unlock()
	i := slices.IndexFunc(p.Books, func(b *book.Book) bool { return b.Name == name })
	if again || i < 0 {
		return
	}
	f.looks.Go(func() {
		found := errorsAhead(p.Books[i], p.Targets[p.Books[i]])
		f.mu.Lock()
		defer f.mu.Unlock()
		// Books share chapters.
		found = slices.DeleteFunc(found, func(d book.Diagnostic) bool {
			return slices.ContainsFunc(f.told, func(x book.Diagnostic) bool { return samePlace(d, x) })
		})
		f.told = append(f.told, found...)
		if len(found) > 0 {
			resume := a.StopCommands(show)
			defer resume()
			for _, line := range a.aheadLines(p, found) {
				show.Println(line)
			}
		}
	})
}

// errorsAhead are the errors of a book's chapters, as its makers will find them.
func errorsAhead(b *book.Book, targets []book.Target) []book.Diagnostic {
	tree, err := manuscript.Read(b, targets...)
	if err != nil {
		return nil // the maker will say why
	}
	return errorsOf(tree)
}

func errorsOf(tree *review.Book) []book.Diagnostic {
	return slices.DeleteFunc(slices.Clone(tree.Faults), func(d book.Diagnostic) bool { return d.Severity != book.Error })
}

// aheadLines shows errors as those of a maker are shown.
func (a *app) aheadLines(p *project.Project, found []book.Diagnostic) []string {
	here := world.Here(p.Root)
	var lines []string
	for _, d := range found[:min(len(found), mostAhead)] {
		d.File = screen.RelativeTo(p.Root, here, d.File)
		d.Column = 0 // which no maker tells
		lines = append(lines, a.Terminal().Paint(d))
	}
	if more := len(found) - mostAhead; more > 0 {
		lines = append(lines, fmt.Sprintf("bookci: %d more errors; `bookci check` lists them", more))
	}
	return lines
}

// settle compares what was told with what the makers say. It returns the results
// without what was told already, and lines that take back what the makers let
// pass.
func (f *forecast) settle(a *app, p *project.Project, results []build.Result) ([]build.Result, []string) {
	f.looks.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.told) == 0 {
		return results, nil
	}
	shown := f.told[:min(len(f.told), mostAhead)]
	here := world.Here(p.Root)
	var lines []string
	for _, d := range shown {
		if letPass(d, results) {
			lines = append(lines, fmt.Sprintf("bookci: %s:%d is no error to Re:VIEW: what was told about it above does not count", screen.RelativeTo(p.Root, here, d.File), d.Line))
		}
	}
	return without(results, shown), lines
}

// letPass tells whether the makers of all books that have the chapter of d have
// made their artifacts, and said nothing about it.
func letPass(d book.Diagnostic, results []build.Result) bool {
	made := 0
	for _, res := range results {
		if !slices.ContainsFunc(res.Book.Chapters, func(c book.Chapter) bool { return c.Path == d.File }) {
			continue
		}
		if res.Err != nil || slices.ContainsFunc(res.Diagnostics, func(x book.Diagnostic) bool { return samePlace(d, x) }) {
			return false
		}
		made++
	}
	return made > 0
}

// without leaves out of results what was told already.
func without(results []build.Result, told []book.Diagnostic) []build.Result {
	results = slices.Clone(results)
	for i := range results {
		results[i].Diagnostics = slices.DeleteFunc(slices.Clone(results[i].Diagnostics), func(d book.Diagnostic) bool {
			return slices.ContainsFunc(told, func(x book.Diagnostic) bool { return samePlace(d, x) })
		})
	}
	return results
}
