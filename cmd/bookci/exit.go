package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
)

// Exit codes: whose fault it is.
const (
	exitDone        = 0
	exitBook        = 1   // the book is wrong
	exitUsage       = 2   // the command line or the configuration is
	exitEnvironment = 3   // Docker, the image or the disk is
	exitTimeout     = 124 // time is up
	exitInterrupted = 130 // Ctrl-C
	exitTerminated  = 143 // SIGTERM
)

// passedOn is the exit status of a command that bookci ran for the user.
type passedOn int

func (p passedOn) Error() string { return fmt.Sprintf("exit status %d", int(p)) }

// The causes that signals cancel the context with.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

// exitCode tells whose fault err is.
func exitCode(err error) int {
	var status passedOn
	var usage *fault.Usage
	var configuration *settings.Error
	var search *book.SearchError
	var environment *fault.Environment
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errTerminated):
		return exitTerminated
	case errors.Is(err, build.ErrTimeout):
		return exitTimeout
	case errors.As(err, &usage), errors.As(err, &configuration), errors.As(err, &search):
		return exitUsage
	case errors.As(err, &environment): // also a daemon's that did not answer in time
		return exitEnvironment
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	}
	return exitBook
}
