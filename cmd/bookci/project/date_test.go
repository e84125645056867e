package project

import (
	"slices"
	"testing"

	"github.com/bookci/bookci/cmd/bookci/world"
)

func TestGitIsAskedInTheWorldsEnvironment(t *testing.T) {
	env := []string{"HOME=/elsewhere"}
	if got := git(&world.World{Env: func() []string { return env }}).Env; !slices.Equal(got, env) {
		t.Errorf("git would be run with %q", got)
	}
}
