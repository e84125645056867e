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

// Sources are the files of a root, as one walk has found them.
type Sources struct {
	Root  string
	Files []File            // in the order of their paths; see File for folders
	Notes []book.Diagnostic // warnings of what was left out
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

// ownFolders are those of the kept folders (fsx.IsKept) that are bookci's.
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
		// An earlier run without bookci has left them where the makers put them.
		for _, t := range []book.Target{book.PDF, book.EPUB} {
			w.outputs[t.Output(b)] = true
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
	outputs map[string]bool // slash paths of what is made, and so no source
}

// folder lists what is in dir, which is rel below the root, and returns how many
// files and empty folders it added. parent is what exclude found for the folder.
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

// hide notes an entry that no maker has any business with.
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
