package build

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// An EPUB begins with an entry of this name, stored as it is.
const (
	mimetypeName = "mimetype"
	mimetypeText = "application/epub+zip"
)

// checkEPUB tells whether an EPUB is a sound zip that holds what a reader
// looks for first.
func checkEPUB(f io.ReaderAt, size int64) error {
	z, err := openEPUB(f, size)
	if err != nil {
		return err
	}
	left := int64(mostUnpacked)
	if len(z.File) == 0 || z.File[0].Name != mimetypeName {
		return errors.New("its first entry is not mimetype")
	}
	container := false
	for _, e := range z.File {
		container = container || e.Name == "META-INF/container.xml"
		r, err := e.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		if e.Name == mimetypeName {
			text, rerr := io.ReadAll(io.LimitReader(r, 64))
			if err = rerr; err == nil && string(bytes.TrimSpace(text)) != mimetypeText {
				err = fmt.Errorf("says %q", text)
			}
		} else {
			var n int64
			n, err = io.Copy(io.Discard, io.LimitReader(r, left+1)) // to the end: that checks the sum
			if left -= n; left < 0 {
				err = errors.New("it unpacks to more than any book")
			}
		}
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	if !container {
		return errors.New("it has no META-INF/container.xml")
	}
	return nil
}

// The list of entries is held in memory, some 300 bytes for an entry that takes 46
// in the file. Books stay far below these bounds. They need no Zip64 either, which
// few readers of EPUBs know.
const (
	mostListed   = 8 << 20 // bytes of the list of entries
	mostUnpacked = 4 << 30 // bytes of all entries
)

var (
	errTooManyEntries   = errors.New("it has more entries than any book")
	errLargerThanItself = errors.New("its entries are larger than itself")
)

// openEPUB reads the list of entries of a zip, within bounds.
func openEPUB(f io.ReaderAt, size int64) (*zip.Reader, error) {
	if err := checkEnd(f, size); err != nil {
		return nil, err
	}
	// The record at the end may lie about the list's length: zip reads on as long
	// as entries follow each other.
	list := &bounded{r: f, left: mostListed}
	z, err := zip.NewReader(list, size)
	if list.left < 0 {
		return nil, errTooManyEntries
	}
	if err != nil {
		return nil, err
	}
	list.listed = true
	// Entries that share their bytes would be written out once for each.
	left := uint64(size)
	for _, e := range z.File {
		if e.CompressedSize64 > left {
			return nil, errLargerThanItself
		}
		left -= e.CompressedSize64
	}
	return z, nil
}

// checkEnd refuses Zip64, whose number of entries has 64 bits: zip.NewReader makes
// room for as many. Zip64's locator stands right before the record at the end.
func checkEnd(f io.ReaderAt, size int64) error {
	const locator, longest = 20, 65 << 10 // the end with its comment, as far as zip.NewReader looks
	tail := make([]byte, min(size, locator+longest))
	if n, err := f.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return err
	}
	for at := locator; at < len(tail); at++ {
		if bytes.HasPrefix(tail[at:], []byte("PK\x05\x06")) && bytes.HasPrefix(tail[at-locator:], []byte("PK\x06\x07")) {
			return errTooManyEntries
		}
	}
	return nil
}

// bounded reads no more than left until the list of entries has been read.
type bounded struct {
	r      io.ReaderAt
	left   int64
	listed bool
}

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if !b.listed {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, errTooManyEntries
		}
	}
	return b.r.ReadAt(p, off)
}

// settleEPUB rewrites the EPUB at name, below top, so that the same content gives the same
// bytes: the maker zips a temporary folder, in the order in which the file
// system lists it and with the times of the build. It ends with ctx.
func settleEPUB(ctx context.Context, top, name string, date time.Time) error {
	in, err := fsx.OpenBelow(top, name)
	if err != nil {
		return err
	}
	defer in.Close() // for the early returns
	st, err := in.Stat()
	if err != nil {
		return err
	}
	z, err := openEPUB(untilDone{ctx, in}, st.Size())
	if err != nil {
		return err
	}
	entries := z.File
	sort.SliceStable(entries, func(i, j int) bool {
		if a, b := entries[i].Name == mimetypeName, entries[j].Name == mimetypeName; a != b {
			return a
		}
		return entries[i].Name < entries[j].Name
	})
	settled := name + ".settled"
	out, err := os.OpenFile(settled, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	// Windows replaces no file that is open.
	if err := errors.Join(writeSettled(out, entries, date), out.Close(), in.Close()); err != nil {
		return errors.Join(err, os.Remove(settled))
	}
	return fsx.Rename(settled, name)
}

func writeSettled(out io.Writer, entries []*zip.File, date time.Time) error {
	zw := zip.NewWriter(out)
	// MS-DOS time has no earlier year and no zone.
	date = date.UTC()
	if date.Year() < 1980 {
		date = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for _, e := range entries {
		h := &zip.FileHeader{
			Name:               e.Name,
			Method:             e.Method,
			NonUTF8:            e.NonUTF8,
			CRC32:              e.CRC32,
			CompressedSize64:   e.CompressedSize64,
			UncompressedSize64: e.UncompressedSize64,
			// No extra field: readers want the mimetype entry without one.
			//lint:ignore SA1019 CreateRaw writes the two as they are and does not look at Modified
			ModifiedDate: uint16(date.Day() | int(date.Month())<<5 | (date.Year()-1980)<<9),
			//lint:ignore SA1019 likewise
			ModifiedTime: uint16(date.Second()/2 | date.Minute()<<5 | date.Hour()<<11),
		}
		w, err := zw.CreateRaw(h)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		r, err := e.OpenRaw()
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		if _, err := io.Copy(w, r); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return zw.Close()
}
