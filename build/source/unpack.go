package source

import (
	"archive/tar"
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

// Part is a file or folder that is wanted out of a tar stream, and its bounds.
type Part struct {
	Name    string // slash path in the stream; "." is all of it
	Bytes   int64  // at most, of all its files
	Entries int    // at most, files and folders
	// Spare says that a part beyond its bounds, or with a name that CheckName
	// refuses, is left out as a whole and is no failure: what is kept between builds
	// only saves time.
	Spare bool
}

func (p *Part) holds(name string) bool {
	return p.Name == "." || name == p.Name || strings.HasPrefix(name, p.Name+"/")
}

// leads reports whether name is a folder on the way to the part.
func (p *Part) leads(name string) bool { return strings.HasPrefix(p.Name, name+"/") }

// ExtractTree unpacks the parts of a tar stream below dir, and returns the slash
// paths of the files. The stream came out of a session and may be hostile. It is an
// error when it holds anything but regular files and folders, what lies outside of
// the parts, or a part beyond its bounds; what Spare covers is left out instead.
func ExtractTree(r io.Reader, dir string, parts []Part) (names []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	parts = slices.Clone(parts) // their bounds are used up
	var folders Folders
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
		i := slices.IndexFunc(parts, func(p Part) bool { return p.holds(name) })
		unfit := CheckName(name)
		if unfit != nil && (i < 0 || !parts[i].Spare) {
			return names, unfit
		}
		local := filepath.FromSlash(name)
		if h.Typeflag == tar.TypeDir && slices.ContainsFunc(parts, func(p Part) bool { return p.leads(name) }) {
			continue
		}
		if i < 0 {
			return names, fmt.Errorf("%q was not asked for", h.Name)
		}
		p := &parts[i]
		if p.Entries < 0 {
			continue // the part was left out
		}
		if unfit != nil {
			p.Entries = -1
		} else {
			p.Bytes -= h.Size
			p.Entries -= 1 + folders.Add(path.Dir(name), p.Name)
			if h.Typeflag == tar.TypeDir {
				folders.Add(name, p.Name)
			}
		}
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
		if !filepath.IsLocal(local) || filepath.ToSlash(local) != name {
			if p.Spare {
				continue
			}
			return names, fmt.Errorf("%q is no name that a file can have on this system", h.Name)
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

// A name of a file is far shorter. One entry of a tar can ask for folders within
// folders of which no program can remove the last.
const (
	longestName = 4096 // bytes
	deepestName = 64   // folders
)

// CheckName refuses a slash path in a stream that leads outside of it, or deeper
// than any book's.
func CheckName(name string) error {
	switch {
	case len(name) > longestName || strings.Count(name, "/") > deepestName:
		return fmt.Errorf("%.100q… lies deeper than any file of a book", name)
	case !fs.ValidPath(name):
		return fmt.Errorf("%q lies outside of its folder", name)
	}
	return nil
}

// Folders are the folders that a stream lists, or that its files need.
type Folders struct{ made map[string]bool }

// Add adds a folder and those above it that lie below top, and returns how many of
// them are new.
func (f *Folders) Add(name, top string) (added int) {
	if f.made == nil {
		f.made = map[string]bool{}
	}
	for ; name != "." && (top == "." || strings.HasPrefix(name, top+"/")) && !f.made[name]; name = path.Dir(name) {
		f.made[name] = true
		added++
	}
	return added
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
