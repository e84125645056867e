package cache

import (
	"context"
	"fmt"
	"hash"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The compressor's figures, measured on a TeX Live image (2.59 GB of tar, of
// which fonts hardly shrink): "default" in pieces of 16 MiB gives 0.449 of the
// bytes for 8 s of one core, as much as zstd -3 does. Pieces of 8 MiB give
// 0.453, pieces of 24 MiB no less; "better" gives 0.424 for 26 s.
//
// "Fastest" takes a half to a third of the time of "default", for 6 % more bytes of
// the same image (0.380 and 0.359 of a sample of 144 MB, on which zstd -3 needs
// four fifths of the time of "default"). A piece is compressed by it when
// another one waits already: the daemon then sends faster than the cores at
// hand can compress, and the author waits for them. Two saves of an image may
// therefore differ in their bytes, never in what they decode to.
//
// Two workers take in what a daemon sends and keep the whole process below
// 200 MB: each has a piece, as much again for the history of each level, and an
// output that is as large at worst; one more piece is being filled.
const (
	pieceBytes = 16 << 20
	maxWorkers = 2
)

// packer compresses a stream into segments on several cores, in order.
// Write, Cut and Close are for one goroutine. Close must be called.
type packer struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	free    chan []byte // pieces to fill: their number bounds the memory
	outputs chan []byte // pieces' room when they are compressed: likewise
	work    chan *piece
	ordered chan *piece
	wg      sync.WaitGroup

	buf  []byte
	size int64 // of the open segment so far, decoded

	// Owned by the writing goroutine until Close has returned.
	out      io.Writer
	bytes    int64
	tarBytes int64
	segments []Segment
}

// piece is a frame to be: plain is compressed by a worker into packed.
type piece struct {
	plain, packed []byte
	tarBytes      int
	done          chan struct{}
	ends          bool // the last piece of its segment
}

// newPacker starts a packer that writes to out.
func newPacker(ctx context.Context, out io.Writer) (*packer, error) {
	// One processor is left to the goroutine that reads the daemon's socket. With
	// none to spare it waits up to 10 ms after every 200 kB, and the daemon with it.
	workers := min(max(1, runtime.GOMAXPROCS(0)-1), maxWorkers)
	var encoders [2]*zstd.Encoder // when nothing waits, and when something does
	for i, level := range []zstd.EncoderLevel{zstd.SpeedDefault, zstd.SpeedFastest} {
		var err error
		encoders[i], err = zstd.NewWriter(nil,
			zstd.WithEncoderLevel(level),
			zstd.WithEncoderConcurrency(workers),
			zstd.WithWindowSize(pieceBytes),
			zstd.WithLowerEncoderMem(true), // a history of one window instead of two: no piece is longer
			zstd.WithEncoderCRC(true))
		if err != nil {
			return nil, fmt.Errorf("starting the compressor: %w", err)
		}
	}
	pieces := workers + 1
	// No send to these channels waits: each has a place for all that can be under way.
	p := &packer{
		free: make(chan []byte, pieces), outputs: make(chan []byte, workers),
		work: make(chan *piece, pieces), ordered: make(chan *piece, pieces+workers),
		out: out,
	}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	for range pieces {
		p.free <- nil
	}
	for range workers {
		p.outputs <- nil
		p.wg.Go(func() {
			// Room first, then a piece: a piece that waited for room could
			// wait for a later one, which cannot be written before it.
			for room := range p.outputs {
				w, ok := <-p.work
				if !ok {
					return
				}
				p.compress(encoders[min(len(p.work), 1)], w, room)
			}
		})
	}
	p.wg.Go(func() {
		defer func() {
			for _, enc := range encoders {
				enc.Close() // of one that writes to nobody
			}
		}()
		seg := segmentSum{sum: newSum()}
		for w := range p.ordered {
			<-w.done
			if p.ctx.Err() == nil {
				if err := p.store(w, &seg); err != nil {
					p.cancel(err)
				}
			}
			p.outputs <- w.packed
		}
	})
	return p, nil
}

// compress turns a piece into a frame and lets the piece's own room be filled again.
func (p *packer) compress(enc *zstd.Encoder, w *piece, room []byte) {
	if room == nil {
		room = make([]byte, 0, pieceBytes+pieceBytes>>8) // what does not shrink grows a little
	}
	w.packed = enc.EncodeAll(w.plain, room[:0])
	w.tarBytes = len(w.plain)
	p.free <- w.plain[:0]
	w.plain = nil
	close(w.done)
}

// segmentSum is the segment that is being written.
type segmentSum struct {
	sum      hash.Hash
	bytes    int64
	tarBytes int64
}

func (p *packer) store(w *piece, seg *segmentSum) error {
	if len(w.packed) > 0 {
		if _, err := p.out.Write(w.packed); err != nil {
			return err
		}
		seg.sum.Write(w.packed)
	}
	seg.bytes += int64(len(w.packed))
	seg.tarBytes += int64(w.tarBytes)
	if w.ends {
		p.segments = append(p.segments, Segment{Bytes: seg.bytes, TarBytes: seg.tarBytes, XXH64: hexSum(seg.sum)})
		p.bytes += seg.bytes
		p.tarBytes += seg.tarBytes
		seg.sum.Reset()
		seg.bytes, seg.tarBytes = 0, 0
	}
	return nil
}

// Write adds to the open segment.
func (p *packer) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		if p.buf == nil {
			select {
			case p.buf = <-p.free:
			case <-p.ctx.Done():
				return 0, context.Cause(p.ctx)
			}
			if cap(p.buf) < pieceBytes {
				p.buf = make([]byte, 0, pieceBytes)
			}
		}
		if len(p.buf) == pieceBytes {
			p.send(false)
			continue
		}
		take := min(len(b), pieceBytes-len(p.buf))
		p.buf = append(p.buf, b[:take]...)
		p.size += int64(take)
		b = b[take:]
	}
	return n, nil
}

// Cut ends the open segment, if it holds anything.
func (p *packer) Cut() {
	if p.size > 0 {
		p.send(true)
		p.size = 0
	}
}

// send hands the filled piece on. Write keeps a full piece back until there is
// more, so that the last piece of a segment is known as such.
func (p *packer) send(ends bool) {
	w := &piece{plain: p.buf, done: make(chan struct{}), ends: ends}
	p.buf = nil
	p.work <- w
	p.ordered <- w
}

// Close ends the last segment and waits until all is written. It returns the
// first error of the writer, or why the context ended.
func (p *packer) Close() error {
	if p.ctx.Err() == nil {
		p.Cut()
	}
	close(p.work)
	close(p.ordered)
	p.wg.Wait()
	err := context.Cause(p.ctx)
	p.cancel(nil)
	return err
}
