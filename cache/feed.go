package cache

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// feed is the tar that a load call reads: some parts of a tarball, decoded.
//
// It always ends as a well-formed tar. When ctx ends, or a byte turns out to
// be wrong, the layer that was begun is filled with zeros and the tar ends there
// with a manifest that names nothing: the daemon refuses it, and nothing is left
// waiting for the rest. (Without any manifest.json an engine would take what
// came for the layout of 2015 and load the zeros.) Err then tells why.
type feed struct {
	ctx   context.Context
	f     io.ReaderAt
	parts []part // still to send
	begun int    // parts that were begun
	sound *checks
	sent  func(int64)

	dec   *zstd.Decoder
	head  bytes.Reader // bytes that are decoded already
	left  int64        // of the part, after head
	layer bool         // the part is one layer, which may be cut short with zeros
	total int64
	err   error
}

const (
	// A part's beginning is decoded before any of it is sent: a layer's tar
	// header, and all of what lies between layers.
	layerHead = 64 << 10
	otherHead = 16 << 20
)

// newFeed starts a feed. sent is told the decoded bytes so far. The caller closes it.
func newFeed(ctx context.Context, f io.ReaderAt, parts []part, sent func(int64)) (*feed, error) {
	// The segments' checksums have covered these bytes already, and the daemon
	// compares what they decode to with the layers' own names.
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxWindow(pieceBytes), zstd.WithDecoderConcurrency(2), zstd.IgnoreChecksum(true))
	if err != nil {
		return nil, fmt.Errorf("starting the decompressor: %w", err)
	}
	return &feed{ctx: ctx, f: f, parts: parts, sound: checkAhead(f, parts), sent: sent, dec: dec}, nil
}

// Err returns why the feed ended early, nil if it did not.
func (d *feed) Err() error { return d.err }

// Close ends what works ahead of the reader.
func (d *feed) Close() {
	d.sound.stop()
	d.dec.Close()
}

func (d *feed) Read(b []byte) (int, error) {
	for d.head.Len() == 0 && d.left == 0 {
		if !d.next() {
			return 0, io.EOF
		}
	}
	if n, _ := d.head.Read(b); n > 0 { // a bytes.Reader only ever says EOF
		return d.count(n), nil
	}
	if int64(len(b)) > d.left {
		b = b[:d.left]
	}
	if err := context.Cause(d.ctx); err != nil && d.layer {
		d.fail(err)
	}
	n := 0
	if d.err == nil {
		var err error
		if n, err = io.ReadFull(d.dec, b); err != nil {
			d.fail(err)
		}
	}
	if d.err != nil {
		clear(b[n:])
		n = len(b)
	}
	d.left -= int64(n)
	return d.count(n), nil
}

func (d *feed) count(n int) int {
	d.total += int64(n)
	d.sent(d.total)
	return n
}

// next begins the next part, or the early end. It returns false at the end.
func (d *feed) next() bool {
	if d.err == nil && len(d.parts) > 0 {
		if err := d.begin(d.parts[0]); err != nil {
			d.fail(err)
		} else {
			d.parts = d.parts[1:]
			return true
		}
	}
	if d.err == nil || d.parts == nil {
		return false
	}
	d.parts = nil
	d.left = 0
	d.head.Reset(refusal())
	return true
}

func (d *feed) begin(p part) error {
	if err := context.Cause(d.ctx); err != nil {
		return err
	}
	if err := d.sound.part(d.ctx, d.begun); err != nil {
		return err
	}
	d.begun++
	if err := d.dec.Reset(io.NewSectionReader(d.f, p.offset, p.Bytes)); err != nil {
		return err
	}
	d.layer = len(p.Layers) > 0
	limit := int64(otherHead)
	if d.layer {
		limit = layerHead
	}
	head := make([]byte, min(limit, p.TarBytes))
	if _, err := io.ReadFull(d.dec, head); err != nil {
		return err
	}
	d.head.Reset(head)
	d.left = p.TarBytes - int64(len(head))
	return nil
}

func (d *feed) fail(err error) {
	if d.err == nil {
		d.err = fmt.Errorf("reading the tarball: %w", err)
	}
}

// refusal is the end of a tar that no daemon loads.
func refusal() []byte {
	manifest := []byte(`[{"Config":"interrupted.json","RepoTags":null,"Layers":null}]`)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	// Neither can fail: the header is plain and the buffer grows.
	_ = w.WriteHeader(&tar.Header{Name: "manifest.json", Mode: 0o644, Size: int64(len(manifest))})
	_, _ = w.Write(manifest)
	_ = w.Close()
	return b.Bytes()
}
