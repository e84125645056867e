package source

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// File is one entry of the source folder. Folders are listed only when empty:
// the others follow from the paths of what they hold.
type File struct {
	Path  string      // slash path below the root
	Mode  fs.FileMode // type and permission bits
	Size  int64       // bytes, 0 for links and folders
	MTime int64       // nanoseconds since 1970
	Link  string      // where a symbolic link points
}

// isAsListed tells whether st is that of f as it was listed. Of a folder only the
// kind counts.
func (f File) isAsListed(st fs.FileInfo) bool {
	if st.Mode().Type() != f.Mode.Type() || st.ModTime().UnixNano() != f.MTime && !f.Mode.IsDir() {
		return false
	}
	return st.Size() == f.Size || !f.Mode.IsRegular()
}

// ErrChanged is what an error wraps when sources are no longer as they were
// listed: they were saved, or a checkout is under way. Listed again, they may do.
var ErrChanged = errors.New("a source changed while it was read")

// ChangedSince reports whether one of files, below root, is no longer as it was
// listed.
func ChangedSince(root string, files []File) bool {
	return slices.ContainsFunc(files, func(f File) bool {
		st, err := os.Lstat(filepath.Join(root, filepath.FromSlash(f.Path)))
		return err != nil || f.Mode.IsRegular() && !f.isAsListed(st)
	})
}

// OrChanged returns err, which came of reading files below root. Where one of them has
// changed, it is wrapped with ErrChanged, which explains it.
func OrChanged(err error, root string, files []File) error {
	if errors.Is(err, ErrChanged) || !ChangedSince(root, files) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrChanged, err)
}

// WriteTree writes files, read below root, as a tar stream. Its length is a
// multiple of GNU tar's record, so that a reader at the other end of a pipe
// that stays open does not wait for more. The error wraps ErrChanged when a file
// was written to while it was read.
func WriteTree(w io.Writer, root string, files []File) error {
	counter := &CountWriter{W: w}
	tw := tar.NewWriter(counter)
	dir, err := fsx.OpenRoot(root)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, f := range files {
		if err := writeEntry(tw, dir, f); err != nil {
			return fmt.Errorf("reading %s: %w", f.Path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return PadRecord(counter)
}

func writeEntry(tw *tar.Writer, dir *fsx.Root, f File) error {
	h := &tar.Header{
		Name:    "./" + f.Path, // a leading dash is no option then
		ModTime: time.Unix(0, f.MTime),
		Format:  tar.FormatPAX,
	}
	switch {
	case f.Mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
		return tw.WriteHeader(h)
	case f.Mode.IsDir():
		h.Typeflag, h.Mode, h.Name = tar.TypeDir, 0o755, h.Name+"/"
		return tw.WriteHeader(h)
	}
	src, err := dir.Open(f.Path)
	if err != nil {
		return err
	}
	defer src.Close()
	// A file that was saved since it was listed goes as it is now: the beginning of
	// it, as long as the file was, would be a book that nobody wrote.
	st, err := src.Stat()
	if err != nil {
		return err
	}
	f.Size, f.MTime = st.Size(), st.ModTime().UnixNano()
	if err := WriteOpened(tw, src, h.Name, f); err != nil {
		return err
	}
	if st, err = src.Stat(); err == nil && !f.isAsListed(st) {
		err = ErrChanged
	}
	return err
}

// WriteOpened writes the regular file f, open as src, under name. It is ErrChanged
// when src holds less than f.Size.
func WriteOpened(tw *tar.Writer, src io.Reader, name string, f File) error {
	h := &tar.Header{
		Name: name, Typeflag: tar.TypeReg, Size: f.Size, ModTime: time.Unix(0, f.MTime), Format: tar.FormatPAX,
		// The maker must be able to write where a read-only checkout cannot.
		Mode: int64(f.Mode.Perm() | 0o600),
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.Copy(tw, io.LimitReader(src, f.Size))
	if err == nil && n < f.Size {
		err = ErrChanged
	}
	return err
}

// tarRecord is the size of the records that GNU tar reads a pipe in.
const tarRecord = 20 * 512

// PadRecord writes zeros until c has written whole records.
func PadRecord(c *CountWriter) error {
	if rest := c.n % tarRecord; rest != 0 {
		_, err := c.Write(make([]byte, tarRecord-rest))
		return err
	}
	return nil
}

// CountWriter counts what is written to W.
type CountWriter struct {
	W io.Writer
	n int64
}

func (c *CountWriter) Write(p []byte) (int, error) {
	n, err := c.W.Write(p)
	c.n += int64(n)
	return n, err
}
