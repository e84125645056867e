package fsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Root is a folder that came from strangers: a manuscript's root, or what lies
// below it of bookci's own. Whatever is read there is read through a Root, or
// through OpenBelow and ReadBelow: regular files alone, of which no link leads
// out of the folder or into what version control or bookci keeps there, and
// never more than a bound. A pipe or a device is refused, not waited for.
// opening_test.go holds the whole project to it.
//
// Names are slash paths below the folder.
type Root struct {
	dir  string
	root *os.Root
}

// Errors that the errors of a Root wrap.
var (
	ErrOutside    = errors.New("is, or lies behind, a link that leads out of")
	ErrKept       = errors.New("is a link into a folder that holds no sources")
	ErrNotRegular = errors.New("is no regular file")
	ErrTooLarge   = errors.New("is too large")
)

// OpenRoot opens a folder. dir itself may be a link: whoever names it means it.
func OpenRoot(dir string) (*Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Root{dir: dir, root: root}, nil
}

// Close closes the folder; files that were opened stay open.
func (r *Root) Close() error { return r.root.Close() }

// Open opens a file for reading.
func (r *Root) Open(name string) (*os.File, error) {
	f, st, err := r.open(name)
	if err == nil && !st.Mode().IsRegular() {
		f.Close()
		err = r.error("open", name, ErrNotRegular)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// open opens a file or a folder, and waits for no writer.
func (r *Root) open(name string) (*os.File, fs.FileInfo, error) {
	if r.leadsIntoKept(name) {
		return nil, nil, r.error("open", name, ErrKept)
	}
	f, err := r.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|doNotWait, 0)
	if err != nil {
		return nil, nil, r.error("open", name, err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

// mostLinks is how many links may follow each other, as in Linux.
const mostLinks = 40

// leadsIntoKept reports whether a link on the way to a file, or the file as a
// link, leads through a folder that holds no sources. Makers do not see those
// folders; an address or a password in .git/config must not be quoted either,
// for a chapter that is a link to it.
func (r *Root) leadsIntoKept(name string) bool {
	at, rest := ".", strings.Split(filepath.ToSlash(name), "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		at = path.Join(at, part)
		st, err := r.root.Lstat(filepath.FromSlash(at))
		if err != nil {
			return false // opening it fails too
		}
		if st.Mode()&fs.ModeSymlink != 0 {
			to, err := r.root.Readlink(filepath.FromSlash(at))
			if links++; err != nil || links > mostLinks {
				return false
			}
			at, rest = path.Dir(at), append(strings.Split(filepath.ToSlash(to), "/"), rest...)
			continue
		}
		if links > 0 && IsKept(part) {
			return true
		}
	}
	return false
}

// ReadFile reads a whole file. One of more than max bytes is an ErrTooLarge.
func (r *Root) ReadFile(name string, max int64) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readWhole(f, max)
}

// ReadHead reads the first max bytes of a file, or all that it has.
func (r *Root) ReadHead(name string, max int64) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max))
}

// Stat tells of what a name stands for, links followed.
func (r *Root) Stat(name string) (fs.FileInfo, error) {
	st, err := r.root.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, r.error("stat", name, err)
	}
	return st, nil
}

// Lstat tells of a file, or of the link that it is.
func (r *Root) Lstat(name string) (fs.FileInfo, error) {
	st, err := r.root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return nil, r.error("lstat", name, err)
	}
	return st, nil
}

// ReadDir lists a folder, in the order of the names.
func (r *Root) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(r.FS(), filepath.ToSlash(filepath.Clean(name)))
}

// Walk calls see for what is in a folder, links not followed, as fs.WalkDir does.
func (r *Root) Walk(name string, see fs.WalkDirFunc) error {
	return fs.WalkDir(r.FS(), name, see)
}

// FS is the folder for packages that know no more than io/fs. They bound what
// they read of a file themselves.
func (r *Root) FS() fs.FS { return rootFS{r} }

type rootFS struct{ *Root }

var _ interface {
	fs.ReadDirFS
	fs.StatFS
} = rootFS{}

func (f rootFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file, st, err := f.open(name)
	if err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		file.Close()
		err = f.error("open", name, ErrNotRegular)
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(f.root.FS(), name)
}

// error names the file and, where a link leads out, the folder.
func (r *Root) error(op, name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	// The os package exports no error for it.
	if err.Error() == "path escapes from parent" {
		err = fmt.Errorf("%w %s", ErrOutside, r.dir)
	}
	return &fs.PathError{Op: op, Path: filepath.Join(r.dir, filepath.FromSlash(name)), Err: err}
}

// OpenBelow opens the file at path, which lies below the folder top, as a Root does.
func OpenBelow(top, path string) (*os.File, error) {
	r, name, err := rootOf(top, path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Open(name)
}

// rootOf opens the folder top, and tells the name below it of what lies at path.
func rootOf(top, path string) (r *Root, name string, err error) {
	name, err = filepath.Rel(top, path)
	if err != nil || !filepath.IsLocal(name) {
		return nil, "", &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("does not lie below %s", top)}
	}
	r, err = OpenRoot(top)
	return r, name, err
}

// ReadBelow reads the whole file at path, which lies below the folder top. One of
// more than max bytes is an ErrTooLarge.
func ReadBelow(top, path string, max int64) ([]byte, error) {
	f, err := OpenBelow(top, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readWhole(f, max)
}

// OpenNamed opens a file that the user, or the system, has named. It may lie
// anywhere, and be a link to anywhere; what is no regular file is an
// ErrNotRegular.
func OpenNamed(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|doNotWait, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ReadNamed reads the whole of a file that OpenNamed opens. One of more than max
// bytes is an ErrTooLarge.
func ReadNamed(path string, max int64) ([]byte, error) {
	f, err := OpenNamed(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readWhole(f, max)
}

// EditBelow opens a file for reading and writing in place. It must be there,
// and no link lead to it.
func EditBelow(top, path string) (*os.File, error) {
	r, name, err := rootOf(top, path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for at := name; at != "."; at = filepath.Dir(at) {
		st, err := r.root.Lstat(at)
		if err != nil {
			return nil, r.error("open", name, err)
		}
		if at == name && !st.Mode().IsRegular() || st.Mode()&fs.ModeSymlink != 0 {
			return nil, r.error("open", at, ErrNotRegular)
		}
	}
	f, err := r.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, r.error("open", name, err)
	}
	return f, nil
}

// readWhole reads an open file, which may grow meanwhile, up to max bytes.
func readWhole(f *os.File, max int64) ([]byte, error) {
	tooLarge := &fs.PathError{Op: "read", Path: f.Name(), Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > max {
		return nil, tooLarge
	}
	var text bytes.Buffer
	text.Grow(int(st.Size()) + bytes.MinRead)
	if _, err := text.ReadFrom(io.LimitReader(f, max+1)); err != nil {
		return nil, err
	}
	if int64(text.Len()) > max {
		return nil, tooLarge
	}
	return text.Bytes(), nil
}

// TopOf is the folder that no link may lead out of on the way to what lies in
// dir: root where dir lies below it, else dir itself, which is then the user's
// own word.
func TopOf(root, dir string) string {
	if rel, err := filepath.Rel(root, dir); err == nil && filepath.IsLocal(rel) {
		return root
	}
	return dir
}

// IsFileBelow reports whether path is a regular file below the folder top, and no
// link on the way leads out of that.
func IsFileBelow(top, path string) bool {
	f, err := OpenBelow(top, path)
	if err != nil {
		return false
	}
	f.Close() // only looked at
	return true
}
