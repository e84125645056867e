package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/moby/patternmatcher"
)

// Sources is what a walk of a root has found, to be copied into work trees.
type Sources struct {
	Root  string
	Files []File // in the order of their paths; see File for folders
	Notes []book.Diagnostic
	// Hidden are what no maker has any business with, topmost only: version
	// control, where CI systems leave tokens, and what the user excludes. Slash
	// paths below the root; a folder's ends in a slash.
	Hidden []string

	byPath map[string]int
}

// Options say what is no source. Paths are slash paths below the root.
type Options struct {
	Artifacts string       // the folder of the artifacts, "" when it lies elsewhere
	Exclude   []string     // patterns as in a .dockerignore
	Books     []*book.Book // whose old output is left out
}

// ownFolders are those of the kept ones (fsx.IsKept) that are bookci's.
var ownFolders = map[string]bool{".bookci": true, ".texmf-var": true}

// Find walks root once. Links are listed as links and never followed.
// Sockets, devices and FIFOs are left out with a note; a file or folder that
// cannot be read is an error that names it.
func Find(ctx context.Context, root string, opts Options) (*Sources, error) {
	w := &walker{s: &Sources{Root: root}, outputs: map[string]bool{}}
	if len(opts.Exclude) > 0 {
		var err error
		if w.exclude, err = patternmatcher.New(opts.Exclude); err != nil {
			return nil, fmt.Errorf("excluding files: %w", err)
		}
	}
	if a := path.Clean(filepath.ToSlash(opts.Artifacts)); opts.Artifacts != "" && a != "." {
		w.outputs[a] = true
	}
	for _, b := range opts.Books {
		// Where the makers put them, and where an earlier run without bookci
		// has left them.
		for _, t := range []book.Target{book.PDF, book.EPUB} {
			w.outputs[path.Join(b.Dir, b.BooknameFor(t)+"."+string(t))] = true
		}
	}
	if _, err := w.folder(ctx, root, "", patternmatcher.MatchInfo{}); err != nil {
		return nil, err
	}
	slices.SortFunc(w.s.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	w.s.byPath = make(map[string]int, len(w.s.Files))
	for i, f := range w.s.Files {
		w.s.byPath[f.Path] = i
	}
	return w.s, nil
}

type walker struct {
	s       *Sources
	exclude *patternmatcher.PatternMatcher
	outputs map[string]bool
}

// folder lists what is in a folder and reports how many entries it had.
func (w *walker) folder(ctx context.Context, dir, rel string, parent patternmatcher.MatchInfo) (listed int, err error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && rel != "" {
		return 0, nil // gone since its name was read
	}
	if err != nil {
		return 0, fmt.Errorf("listing the sources: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		slash := name
		if rel != "" {
			slash = rel + "/" + name
		}
		if fsx.IsKept(name) {
			if !ownFolders[name] {
				w.hide(slash, e)
			}
			continue
		}
		if w.outputs[slash] {
			continue
		}
		excluded, info := false, patternmatcher.MatchInfo{}
		if w.exclude != nil {
			excluded, info, err = w.exclude.MatchesUsingParentResults(filepath.FromSlash(slash), parent)
			if err != nil {
				return listed, fmt.Errorf("excluding files: %w", err)
			}
			if excluded && !(e.IsDir() && w.exclude.Exclusions()) {
				w.hide(slash, e)
				continue
			}
		}
		n, err := w.entry(ctx, dir+string(filepath.Separator)+name, slash, e, info, excluded)
		if err != nil {
			return listed, err
		}
		listed += n
	}
	return listed, nil
}

func (w *walker) hide(slash string, e fs.DirEntry) {
	switch {
	case e.IsDir():
		w.s.Hidden = append(w.s.Hidden, slash+"/")
	case e.Type().IsRegular():
		w.s.Hidden = append(w.s.Hidden, slash)
	}
}

// entry lists one entry, and what is below it when it is a folder.
func (w *walker) entry(ctx context.Context, file, slash string, e fs.DirEntry, match patternmatcher.MatchInfo, excluded bool) (listed int, err error) {
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // an editor's temporary file, gone again
	}
	if err != nil {
		return 0, fmt.Errorf("listing the sources: %w", err)
	}
	f := File{Path: slash, Mode: info.Mode(), MTime: info.ModTime().UnixNano()}
	if runtime.GOOS == "windows" && !passive[strings.ToLower(path.Ext(slash))] {
		f.Mode |= 0o111 // it has no such bits: all that counts as code may be run
	}
	switch {
	case f.Mode.IsDir():
		n, err := w.folder(ctx, file, slash, match)
		if err != nil || n > 0 || excluded {
			return n, err
		}
	case f.Mode&fs.ModeSymlink != 0:
		f.Link, err = os.Readlink(file)
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("listing the sources: %w", err)
		}
		f.Link = filepath.ToSlash(f.Link)
	case f.Mode.IsRegular():
		f.Size = info.Size()
		if err := readable(file, f.Mode); err != nil {
			return 0, fmt.Errorf("listing the sources: %w", err)
		}
	default:
		w.s.Notes = append(w.s.Notes, book.Diagnostic{
			Severity: book.Warning, Code: "special-file", File: slash,
			Message: fmt.Sprintf("is %s and is left out of the work tree", specialKind(f.Mode)),
		})
		return 0, nil
	}
	w.s.Files = append(w.s.Files, f)
	return 1, nil
}

func specialKind(m fs.FileMode) string {
	switch {
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

// readable tries to open a file that not everybody may read. The others are
// taken to be readable: an open for each would double the time of the walk,
// and the copy finds the rare exception.
func readable(file string, mode fs.FileMode) error {
	if mode&0o444 == 0o444 {
		return nil
	}
	f, err := fsx.OpenNamed(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

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
		s.take(in, name)
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

// Shares are the files of a root as its books share them; there may be hundreds of books.
type Shares struct {
	of map[string][]File // by the book's folder that they lie in, the innermost; "." for what is no book's
}

// Divide puts each file to the book that it belongs to; folders are those of all
// books that share the root.
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

// Tree returns what goes into a book's work tree: everything of the root, which
// hooks may read, but for what belongs to other books alone. inputs are the
// book's own. Of another book's folder the inputs come along: a change to the rest
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

// take marks a file, or all below a folder, and the links on the way to it.
func (s *Sources) take(in []bool, name string) {
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

// followLinks takes what the links taken lead to, as long as that is below the
// root, and what further links there lead to.
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
				s.take(in, path.Join(path.Dir(f.Path), filepath.ToSlash(f.Link)))
			}
		}
	}
}

// CheckPattern tells what is wrong with a pattern for files below the root.
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
