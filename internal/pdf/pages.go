package pdf

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ledongthuc/pdf"
)

// PageSum identifies what stands on a page.
type PageSum [sha256.Size]byte

// PageSums returns a sum for each page of a PDF, of its text and graphics. The
// images that a page shows count by their names and sizes alone.
func PageSums(name string) (sums []PageSum, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	defer func() {
		// The library panics on what it cannot read.
		if r := recover(); r != nil {
			sums, err = nil, fmt.Errorf("reading %s: %v", name, r)
		}
	}()
	r, err := pdf.NewReader(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	left := maxPageNodes
	err = eachPage(r.Trailer().Key("Root").Key("Pages"), pdf.Value{}, &left, func(page, resources pdf.Value) error {
		sum, err := pageSum(page, resources)
		if err != nil {
			return fmt.Errorf("page %d: %w", len(sums)+1, err)
		}
		sums = append(sums, sum)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return sums, nil
}

// maxPageNodes bounds the nodes of a page tree, which may go round in circles.
const maxPageNodes = 100_000

// eachPage calls visit for each page below node, in order, and with its resources,
// which are those of the nodes above where it has none. The library would look
// for every page from the top, which took 1.1 s of 535 pages, and go upwards for
// the resources, which need not end.
func eachPage(node, resources pdf.Value, left *int, visit func(page, resources pdf.Value) error) error {
	if *left--; *left < 0 {
		return errors.New("it has too many pages, or pages within themselves")
	}
	if own := node.Key("Resources"); !own.IsNull() {
		resources = own
	}
	kids := node.Key("Kids")
	if kids.Kind() != pdf.Array {
		return visit(node, resources)
	}
	for i := range kids.Len() {
		if err := eachPage(kids.Index(i), resources, left, visit); err != nil {
			return err
		}
	}
	return nil
}

func pageSum(page, resources pdf.Value) (sum PageSum, err error) {
	h := sha256.New()
	contents := page.Key("Contents")
	streams := []pdf.Value{contents}
	if contents.Kind() == pdf.Array {
		streams = nil
		for i := range contents.Len() {
			streams = append(streams, contents.Index(i))
		}
	}
	for _, s := range streams {
		if s.Kind() != pdf.Stream {
			continue
		}
		r := s.Reader()
		_, cerr := io.Copy(h, r)
		if err := errors.Join(cerr, r.Close()); err != nil {
			return sum, err
		}
	}
	images := resources.Key("XObject")
	for _, key := range images.Keys() {
		image := images.Key(key)
		fmt.Fprintln(h, key, image.Key("Width"), image.Key("Height"), image.Key("Length"))
	}
	h.Sum(sum[:0])
	return sum, nil
}
