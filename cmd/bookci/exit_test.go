package main

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
		{"nothing", nil, exitDone},
		{"the book", &build.MakerError{Op: "failed"}, exitBook},
		{"the command line", fault.Usagef("", "unknown"), exitUsage},
		{"a daemon that does not answer in time", silent, exitEnvironment},
		{"a book and the environment", errors.Join(&build.MakerError{Op: "failed"}, silent, errReported), exitEnvironment},
		{"a build's own limit", fmt.Errorf("building: %w", build.ErrTimeout), exitTimeout},
		{"Ctrl-C, whatever came of it", errors.Join(silent, errInterrupted), exitInterrupted},
		{"a command's own status", passedOn(42), 42},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%s: exit status %d, want %d", c.what, got, c.want)
		}
	}
}

func TestWindowsFindsVariablesInAnyLetterCase(t *testing.T) {
	env := []string{`=C:=C:\book`, `Path=C:\Windows`, "HOME=/home/a"}
	for _, c := range []struct{ goos, key, want string }{
		{"windows", "PATH", `C:\Windows`}, {"linux", "PATH", ""}, {"windows", "home", "/home/a"}, {"linux", "HOME", "/home/a"},
	} {
		if got := lookUp(env, c.key, c.goos); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.key, c.goos, got, c.want)
		}
	}
}

func TestAPathBecomesAPatternOfItself(t *testing.T) {
	for _, c := range []struct{ goos, rel, want string }{
		{"linux", "a*b/[c]", `a\*b/\[c]`}, {"linux", "!x?", `\!x\?`},
		{"windows", `out\pdf`, `out\pdf`}, {"windows", `out\[c]`, `out\[[]c]`}, {"windows", "!x", "[!]x"},
	} {
		if got := literalPattern(c.rel, c.goos); got != c.want {
			t.Errorf("%s on %s: %s, want %s", c.rel, c.goos, got, c.want)
		}
	}
}
