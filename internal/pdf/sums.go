package pdf

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
)

// PageSum identifies what stands on a page.
type PageSum [sha256.Size]byte

// PageSums returns a sum for each page of a PDF, of its text and graphics. The
// images that a page shows count by their names and sizes alone.
func PageSums(ctx context.Context, f *os.File) (_ []PageSum, err error) {
	defer Recovered(&err)
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	d, err := Open(ctx, f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	sums, err := d.pageSums()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return sums, nil
}

func (d *Document) pageSums() ([]PageSum, error) {
	var sums []PageSum
	err := d.EachPage(func(p Page) error {
		sum, err := pageSum(p)
		if err == nil {
			err = d.Err()
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", len(sums)+1, err)
		}
		sums = append(sums, sum)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sums, nil
}

func pageSum(p Page) (sum PageSum, err error) {
	h := sha256.New()
	contents := p.Key("Contents")
	streams := []Value{contents}
	if contents.IsArray() {
		streams = nil
		for i := range contents.Len() {
			streams = append(streams, contents.Index(i))
		}
	}
	for _, s := range streams {
		if !s.IsStream() {
			continue
		}
		if err := s.copyContent(h, math.MaxInt64); err != nil {
			return sum, err
		}
	}
	images := p.Key("Resources").Key("XObject")
	for _, key := range images.Keys() {
		image := images.Key(key)
		fmt.Fprintln(h, key, image.Key("Width"), image.Key("Height"), image.Key("Length"))
	}
	h.Sum(sum[:0])
	return sum, nil
}
