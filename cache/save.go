package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
)

// ErrNoImage says that the daemon does not have an image.
var ErrNoImage = errors.New("no such image in the daemon")

// Saved says what Save did.
type Saved struct {
	Index     Index
	Unchanged bool // it was kept already: nothing was written
	Took      time.Duration
}

// Save keeps an image of the daemon. If the same content is kept already it
// writes nothing. Otherwise the earlier tarball stays good until the new one is
// complete, checked and on the disk; a Save that fails, is interrupted or killed
// changes nothing.
//
// pin may be nil; an image that it does not allow is not saved.
func (s *Store) Save(ctx context.Context, ref string, pin *Pin) (Saved, error) {
	start := s.Now()
	ref, err := normalize(ref)
	if err != nil {
		return Saved{}, err
	}
	img, err := inspect(ctx, s.Daemon, ref)
	if err != nil {
		return Saved{}, err
	}
	if err := pin.Check(ref, FactsOf(img)); err != nil {
		return Saved{}, err
	}
	if x, ok := s.kept(ctx, ref, img); ok {
		return Saved{Index: x, Unchanged: true, Took: s.Now().Sub(start)}, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return Saved{}, fmt.Errorf("making the cache folder: %w", err)
	}
	unlock, err := s.lock(ctx, ref)
	if err != nil {
		return Saved{}, err
	}
	defer unlock()
	// Another process may have saved it while this one waited.
	if x, ok := s.kept(ctx, ref, img); ok {
		return Saved{Index: x, Unchanged: true, Took: s.Now().Sub(start)}, nil
	}
	s.sweep(key(ref))
	x, err := s.save(ctx, ref, img)
	if err != nil {
		return Saved{}, fmt.Errorf("saving image %s: %w", ref, err)
	}
	s.sweep(key(ref)) // the tarball that the index named before
	took := s.Now().Sub(start)
	s.Record(Timing{Ref: ref, Kind: TimedSave, Bytes: x.TarBytes, Took: took})
	return Saved{Index: x, Took: took}, nil
}

// inspect asks the daemon for an image.
func inspect(ctx context.Context, d inspector, ref string) (image.InspectResponse, error) {
	img, err := d.ImageInspect(ctx, ref)
	switch {
	case cerrdefs.IsNotFound(err):
		return img, fmt.Errorf("inspecting image %s: %w", ref, ErrNoImage)
	case err != nil:
		return img, fmt.Errorf("inspecting image %s: %w", ref, err)
	}
	return img, nil
}

// kept reports whether the image is kept with the content that it has now and
// its tarball looks whole: size, beginning and last segment. Whether every
// byte is right is Restore's to see.
func (s *Store) kept(ctx context.Context, ref string, img image.InspectResponse) (Index, bool) {
	x, err := s.index(ref)
	if err != nil || !x.Content.Same(ContentOf(img)) {
		return Index{}, false
	}
	f, err := s.open(x)
	if err != nil {
		return Index{}, false
	}
	defer f.Close() // only read
	last := len(x.Segments) - 1
	if checkSegment(ctx, f, x.Bytes-x.Segments[last].Bytes, x.Segments[last]) != nil {
		return Index{}, false
	}
	return x, true
}

// save streams the image into a temporary file, checks it and publishes it.
func (s *Store) save(ctx context.Context, ref string, img image.InspectResponse) (x Index, err error) {
	f, err := s.temp(key(ref))
	if err != nil {
		return Index{}, err
	}
	defer func() {
		if err != nil {
			s.discard(f) // the first error counts
		} else {
			s.settled(f.Name())
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the daemon stops sending when it is left half-way
	// Docker may take a minute before the first byte.
	s.progress(Progress{Step: "saving", Ref: ref, Total: img.Size})
	body, err := s.Daemon.ImageSave(ctx, []string{ref})
	if err != nil {
		return Index{}, err
	}
	defer body.Close() // read to its end below
	pack, err := newPacker(ctx, &eager{f: f})
	if err != nil {
		return Index{}, err
	}
	from := &counter{r: body, each: func(n int64) {
		s.progress(Progress{Step: "saving", Ref: ref, Done: n, Total: img.Size})
	}}
	sent := readAhead(from)
	defer func() {
		cancel()
		body.Close() // ends a Read that waits for the daemon
		sent.stop()
	}()
	entries, scanErr := scan(sent, pack)
	if scanErr != nil {
		pack.cancel(scanErr)
	}
	if err := pack.Close(); err != nil {
		return Index{}, err
	}
	a, err := verify(entries)
	if err != nil {
		return Index{}, err
	}
	if !a.content.Same(ContentOf(img)) {
		return Index{}, errors.New("the tag was moved to another image meanwhile")
	}
	x = Index{
		Format: indexFormat, Reference: ref, ID: img.ID, Content: a.content, RepoDigests: append([]string{}, img.RepoDigests...),
		Created: s.Now().UTC().Truncate(time.Second), File: tarName(key(ref), pack.segments),
		Bytes: pack.bytes, TarBytes: pack.tarBytes, Segments: pack.segments,
	}
	for segment, layers := range a.layers {
		x.Segments[segment].Layers = layers
	}
	text, err := x.encode()
	if err != nil {
		return Index{}, err
	}
	if err := x.check(); err != nil {
		return Index{}, err
	}
	if err := context.Cause(ctx); err != nil {
		return Index{}, err
	}
	if err := publish(f, filepath.Join(s.Dir, x.File)); err != nil {
		return Index{}, err
	}
	return x, s.writeFile(key(ref), key(ref)+indexSuffix, text)
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// counter reports how much was read, at most every 8 MiB.
type counter struct {
	r    io.Reader
	n    int64
	last int64
	each func(int64)
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if c.n-c.last >= 8<<20 || err == io.EOF {
		c.last = c.n
		c.each(c.n)
	}
	return n, err
}
