package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/moby/patternmatcher"
)

// Inputs returns what a book's artifacts depend on, in the order of the paths:
// the book's folder, what its config names outside of it, the files that match
// the patterns of extra (as in a .dockerignore, from the root), and what links
// among all these lead to. bookci's own bookci.yml and bookci.lock are not
// among them: what they say reaches the fingerprint by itself.
//
// A pattern that leads out of the root is an error; one that nothing matches
// is noted.
func (s *Sources) Inputs(b *book.Book, extra []string) ([]File, []book.Diagnostic, error) {
	var notes []book.Diagnostic
	in := make([]bool, len(s.Files))
	for _, name := range b.Depends() {
		s.mark(in, name)
	}
	for _, pattern := range extra {
		if err := CheckPattern(pattern); err != nil {
			return nil, nil, fmt.Errorf("extra_inputs: %w", err)
		}
	}
	if len(extra) > 0 {
		pm, err := patternmatcher.New(extra)
		if err != nil {
			return nil, nil, fmt.Errorf("extra_inputs: %w", err)
		}
		matched := false
		for i, f := range s.Files {
			ok, err := pm.MatchesOrParentMatches(filepath.FromSlash(f.Path))
			if err != nil {
				return nil, nil, fmt.Errorf("extra_inputs: %w", err)
			}
			if ok {
				in[i], matched = true, true
			}
		}
		if !matched {
			notes = append(notes, book.Diagnostic{Severity: book.Warning, Code: "extra-inputs", Message: "extra_inputs match no file: " + strings.Join(extra, ", ")})
		}
	}
	s.followLinks(in)

	var files []File
	for i, f := range s.Files {
		if in[i] && path.Base(f.Path) != book.SettingsFile && path.Base(f.Path) != "bookci.lock" {
			files = append(files, f)
		}
	}
	return files, notes, nil
}

// Shares are the files of a root by the book that they belong to. It is made once,
// however many books there are.
type Shares struct {
	of map[string][]File // by the innermost book's folder that they lie in; "." for what is no book's
}

// Divide finds the book of each file. folders are the slash paths below the root of
// all books' folders.
func (s *Sources) Divide(folders []string) *Shares {
	books := map[string]bool{".": true}
	for _, dir := range folders {
		books[path.Clean(dir)] = true
	}
	sh := &Shares{of: map[string][]File{}}
	for _, f := range s.Files {
		dir := path.Dir(f.Path)
		for !books[dir] {
			dir = path.Dir(dir)
		}
		sh.of[dir] = append(sh.of[dir], f)
	}
	return sh
}

// Tree returns what goes into a book's work tree, in the order of the paths:
// everything of the root, as hooks may read it, but for the folders of other books.
// Of those come the files that are among inputs, the book's own: a change of another
// would not build this book again.
func (sh *Shares) Tree(b *book.Book, inputs []File) []File {
	tree := slices.Clone(inputs)
	for dir := b.Dir; ; dir = path.Dir(dir) {
		tree = append(tree, sh.of[dir]...)
		if dir == "." {
			break
		}
	}
	slices.SortFunc(tree, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(tree, func(a, b File) bool { return a.Path == b.Path })
}

// mark marks in in the file name, or all below that folder, and the links on the
// way there.
func (s *Sources) mark(in []bool, name string) {
	name = s.resolve(in, name)
	if !book.Below(name) {
		return
	}
	if i, ok := s.byPath[name]; ok {
		in[i] = true
	}
	i := 0
	if name != "." {
		i, _ = slices.BinarySearchFunc(s.Files, name+"/", func(f File, prefix string) int { return cmp.Compare(f.Path, prefix) })
	}
	for ; i < len(s.Files) && (name == "." || strings.HasPrefix(s.Files[i].Path, name+"/")); i++ {
		in[i] = true
	}
}

// resolve replaces the links in the folders of name by what they lead to and
// marks them. A name that begins with ../ leads out of the root.
func (s *Sources) resolve(in []bool, name string) string {
	const most = 40 // as the kernel
	for range most {
		replaced := false
		for end := 0; end < len(name); end++ {
			if name[end] != '/' {
				continue
			}
			i, ok := s.byPath[name[:end]]
			if !ok || s.Files[i].Mode&fs.ModeSymlink == 0 {
				continue
			}
			in[i] = true
			if filepath.IsAbs(s.Files[i].Link) {
				return ".."
			}
			name = path.Join(path.Dir(name[:end]), filepath.ToSlash(s.Files[i].Link), name[end:])
			replaced = true
			break
		}
		if !replaced {
			break
		}
	}
	return name
}

// followLinks marks what the marked links lead to below the root, and what further
// links there lead to.
func (s *Sources) followLinks(in []bool) {
	done := make([]bool, len(in))
	for again := true; again; {
		again = false
		for i, f := range s.Files {
			if !in[i] || done[i] || f.Mode&fs.ModeSymlink == 0 {
				continue
			}
			done[i], again = true, true
			if !filepath.IsAbs(f.Link) { // an absolute one leads elsewhere in the work tree too
				s.mark(in, path.Join(path.Dir(f.Path), filepath.ToSlash(f.Link)))
			}
		}
	}
}

// CheckPattern says what is wrong with a pattern, as in a .dockerignore, for files
// below the root; nil when nothing is.
func CheckPattern(pattern string) error {
	p := strings.TrimPrefix(strings.TrimSpace(pattern), "!")
	switch {
	case p == "":
		return errors.New("an empty pattern matches nothing")
	case path.IsAbs(filepath.ToSlash(p)) || filepath.IsAbs(p):
		return fmt.Errorf("%s is an absolute path: patterns are taken from the folder of %s", pattern, book.SettingsFile)
	case !book.Below(path.Clean(filepath.ToSlash(p))):
		return fmt.Errorf("%s leads out of the folder of %s: put %s into a folder above both", pattern, book.SettingsFile, book.SettingsFile)
	}
	if _, err := patternmatcher.Matches("x", []string{pattern}); err != nil {
		return fmt.Errorf("%s is no pattern: %w", pattern, err)
	}
	return nil
}
