package project

import (
	"context"
	"os/exec"
	"strconv"

	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
)

// SourceDate is the date that artifacts bear: the user's, else the sources'.
func (p *Project) SourceDate(ctx context.Context, w *world.World, inputs []source.File) (int64, error) {
	if text := w.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		date, err := strconv.ParseInt(text, 10, 64)
		if err != nil || date < 0 {
			return 0, fault.Usagef("it is a number of seconds since 1970", "SOURCE_DATE_EPOCH=%q", text)
		}
		return date, nil
	}
	return source.Date(ctx, git(w), p.Root, inputs)
}

// BroughtState tells whether what bookci keeps between builds came with the
// sources: whoever committed it may have written what no build did.
func (p *Project) BroughtState(ctx context.Context, w *world.World) bool {
	return source.Tracked(ctx, git(w), p.Root, p.State(), p.FontCache())
}

func git(w *world.World) source.Git {
	git := source.Git{Env: w.Env()}
	if found, err := exec.LookPath("git"); err == nil {
		git.Path = found
	}
	return git
}
