package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A bad byte is found before anything is sent: every segment that will be sent
// is hashed first. Hashing costs about 0.3 s per GB on two cores; streaming
// first and checking on the way would mean to break off inside a load, which
// makes the next load hang on some engines.

// open opens the tarball that an index names and checks its size.
func (s *Store) open(x Index) (*os.File, error) {
	f, err := os.Open(s.path(x.File))
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

func checkSegment(f io.ReaderAt, offset int64, seg Segment) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, offset, seg.Bytes)); err != nil {
		return err
	}
	if hexSum(sum) != seg.SHA256 {
		return fmt.Errorf("checksum differs in the %d bytes from %d", seg.Bytes, offset)
	}
	return nil
}

// checkParts hashes parts, two at a time.
func checkParts(ctx context.Context, f io.ReaderAt, parts []part, done func(int64)) error {
	var (
		mu    sync.Mutex
		next  int
		first error
		sum   int64
		wg    sync.WaitGroup
	)
	take := func(err error, n int64) (part, bool) {
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
		if first == nil {
			first = context.Cause(ctx)
		}
		if sum += n; n > 0 {
			done(sum)
		}
		if first != nil || next == len(parts) {
			return part{}, false
		}
		next++
		return parts[next-1], true
	}
	for range 2 {
		wg.Go(func() {
			p, ok := take(nil, 0)
			for ok {
				p, ok = take(checkSegment(f, p.offset, p.Segment), p.Bytes)
			}
		})
	}
	wg.Wait()
	return first
}
