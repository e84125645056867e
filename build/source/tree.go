package source

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
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

// isAsListed tells whether st is of the file as it was when f was listed.
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

// OrChanged returns err, which came of reading files below root, as ErrChanged
// where that explains it.
func OrChanged(err error, root string, files []File) error {
	if errors.Is(err, ErrChanged) || !ChangedSince(root, files) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrChanged, err)
}

// WriteTree writes files, read below root, as a tar stream. Its length is a
// multiple of GNU tar's record, so that a reader at the other end of a pipe
// that stays open does not wait for more.
func WriteTree(w io.Writer, root string, files []File) error {
	counter := &CountWriter{W: w}
	tw := tar.NewWriter(counter)
	dir, err := os.OpenRoot(root)
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

func writeEntry(tw *tar.Writer, dir *os.Root, f File) error {
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
	src, err := dir.Open(filepath.FromSlash(f.Path))
	if err != nil {
		return err
	}
	defer src.Close()
	return WriteOpened(tw, src, h.Name, f)
}

// WriteOpened writes the regular file f, open as src, under name.
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

func PadRecord(c *CountWriter) error {
	if rest := c.n % tarRecord; rest != 0 {
		_, err := c.Write(make([]byte, tarRecord-rest))
		return err
	}
	return nil
}

type CountWriter struct {
	W io.Writer
	n int64
}

func (c *CountWriter) Write(p []byte) (int, error) {
	n, err := c.W.Write(p)
	c.n += int64(n)
	return n, err
}

// Part is a file or folder that is wanted out of a tar stream, and its bounds.
type Part struct {
	Name    string // slash path in the stream; "." is all of it
	Bytes   int64  // at most, of all its files
	Entries int    // at most, files and folders
	// Spare says that a part beyond its bounds is left out as a whole and is no
	// failure: what is kept between builds only saves time.
	Spare bool
}

func (p *Part) holds(name string) bool {
	return p.Name == "." || name == p.Name || strings.HasPrefix(name, p.Name+"/")
}

// leads reports whether name is a folder on the way to the part.
func (p *Part) leads(name string) bool { return strings.HasPrefix(p.Name, name+"/") }

// ExtractTree unpacks the parts of a tar stream that came out of a session, and
// so may be hostile, below dir: regular files and folders only, nothing outside
// dir, nothing that is not wanted.
func ExtractTree(r io.Reader, dir string, parts []Part) (names []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	parts = slices.Clone(parts) // their bounds are used up
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		name := path.Clean(h.Name)
		if name == "." {
			continue
		}
		local := filepath.FromSlash(name)
		if !filepath.IsLocal(local) {
			return names, fmt.Errorf("%q lies outside of its folder", h.Name)
		}
		if h.Typeflag == tar.TypeDir && slices.ContainsFunc(parts, func(p Part) bool { return p.leads(name) }) {
			continue
		}
		i := slices.IndexFunc(parts, func(p Part) bool { return p.holds(name) })
		if i < 0 {
			return names, fmt.Errorf("%q was not asked for", h.Name)
		}
		p := &parts[i]
		if p.Entries < 0 {
			continue // it was beyond its bounds
		}
		p.Bytes -= h.Size
		p.Entries--
		if p.Bytes < 0 || p.Entries < 0 {
			if !p.Spare {
				return names, fmt.Errorf("%s: too large", name)
			}
			p.Entries = -1
			if err := root.RemoveAll(filepath.FromSlash(p.Name)); err != nil {
				return names, err
			}
			names = slices.DeleteFunc(names, p.holds)
			continue
		}
		switch h.Typeflag {
		case tar.TypeDir:
			if err := root.MkdirAll(local, 0o755); err != nil {
				return names, err
			}
		case tar.TypeReg:
			if err := ExtractFile(root, local, h, tr); err != nil {
				return names, err
			}
			names = append(names, name)
		default:
			return names, fmt.Errorf("%s is %s, not a regular file", name, kindOf(h.Typeflag))
		}
	}
}

// ExtractFile unpacks one regular file of a tar stream, at the path local below root.
func ExtractFile(root *os.Root, local string, h *tar.Header, r io.Reader) error {
	if parent := filepath.Dir(local); parent != "." {
		if err := root.MkdirAll(parent, 0o755); err != nil {
			return err
		}
	}
	perm := fs.FileMode(0o644)
	if h.Mode&0o100 != 0 {
		perm = 0o755
	}
	f, err := root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return root.Chtimes(local, time.Time{}, h.ModTime)
}

func kindOf(typeflag byte) string {
	switch typeflag {
	case tar.TypeSymlink:
		return "a symbolic link"
	case tar.TypeLink:
		return "a hard link"
	default:
		return "a special file"
	}
}
