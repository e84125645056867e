package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bookci/bookci/internal/fsx"
)

// A bad byte is found before it is sent: the parts are hashed in their order
// beside the load, and each is sent only when it was found whole.
// A load that meets a bad part is not cut off, see feed.

// open opens the tarball that an index names and checks its size.
func (s *Store) open(x Index) (*os.File, error) {
	f, err := fsx.OpenNamed(s.path(x.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, &Miss{Ref: x.Reference, Why: Absent, Detail: x.File + " is gone"}
	}
	if err != nil {
		return nil, &Miss{Ref: x.Reference, Why: Corrupted, Detail: err.Error()}
	}
	info, err := f.Stat()
	if err == nil && info.Size() == x.Bytes && info.Mode().IsRegular() {
		return f, nil
	}
	f.Close() // only read
	if err != nil {
		return nil, &Miss{Ref: x.Reference, Why: Corrupted, Detail: err.Error()}
	}
	return nil, &Miss{Ref: x.Reference, Why: Truncated, Detail: fmt.Sprintf("%s has %d bytes instead of %d", x.File, info.Size(), x.Bytes)}
}

// part is a segment and where it begins in the tarball.
type part struct {
	Segment
	offset int64
}

// wanted returns the parts to send when the daemon has the lowest `have` layers.
func wanted(x Index, have int) []part {
	var parts []part
	var offset int64
	for _, seg := range x.Segments {
		send := len(seg.Layers) == 0
		for _, l := range seg.Layers {
			send = send || l >= have
		}
		if send {
			parts = append(parts, part{seg, offset})
		}
		offset += seg.Bytes
	}
	return parts
}

// checkStep is how much is hashed, at most, after the context has ended.
const checkStep = 8 << 20

func checkSegment(ctx context.Context, f io.ReaderAt, offset int64, seg Segment) error {
	sum := seg.sum()
	for at, end := offset, offset+seg.Bytes; at < end; at += checkStep {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if _, err := io.Copy(sum, io.NewSectionReader(f, at, min(checkStep, end-at))); err != nil {
			return err
		}
	}
	if hexSum(sum) != seg.wantSum() {
		return fmt.Errorf("checksum differs in the %d bytes from %d", seg.Bytes, offset)
	}
	return nil
}

// checks are the outcomes of hashing parts, one after the other.
type checks struct {
	cancel context.CancelFunc
	ended  chan struct{}
	each   []chan error
}

// checkAhead begins to hash parts. The caller ends it with stop.
func checkAhead(f io.ReaderAt, parts []part) *checks {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checks{cancel: cancel, ended: make(chan struct{}), each: make([]chan error, len(parts))}
	for i := range parts {
		c.each[i] = make(chan error, 1)
	}
	go func() {
		defer close(c.ended)
		for i, p := range parts {
			err := checkSegment(ctx, f, p.offset, p.Segment)
			c.each[i] <- err
			if err != nil {
				return
			}
		}
	}()
	return c
}

// part waits until part i was hashed and returns what is wrong with it. Parts
// are asked for in order, each once, and none after a bad one.
func (c *checks) part(ctx context.Context, i int) error {
	select {
	case err := <-c.each[i]:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stop ends the hashing and waits for it, so that the file may be closed.
func (c *checks) stop() {
	c.cancel()
	<-c.ended
}
