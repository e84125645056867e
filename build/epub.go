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
)

// An EPUB begins with an entry of this name, stored as it is.
const (
	mimetypeName = "mimetype"
	mimetypeText = "application/epub+zip"
)

// checkEPUB tells whether an EPUB is a sound zip that holds what a reader
// looks for first.
func checkEPUB(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
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
			_, err = io.Copy(io.Discard, r) // to the end: that checks the sum
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

// settleEPUB rewrites the EPUB at name so that the same content gives the same
// bytes: the maker zips a temporary folder, in the order in which the file
// system lists it and with the times of the build. It ends with ctx.
func settleEPUB(ctx context.Context, name string, date time.Time) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(untilDone{ctx, in}, st.Size())
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
	if err := errors.Join(writeSettled(out, entries, date), out.Close()); err != nil {
		return errors.Join(err, os.Remove(settled))
	}
	return os.Rename(settled, name)
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
