package ahead

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

// Most is how many errors are told ahead one by one.
const Most = 20

// Forecast is what has been told about the chapters before the maker has.
type Forecast struct {
	world   *world.World
	project *project.Project
	show    screen.Show

	told  []book.Diagnostic // errors, with paths below the root
	looks sync.WaitGroup
	mu    sync.Mutex
	seen  map[string]bool // books that were looked at
}

// SamePlace tells whether two diagnostics are of one fault.
func SamePlace(a, b book.Diagnostic) bool {
	return a.File == b.File && a.Line == b.Line && a.Code == b.Code
}

// Tell has each book's manuscript looked at when something is made of it.
func Tell(w *world.World, p *project.Project, b *build.Builder, show screen.Show) *Forecast {
	f := &Forecast{world: w, project: p, show: show, seen: map[string]bool{}}
	pass := b.OnEvent
	b.OnEvent = func(e event.Event) {
		if e.Kind == event.Stage && e.Text == "prepare" {
			f.look(e.Book)
		}
		if pass != nil {
			pass(e)
		}
	}
	return f
}

func (f *Forecast) look(name string) {
	p := f.project
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
			return slices.ContainsFunc(f.told, func(x book.Diagnostic) bool { return SamePlace(d, x) })
		})
		f.told = append(f.told, found...)
		if len(found) > 0 {
			resume := f.world.StopCommands(f.show)
			defer resume()
			for _, line := range Lines(f.world, p, found) {
				f.show.Println(line)
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
	return Errors(tree)
}

// Errors are those of a tree's faults that stop a maker.
func Errors(tree *review.Book) []book.Diagnostic {
	return slices.DeleteFunc(slices.Clone(tree.Faults), func(d book.Diagnostic) bool { return d.Severity != book.Error })
}

// Lines shows errors as those of a maker are shown.
func Lines(w *world.World, p *project.Project, found []book.Diagnostic) []string {
	here := world.Here(p.Root)
	var lines []string
	for _, d := range found[:min(len(found), Most)] {
		d.File = screen.RelativeTo(p.Root, here, d.File)
		d.Column = 0 // which no maker tells
		lines = append(lines, w.Terminal().Paint(d))
	}
	if more := len(found) - Most; more > 0 {
		lines = append(lines, fmt.Sprintf("bookci: %d more errors; `bookci check` lists them", more))
	}
	return lines
}

// Settle compares what was told with what the makers say. It returns the results
// without what was told already, and lines that take back what the makers let
// pass.
func (f *Forecast) Settle(results []build.Result) ([]build.Result, []string) {
	f.looks.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.told) == 0 {
		return results, nil
	}
	shown := f.told[:min(len(f.told), Most)]
	here := world.Here(f.project.Root)
	var lines []string
	for _, d := range shown {
		if LetPass(d, results) {
			lines = append(lines, fmt.Sprintf("bookci: %s:%d is no error to Re:VIEW: what was told about it above does not count", screen.RelativeTo(f.project.Root, here, d.File), d.Line))
		}
	}
	return Without(results, shown), lines
}

// LetPass tells whether the makers of all books that have the chapter of d have
// made their artifacts, and said nothing about it.
func LetPass(d book.Diagnostic, results []build.Result) bool {
	made := 0
	for _, res := range results {
		if !slices.ContainsFunc(res.Book.Chapters, func(c book.Chapter) bool { return c.Path == d.File }) {
			continue
		}
		if res.Err != nil || slices.ContainsFunc(res.Diagnostics, func(x book.Diagnostic) bool { return SamePlace(d, x) }) {
			return false
		}
		made++
	}
	return made > 0
}

// Without leaves out of results what was told already.
func Without(results []build.Result, told []book.Diagnostic) []build.Result {
	results = slices.Clone(results)
	for i := range results {
		results[i].Diagnostics = slices.DeleteFunc(slices.Clone(results[i].Diagnostics), func(d book.Diagnostic) bool {
			return slices.ContainsFunc(told, func(x book.Diagnostic) bool { return SamePlace(d, x) })
		})
	}
	return results
}
