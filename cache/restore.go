package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/docker/docker/api/types/image"
)

// Restored says what Restore did.
type Restored struct {
	ID        string // of the image in the daemon, to run it by
	Unchanged bool   // the daemon had it already: nothing was sent
	LeftOut   int    // layers that the daemon had
	Read      int64  // compressed bytes
	Sent      int64  // tar bytes
	Took      time.Duration
}

// afterCancel is how long the daemon has to answer a load that was ended early.
const afterCancel = 30 * time.Second

// Restore puts a kept image into the daemon, tagged with its reference. A kept
// image that cannot be used is a *Miss; any other error is the daemon's or the context's.
//
// No byte is sent before the layer that it belongs to has passed its checksum,
// and a load that was begun is always brought to an end that the daemon can answer.
//
// pin may be nil; a kept image that it does not allow is a miss.
func (s *Store) Restore(ctx context.Context, ref string, pin *Pin) (Restored, error) {
	start := s.Now()
	ref, err := normalize(ref)
	if err != nil {
		return Restored{}, err
	}
	r, err := s.restore(ctx, ref, pin)
	r.Took = s.Now().Sub(start)
	if err == nil && !r.Unchanged {
		s.Record(Timing{Ref: ref, Kind: TimedRestore, Bytes: r.Sent, Whole: r.LeftOut == 0, Took: r.Took})
	}
	return r, err
}

func (s *Store) restore(ctx context.Context, ref string, pin *Pin) (Restored, error) {
	x, missed := s.index(ref)
	if missed == nil {
		missed = pin.check(ref, x)
	}
	id, err := s.present(ctx, ref, x, missed == nil, pin)
	if err != nil || id != "" {
		return Restored{ID: id, Unchanged: true}, err
	}
	if missed != nil {
		return Restored{}, missed
	}
	// Two restores of one image would send it twice. A folder that cannot be
	// written to has no lock, and needs none.
	unlock, err := s.lock(ctx, ref)
	if err == nil {
		defer unlock()
		if id, err := s.present(ctx, ref, x, true, pin); err != nil || id != "" {
			return Restored{ID: id, Unchanged: true}, err
		}
	} else if ctx.Err() != nil {
		return Restored{}, err
	}
	f, err := s.open(x)
	if err != nil { // a save may have replaced it between index and open
		if x, err = s.index(ref); err != nil {
			return Restored{}, err
		}
		if err := pin.check(ref, x); err != nil {
			return Restored{}, err
		}
		if f, err = s.open(x); err != nil {
			return Restored{}, err
		}
	}
	defer f.Close() // only read
	return s.load(ctx, x, f)
}

// present returns the ID of the daemon's image if it is what Restore would
// bring: the kept content or, where nothing usable is kept, what the pin allows.
// An image that has the content but not the tag is tagged.
func (s *Store) present(ctx context.Context, ref string, x Index, usable bool, pin *Pin) (string, error) {
	img, err := inspect(ctx, s.Daemon, ref)
	switch {
	case err == nil && usable && x.Content.Same(ContentOf(img)):
		return img.ID, nil
	case err == nil && !usable && pin != nil && pin.Check(ref, FactsOf(img)) == nil:
		return img.ID, nil
	case err != nil && !errors.Is(err, ErrNoImage):
		return "", err
	case !usable:
		return "", nil
	}
	return s.retag(ctx, ref, x)
}

// retag gives the reference to an image that the daemon has under an ID only.
func (s *Store) retag(ctx context.Context, ref string, x Index) (string, error) {
	for _, id := range []string{x.Content.Config, x.ID} {
		img, err := inspect(ctx, s.Daemon, id)
		if errors.Is(err, ErrNoImage) {
			continue
		}
		if err != nil {
			return "", err
		}
		if !x.Content.Same(ContentOf(img)) {
			continue
		}
		if err := s.Daemon.ImageTag(ctx, img.ID, ref); err != nil {
			return "", fmt.Errorf("tagging %s: %w", ref, err)
		}
		return img.ID, nil
	}
	return "", nil
}

// load checks and sends what the daemon lacks, and sees that the image is there.
func (s *Store) load(ctx context.Context, x Index, f *os.File) (Restored, error) {
	info, err := s.Daemon.Info(ctx)
	if err != nil {
		return Restored{}, fmt.Errorf("asking the daemon about itself: %w", err)
	}
	have := 0
	if !keepsContentByManifest(info) {
		have = s.has(ctx, x.Content.DiffIDs)
	}
	var refused *refusedError
	for {
		r, err := s.send(ctx, x, f, have)
		if err == nil {
			r.ID, err = s.arrived(ctx, x)
			if err == nil {
				return r, nil
			}
			if ctx.Err() == nil {
				err = &refusedError{err}
			}
		}
		if !errors.As(err, &refused) {
			return r, err
		}
		if have == 0 {
			return r, &Miss{Ref: x.Reference, Why: Rejected, Detail: refused.Error()}
		}
		s.log().Debug("loading without the daemon's layers failed, sending all", "ref", x.Reference, "err", err)
		have = 0
	}
}

// has returns how many of the lowest layers the daemon has, in this order.
func (s *Store) has(ctx context.Context, diffIDs []string) int {
	list, err := s.Daemon.ImageList(ctx, image.ListOptions{All: true})
	if err != nil {
		return 0 // everything is sent: slower, never wrong
	}
	most := 0
	for _, summary := range list {
		img, err := s.Daemon.ImageInspect(ctx, summary.ID)
		if err != nil {
			continue // removed meanwhile
		}
		n := 0
		for n < len(diffIDs) && n < len(img.RootFS.Layers) && diffIDs[n] == img.RootFS.Layers[n] {
			n++
		}
		most = max(most, n)
	}
	return most
}

// refusedError says that the daemon answered a load with an error.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// send streams the image, less its lowest `have` layers, into a load call.
func (s *Store) send(ctx context.Context, x Index, f *os.File, have int) (Restored, error) {
	parts := wanted(x, have)
	r := Restored{LeftOut: have}
	for _, p := range parts {
		r.Read += p.Bytes
		r.Sent += p.TarBytes
	}
	tar, err := newFeed(ctx, f, parts, func(n int64) {
		s.progress(Progress{Step: "loading", Ref: x.Reference, Done: n, Total: r.Sent})
	})
	if err != nil {
		return r, err
	}
	// The call must outlive ctx: the feed ends the tar, then the daemon answers.
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(afterCancel, cancel) })
	defer stop()
	defer tar.Close()
	err = s.loadCall(call, tar)
	if cause := tar.Err(); cause != nil {
		if ctx.Err() != nil {
			return r, fmt.Errorf("loading image %s: %w", x.Reference, context.Cause(ctx))
		}
		return r, &Miss{Ref: x.Reference, Why: Corrupted, Detail: cause.Error()}
	}
	if err != nil {
		return r, fmt.Errorf("loading image %s: %w", x.Reference, err)
	}
	return r, nil
}

// arrived sees that the daemon has the image under its reference, with the
// right content, and returns its ID.
func (s *Store) arrived(ctx context.Context, x Index) (string, error) {
	img, err := inspect(ctx, s.Daemon, x.Reference)
	if err == nil && x.Content.Same(ContentOf(img)) {
		return img.ID, nil
	}
	if err != nil && !errors.Is(err, ErrNoImage) {
		return "", err
	}
	// A tarball saved by digest has no tag in it.
	id, err := s.retag(ctx, x.Reference, x)
	if err != nil || id != "" {
		return id, err
	}
	return "", fmt.Errorf("after loading %s the daemon does not have the image %s", x.Reference, x.Content.Config)
}
