package book

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
	"golang.org/x/text/unicode/norm"
)

// bookFiles reads the manuscript below a root. A link that leads out of the
// root is not followed. A manuscript from elsewhere must not have bookci read
// what lies beside it, and quote that in a message; in the work tree the link
// would lead nowhere.
type bookFiles struct {
	root *fsx.Root
}

func openBookFiles(root string) (*bookFiles, error) {
	r, err := fsx.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("opening the folder %s: %w", root, err)
	}
	return &bookFiles{root: r}, nil
}

func (b *bookFiles) Close() error { return b.root.Close() }

// maxText is the largest config or catalog that is read, in bytes. Re:VIEW's
// own fullest config has 20 kB.
const maxText = 4 << 20

// The errors of bookFiles, each the end of a sentence that begins with the file.
var (
	errOutside = errors.New("lies outside the folder that the build sees")
	errKept    = errors.New("lies in a folder that holds no sources")
	errNoFile  = errors.New("is no file")
	errTooBig  = fmt.Errorf("is larger than %d MiB", maxText>>20)
)

// read returns the contents of the file at a slash path below the root.
func (b *bookFiles) read(name string) ([]byte, error) {
	if _, err := b.stat(name); err != nil {
		return nil, err
	}
	data, err := b.root.ReadFile(name, maxText)
	switch {
	case errors.Is(err, fsx.ErrNotRegular):
		return nil, errNoFile
	case errors.Is(err, fsx.ErrTooLarge):
		return nil, errTooBig
	}
	return data, plainPathError(err)
}

// stat follows links as long as they stay below the root.
func (b *bookFiles) stat(name string) (fs.FileInfo, error) {
	if !Below(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, errOutside
	}
	if fsx.LiesInKept(name) {
		return nil, errKept
	}
	info, err := b.root.Stat(name)
	if err == nil && takesForSame && !b.isSpelled(name) {
		return nil, fs.ErrNotExist
	}
	return info, plainPathError(err)
}

// takesForSame says that this system finds a file by a name in another letter
// case or Unicode form, as the build, on Linux, does not.
const takesForSame = runtime.GOOS == "windows" || runtime.GOOS == "darwin"

// isSpelled reports whether name, which lies below the root, is written as the
// folders have it.
func (b *bookFiles) isSpelled(name string) bool {
	for name = path.Clean(name); name != "."; name = path.Dir(name) {
		if !slices.Contains(b.names(path.Dir(name)), path.Base(name)) {
			return false
		}
	}
	return true
}

func (b *bookFiles) isFile(name string) bool {
	info, err := b.stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (b *bookFiles) isDir(name string) bool {
	info, err := b.stat(name)
	return err == nil && info.IsDir()
}

// names lists a folder, nil when it cannot be read.
func (b *bookFiles) names(dir string) []string {
	entries, _ := b.root.ReadDir(path.Clean(dir)) // what could be read is enough for a hint
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// hasBelow tells whether a file in dir or below has a path that ends in name.
func (b *bookFiles) hasBelow(dir, name string) bool {
	found := false
	// What cannot be read holds nothing.
	_ = b.root.Walk(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(file, name) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// sameName looks beside name for a file whose name differs in letter case or
// Unicode form alone. A Mac takes both for the same file; Linux, and so the
// build, does not.
func (b *bookFiles) sameName(name string) (found, difference string) {
	base := path.Base(name)
	for _, n := range b.names(path.Dir(name)) {
		switch {
		case n == base:
		case sameText(n, base):
			return n, "Unicode form"
		case strings.EqualFold(norm.NFC.String(n), norm.NFC.String(base)):
			return n, "letter case"
		}
	}
	return "", ""
}

// Below tells whether a slash path, cleaned by path.Clean, stays below the folder
// that it is taken from. That folder itself, ".", does.
func Below(name string) bool {
	return !path.IsAbs(name) && filepath.VolumeName(name) == "" && name != ".." && !strings.HasPrefix(name, "../")
}

// plainPathError leaves out the system call and the path, which the caller
// names in the manuscript's own terms.
func plainPathError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		if errors.Is(err, fs.ErrNotExist) {
			return fs.ErrNotExist
		}
		if errors.Is(err, fsx.ErrKept) {
			return errKept
		}
		if errors.Is(err, fsx.ErrOutside) {
			return errOutside
		}
		return pe.Err
	}
	return err
}

// onDisk returns name as the file system spells it. Names typed in one Unicode
// form and stored in the other look the same to whoever typed them.
func (b *bookFiles) onDisk(name string) string {
	if _, err := b.root.Lstat(name); err == nil || !Below(name) {
		return name
	}
	found := "."
	for part := range strings.SplitSeq(name, "/") {
		next := path.Join(found, part)
		if _, err := b.root.Lstat(next); err != nil {
			other, difference := b.sameName(next)
			if difference != "Unicode form" {
				return name
			}
			next = path.Join(found, other)
		}
		found = next
	}
	return found
}

// sameText tells whether two names are equal but for the Unicode form.
func sameText(a, b string) bool {
	return a == b || norm.NFC.String(a) == norm.NFC.String(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
