package exit

import (
	"context"
	"errors"
	"fmt"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
)

// The statuses: whose fault it is.
const (
	Done        = 0
	Book        = 1   // the book is wrong
	Usage       = 2   // the command line or the configuration is
	Environment = 3   // Docker, the image or the disk is
	Timeout     = 124 // time is up
	Interrupted = 130 // Ctrl-C
	Terminated  = 143 // SIGTERM
)

// Status is the exit status of a command that bookci ran for the user.
type Status int

func (s Status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// The causes that signals cancel the context with.
var (
	ErrInterrupted = errors.New("interrupted")
	ErrTerminated  = errors.New("terminated")
)

// ErrReported marks an error that the command has already said all about.
var ErrReported = errors.New("reported")

// Code tells whose fault err is.
func Code(err error) int {
	var status Status
	var usage *fault.Usage
	var configuration *settings.Error
	var search *book.SearchError
	var environment *fault.Environment
	switch {
	case err == nil:
		return Done
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, ErrInterrupted):
		return Interrupted
	case errors.Is(err, ErrTerminated):
		return Terminated
	case errors.Is(err, build.ErrTimeout):
		return Timeout
	case errors.As(err, &usage), errors.As(err, &configuration), errors.As(err, &search):
		return Usage
	case errors.As(err, &environment): // also a daemon's that did not answer in time
		return Environment
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Book
}
