package pdf

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"unicode/utf16"

	"github.com/bookci/bookci/build/draft/fonts"
	"github.com/klauspost/compress/zlib"
	"golang.org/x/sync/errgroup"
)

// writer holds what is known while a document is written. Its first error
// stops all output.
type writer struct {
	w    io.Writer
	doc  *Document
	jobs int
	err  error

	at      int64    // how much has been written
	offsets []int64  // of each object, by its number
	last    int      // the highest number that was given out
	sum     [32]byte // of all that was handed to hash

	catalog, root, info, resources, outlines int // numbers of objects; outlines is 0 when there are none

	firstPage  int // the number of its object; see page
	used       []*usedFont
	fontOf     map[*fonts.Face]*usedFont
	images     []string // files, in the order in which they are met
	firstImage int      // the number of its object; those of the others follow
	imageOf    map[string]int
}

// number returns the number of a new object.
func (p *writer) number() int {
	p.last++
	return p.last
}

func (p *writer) write(data []byte) {
	if p.err != nil {
		return
	}
	_, p.err = p.w.Write(data)
	p.at += int64(len(data))
}

func (p *writer) print(format string, args ...any) { p.write(fmt.Appendf(nil, format, args...)) }

// begun begins an object.
func (p *writer) begun(number int) {
	for len(p.offsets) <= max(number, p.last) {
		p.offsets = append(p.offsets, 0)
	}
	p.offsets[number] = p.at
	p.print("%d 0 obj\n", number)
}

func (p *writer) object(number int, format string, args ...any) {
	p.begun(number)
	p.print(format, args...)
	p.print("\nendobj\n")
}

// stream writes an object with a stream, whose parts are written one after the
// other. entries is the dictionary without /Length.
func (p *writer) stream(number int, entries string, parts ...[]byte) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	p.begun(number)
	p.print("<< %s /Length %d >>\nstream\n", entries, size)
	for _, part := range parts {
		p.write(part)
	}
	p.print("\nendstream\nendobj\n")
}

// trailer writes the table of objects. The document's identifier is the hash
// of what it shows.
func (p *writer) trailer() {
	start := p.at
	var table bytes.Buffer
	fmt.Fprintf(&table, "xref\n0 %d\n0000000000 65535 f \n", p.last+1)
	for number := 1; number <= p.last; number++ {
		if p.offsets[number] == 0 {
			fmt.Fprintf(&table, "0000000000 65535 f \n")
			continue
		}
		fmt.Fprintf(&table, "%010d 00000 n \n", p.offsets[number])
	}
	p.write(table.Bytes())
	p.print("trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		p.last+1, p.catalog, p.info, p.sum[:16], p.sum[:16], start)
}

// hash makes data part of the document's identifier.
func (p *writer) hash(data []byte) {
	part := sha256.Sum256(data)
	p.sum = sha256.Sum256(append(p.sum[:], part[:]...))
}

// text writes a string for a reader: in ASCII where it fits, else in UTF-16.
func text(s string) string {
	ascii := true
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7E || c == '(' || c == ')' || c == '\\' {
			ascii = false
			break
		}
	}
	if ascii {
		return "(" + s + ")"
	}
	out := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		out = fmt.Appendf(out, "%04X", u)
	}
	return string(append(out, '>'))
}

var compressors = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(nil, 3) // 3 is a level that exists
	return w
}}

// deflate compresses data.
func deflate(data []byte) []byte {
	w := compressors.Get().(*zlib.Writer)
	defer compressors.Put(w)
	var out bytes.Buffer
	out.Grow(len(data)/3 + 64)
	w.Reset(&out)
	w.Write(data) // a bytes.Buffer takes everything
	w.Close()
	return out.Bytes()
}

// inOrder makes count things by produce, on as many goroutines as jobs says, and hands
// them to use in order, on the caller's goroutine. No more than 2*jobs are made ahead.
// The error is the first of the two functions', or the end of ctx.
func inOrder[T any](ctx context.Context, jobs, count int, produce func(int) (T, error), use func(int, T) error) error {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]chan result, count)
	for i := range results {
		results[i] = make(chan result, 1)
	}
	ahead := make(chan struct{}, 2*jobs)
	var group errgroup.Group
	group.SetLimit(jobs)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		for i := range count {
			select {
			case ahead <- struct{}{}:
			case <-ctx.Done():
				return
			}
			group.Go(func() error {
				value, err := produce(i)
				results[i] <- result{value, err}
				return nil
			})
		}
	}()
	defer func() {
		cancel()
		<-fed
		group.Wait()
	}()
	for i := range count {
		select {
		case r := <-results[i]:
			<-ahead
			if r.err != nil {
				return r.err
			}
			if err := use(i, r.value); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
