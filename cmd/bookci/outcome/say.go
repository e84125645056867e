package outcome

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
)

// Say tells what became of the results and returns the error that the exit
// status follows from.
func Say(w *world.World, show screen.Show, p *project.Project, results []build.Result, json bool) error {
	here := world.Here(p.Root)
	var errs []error
	for _, res := range results {
		if errors.Is(res.Err, exit.ErrInterrupted) || errors.Is(res.Err, exit.ErrTerminated) {
			res.Log = "" // it says nothing that the user does not know
		}
		w.Terminal().Result(show, p.Root, here, res, fault.Hint(cmp.Or(res.Err, res.Missing)))
		if res.Err != nil {
			if !excused(w, p, res, results) {
				errs = append(errs, res.Err)
			}
			continue
		}
		if res.Missing != nil && mistakable(w, p, res) {
			errs = append(errs, res.Missing)
		}
		if !json {
			if _, err := fmt.Fprintln(w.Stdout, cmp.Or(res.Address, screen.RelativeTo(p.Root, here, res.Artifact.Path))); err != nil {
				errs = append(errs, fmt.Errorf("writing the path: %w", err))
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	// The causes outside the book come first in the exit status; what there is
	// to say has been said.
	return errors.Join(append(errs, exit.ErrReported)...)
}

// mistakable tells whether a draft that nobody asked for could be taken for the
// book: by a job that goes on with what it finds, or where an older book lies.
func mistakable(w *world.World, p *project.Project, res build.Result) bool {
	return w.Getenv("CI") != "" || p.Settings.Strict || res.Beside
}

// excused tells whether what only Re:VIEW makes is no failure of a first build: a
// draft stands in for the same book, nothing can be mistaken, and nobody asked
// for this target by name.
func excused(w *world.World, p *project.Project, res build.Result, all []build.Result) bool {
	var missing *build.NoMakers
	if !errors.As(res.Err, &missing) || p.Asked || res.Kept != "" {
		return false
	}
	return slices.ContainsFunc(all, func(other build.Result) bool {
		return other.Book == res.Book && other.Missing != nil && !mistakable(w, p, other)
	})
}
