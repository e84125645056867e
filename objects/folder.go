package objects

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ownFolder lies in a folder store and holds its lock and what is half written.
// It is no object.
const ownFolder = ".objects"

// Folder is a Store in a folder of this machine: an object is a file.
//
// One file lock serialises the writers of all processes. Whoever holds it owns
// the half-written files too, and removes those of writers that were killed.
//
// Unlike in a bucket, "a" and "a/b" cannot both be objects.
type Folder struct {
	dir string
}

var _ Store = (*Folder)(nil)

// OpenFolder is the store in the folder dir. It makes nothing; the first Put makes
// the folder.
func OpenFolder(dir string) (*Folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	return &Folder{abs}, nil
}

// String implements Store.
func (f *Folder) String() string { return f.dir }

// errorf makes one of this package's errors of the system's.
func (f *Folder) errorf(ctx context.Context, op, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		err = ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return fmt.Errorf("%s %s: %w", op, filepath.Join(f.dir, filepath.FromSlash(name)), err)
}

// Get implements Store.
func (f *Folder) Get(ctx context.Context, name string) (io.ReadCloser, Info, error) {
	file, info, err := f.open(ctx, name)
	if err != nil {
		return nil, Info{Name: name}, f.errorf(ctx, "reading", name, err)
	}
	return file, info, nil
}

// Head implements Store. It reads the whole file, as a version is a hash.
func (f *Folder) Head(ctx context.Context, name string) (Info, error) {
	file, info, err := f.open(ctx, name)
	if err != nil {
		return Info{Name: name}, f.errorf(ctx, "looking at", name, err)
	}
	return info, file.Close()
}

// open opens a file at its beginning. A file is never changed in place, so what
// was hashed is what will be read.
func (f *Folder) open(ctx context.Context, name string) (*os.File, Info, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, Info{}, err
	}
	if err := checkName(name); err != nil {
		return nil, Info{}, err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, Info{}, err
	}
	defer root.Close()
	return openIn(root, name)
}

func openIn(root *os.Root, name string) (*os.File, Info, error) {
	// A pipe would wait for its writer, so the kind is asked for first.
	st, err := root.Stat(name)
	if err != nil {
		return nil, Info{}, noParent(err)
	}
	if !st.Mode().IsRegular() {
		return nil, Info{}, ErrNotFound
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, Info{}, err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil {
		st, err = file.Stat()
	}
	if err != nil {
		file.Close()
		return nil, Info{}, err
	}
	return file, Info{name, size, hex.EncodeToString(hash.Sum(nil)), st.ModTime(), ""}, nil
}

// noParent says of "a/b", where a is a file, that it does not exist.
func noParent(err error) error {
	if isNotDir(err) {
		return fs.ErrNotExist
	}
	return err
}

// Put implements Store.
func (f *Folder) Put(ctx context.Context, name string, body io.ReadSeeker, opts PutOptions) (Info, error) {
	var info Info
	err := errors.Join(checkPut(opts), checkName(name))
	if err == nil {
		err = f.locked(ctx, true, func(root *os.Root) error {
			if err := f.allowed(root, name, opts); err != nil {
				return err
			}
			info, err = f.write(ctx, root, name, body)
			return err
		})
	}
	return info, f.errorf(ctx, "writing", name, err)
}

// allowed returns why the conditions of a Put do not hold. The caller holds the
// lock.
func (f *Folder) allowed(root *os.Root, name string, opts PutOptions) error {
	if !opts.IfAbsent && opts.IfMatch == "" {
		return nil
	}
	file, info, err := openIn(root, name)
	if err == nil {
		file.Close()
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotFound) {
		return err
	}
	switch {
	case opts.IfAbsent && err == nil:
		return ErrExists
	case opts.IfMatch != "" && (err != nil || info.Version != opts.IfMatch):
		return ErrChanged
	}
	return nil
}

// write puts body in the place of the object. The caller holds the lock.
func (f *Folder) write(ctx context.Context, root *os.Root, name string, body io.ReadSeeker) (Info, error) {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return Info{}, err
	}
	half := path.Join(ownFolder, rand.Text())
	file, err := root.OpenFile(half, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return Info{}, err
	}
	defer func() { _ = root.Remove(half) }() // has no effect after the rename
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, hash), &contextReader{ctx, body})
	if err == nil {
		err = file.Sync()
	}
	var st fs.FileInfo
	if err == nil {
		st, err = file.Stat()
	}
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = root.MkdirAll(path.Dir(name), 0o777)
	}
	if err == nil {
		err = root.Rename(half, name)
	}
	if err != nil {
		return Info{}, err
	}
	syncFolder(root, path.Dir(name))
	return Info{name, size, hex.EncodeToString(hash.Sum(nil)), st.ModTime(), ""}, nil
}

// syncFolder makes a rename last through a power cut. Windows and some network
// file systems cannot; the object is whole there too.
func syncFolder(root *os.Root, dir string) {
	if d, err := root.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// Delete implements Store. Folders that held nothing else go too: a bucket has none.
func (f *Folder) Delete(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := checkName(name); err != nil {
			return f.errorf(ctx, "deleting", name, err)
		}
	}
	if _, err := os.Lstat(f.dir); errors.Is(err, fs.ErrNotExist) {
		return context.Cause(ctx)
	}
	for chunk := range slices.Chunk(names, 1000) {
		at := ""
		err := f.locked(ctx, false, func(root *os.Root) error {
			for _, name := range chunk {
				at = name
				if st, err := root.Lstat(name); err == nil && st.IsDir() {
					continue // no object has this name
				}
				if err := noParent(root.Remove(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				for dir := path.Dir(name); dir != "." && root.Remove(dir) == nil; dir = path.Dir(dir) {
				}
			}
			return nil
		})
		if err != nil {
			return f.errorf(ctx, "deleting", at, err)
		}
	}
	return nil
}

// lockPause is between two looks at a lock that another process holds.
const lockPause = 10 * time.Millisecond

// locked calls do while no other writer is at work in the folder. With create it
// makes the folder where there is none.
func (f *Folder) locked(ctx context.Context, create bool, do func(*os.Root) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if create {
		if err := os.MkdirAll(f.dir, 0o777); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(ownFolder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	lock := flock.New(filepath.Join(f.dir, ownFolder, "lock"))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if err := removeHalves(root); err != nil {
		return err
	}
	return do(root)
}

// removeHalves removes what killed writers left. The caller holds the lock.
func removeHalves(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ownFolder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			if err := root.RemoveAll(path.Join(ownFolder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// List implements Store.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		infos, err := f.list(ctx, prefix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(Info{}, f.errorf(ctx, "listing", prefix, err))
			return
		}
		for _, info := range infos {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (f *Folder) list(ctx context.Context, prefix string) ([]Info, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var infos []Info
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted meanwhile
		case err != nil:
			return err
		case d.IsDir():
			if name == ownFolder || name != "." && !related(name+"/", prefix) {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || !strings.HasPrefix(name, prefix):
			return nil
		}
		st, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		infos = append(infos, Info{Name: name, Size: st.Size(), Modified: st.ModTime()})
		return nil
	})
	slices.SortFunc(infos, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, err
}

// related reports a folder below which names with the prefix may lie.
func related(folder, prefix string) bool {
	return strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder)
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
