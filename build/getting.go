package build

import (
	"context"
	"errors"
	"io"

	"github.com/bookci/bookci/build/engine"
)

// reading is what a session sends: the tar stream of a Session.Get.
type reading struct {
	*io.PipeReader
	got chan error
}

// getting begins to get names below dir of a session. The caller closes the
// reading, however much of it was read.
func getting(ctx context.Context, s engine.Session, dir string, names ...string) *reading {
	pr, pw := io.Pipe()
	r := &reading{pr, make(chan error, 1)}
	go func() {
		err := s.Get(ctx, dir, names, pw)
		pw.CloseWithError(err)
		r.got <- err
	}()
	return r
}

// drainLimit bounds what is read of an archive's end, so that tar ends well:
// it pads to 10 KiB, and some pad to more.
const drainLimit = 1 << 20

// Close waits until the session sends no more, and returns why the session failed.
// A reader that stopped early is no failure.
func (r *reading) Close() error {
	_, _ = io.CopyN(io.Discard, r.PipeReader, drainLimit) // an error comes by got as well
	_ = r.PipeReader.Close()                              // never fails
	if err := <-r.got; !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return nil
}
