package exit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/internal/fault"
)

func TestExitCodesSayWhoseFaultItIs(t *testing.T) {
	silent := &fault.Environment{Err: fmt.Errorf("Docker does not answer: %w", context.DeadlineExceeded)}
	for _, c := range []struct {
		what string
		err  error
		want int
	}{
		{"nothing", nil, Done},
		{"the book", &build.MakerError{Op: "failed"}, Book},
		{"the command line", fault.Usagef("", "unknown"), Usage},
		{"a daemon that does not answer in time", silent, Environment},
		{"a book and the environment", errors.Join(&build.MakerError{Op: "failed"}, silent, ErrReported), Environment},
		{"a build's own limit", fmt.Errorf("building: %w", build.ErrTimeout), Timeout},
		{"Ctrl-C, whatever came of it", errors.Join(silent, ErrInterrupted), Interrupted},
		{"a command's own status", Status(42), 42},
	} {
		if got := Code(c.err); got != c.want {
			t.Errorf("%s: exit status %d, want %d", c.what, got, c.want)
		}
	}
}
