package watcher

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/watch"
)

// A build that failed for want of something outside the book may succeed
// although nobody edits anything: Docker is started, the network comes back,
// the disk is emptied. Such a build is tried again, after pauses that grow, as a
// registry must not be asked all night. Whatever else failed waits for an edit.

const (
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
	// againReason is Change.Reason of a build that Result.Again asked for.
	againReason = "again"
)

// retry is how long the watch waits before it tries again.
type retry struct{ pause time.Duration }

// after is told of each build and its error, and whether drafts stood in for
// want of makers. It returns the pause before the next try, 0 for none.
func (r *retry) after(c watch.Change, err error, standIn bool) time.Duration {
	switch {
	case !standIn && !mendsItself(err):
		r.pause = 0
	case c.Reason != againReason || r.pause == 0:
		r.pause = firstPause
	default:
		return r.longer()
	}
	return r.pause
}

func (r *retry) longer() time.Duration {
	r.pause = min(2*r.pause, longestPause)
	return r.pause
}

// makersCame looks whether there are makers now, where drafts stood in for want
// of them. The next build then finds them.
func (w *watcher) makersCame(ctx context.Context) bool {
	p, err := w.open(ctx)
	if err != nil {
		return true // the build will say why
	}
	if !w.claim.Engines(p).Answer(ctx) {
		return false
	}
	w.closeShop() // it knows that there are none
	w.moved = true
	return true
}

// mendsItself reports whether err may be gone without anybody's edit.
func mendsItself(err error) bool {
	var environment *fault.Environment
	if !errors.As(err, &environment) {
		return false
	}
	if fsx.IsDiskFull(err) {
		return true
	}
	for _, cause := range []error{
		context.DeadlineExceeded, io.ErrUnexpectedEOF,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	var network net.Error
	var address *url.Error
	var told *jsonmessage.JSONError
	switch {
	case client.IsErrConnectionFailed(err), errors.As(err, &network), errors.As(err, &address):
		return true
	case cerrdefs.IsUnavailable(err), cerrdefs.IsInternal(err): // a registry that the daemon cannot reach is its internal error
		return true
	case errors.As(err, &told): // the account of a pull
		switch docker.TroubleOf(told) {
		case docker.NoLogin, docker.NoSuchImage, docker.OtherPlatform: // asking again changes nothing
			return false
		}
		return true
	}
	return false
}
