package book

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// SettingsFile is the name of bookci's own configuration.
const SettingsFile = "bookci.yml"

// defaultConfig is the name that Re:VIEW's own tools give a book's config.
const defaultConfig = "config.yml"

// SearchOptions say where to look for a book.
type SearchOptions struct {
	Dir    string // absolute; the book's folder or one above it
	Config string // the config's path below the book's folder or Dir, "" for config.yml
	Root   string // absolute; the root where the caller knows it, "" to find it
	Home   string // absolute; see FindRoot
}

// SearchError says that there is no book, or more than one, where one was
// looked for. Dir or --config can mend it, so the exit status is 2.
type SearchError struct {
	Dir      string   // where was looked
	Config   string   // what for
	Books    []string // the configs found when they are several: slash paths below Dir
	Similar  []string // other files that look like a Re:VIEW config, when none was found
	Foreign  []string // files of the right name that are some other program's
	TooLarge bool     // the search was given up
}

func (e *SearchError) Error() string {
	var b strings.Builder
	switch {
	case len(e.Books) > 0:
		fmt.Fprintf(&b, "there are %d books in %s:", len(e.Books), e.Dir)
		for _, c := range e.Books {
			fmt.Fprintf(&b, " %s", path.Dir(c))
		}
	case e.TooLarge:
		fmt.Fprintf(&b, "there are too many folders in %s to look for a book in", e.Dir)
	default:
		fmt.Fprintf(&b, "there is no book in %s: no Re:VIEW %s in it or in a folder below", e.Dir, e.Config)
		if len(e.Foreign) > 0 {
			fmt.Fprintf(&b, " (%s is another program's)", strings.Join(e.Foreign, ", "))
		}
	}
	return b.String()
}

// Hint says how to name the book.
func (e *SearchError) Hint() string {
	switch {
	case len(e.Books) > 0:
		return fmt.Sprintf("name one, as in `bookci build %s`, or list them in %s", filepath.Join(e.Dir, path.Dir(e.Books[0])), SettingsFile)
	case e.TooLarge:
		return "name the book's folder"
	case len(e.Similar) > 0 && e.Config != defaultConfig:
		if near := text.Nearest(e.Config, e.Similar); near != "" {
			return fmt.Sprintf("did you mean --config %s?", near)
		}
		return "there is " + strings.Join(e.Similar, ", ") + ": name one with --config"
	case len(e.Similar) > 0:
		return fmt.Sprintf("%s looks like a Re:VIEW config: name it with --config", strings.Join(e.Similar, ", "))
	}
	return "name the book's folder, or begin a new book with `bookci init`"
}

// Find finds the only book in a folder or below it and reads it.
// The error is a *SearchError, or what Read returns.
func Find(ctx context.Context, opts SearchOptions) (*Book, error) {
	if !filepath.IsAbs(opts.Dir) {
		return nil, fmt.Errorf("looking for a book: %s is no absolute path", opts.Dir)
	}
	info, err := os.Stat(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("looking for a book: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("looking for a book: %s is a file, not a folder; name a config with --config", opts.Dir)
	}
	// The root is found, and shown to the engine, by its real path.
	dir, err := filepath.EvalSymlinks(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("looking for a book: %w", err)
	}
	config := path.Clean(filepath.ToSlash(opts.Config))
	if opts.Config == "" {
		config = defaultConfig
	}
	if !Below(config) {
		return nil, fmt.Errorf("looking for a book: the config %s is not below %s", opts.Config, opts.Dir)
	}
	found, err := searchBook(ctx, dir, config)
	if err != nil {
		var se *SearchError
		if errors.As(err, &se) {
			se.Dir = opts.Dir
		}
		return nil, err
	}
	file := filepath.Join(dir, filepath.FromSlash(found))
	root := opts.Root
	if root == "" {
		r, err := FindRoot(filepath.Dir(file), opts.Home)
		if err != nil {
			return nil, err
		}
		root = r.Dir
	} else if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, fmt.Errorf("looking for a book: %w", err)
	}
	rel, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("looking for a book: %w", err)
	}
	return Read(root, filepath.ToSlash(rel), filepath.Base(file))
}

// searchBook returns the slash path below dir of the config of its only book.
func searchBook(ctx context.Context, dir, config string) (string, error) {
	here := lookAt(dir, ".", config)
	if here.book != "" {
		return here.book, nil
	}
	if config != defaultConfig && len(here.foreign) > 0 {
		return here.foreign[0], nil // whoever names it knows better
	}
	s := &search{top: dir, config: config}
	s.add(here)
	if err := s.walk(ctx, ".", 0); err != nil {
		return "", err
	}
	if len(s.books) == 1 {
		return s.books[0], nil
	}
	return "", &SearchError{Dir: dir, Config: config, Books: s.books, Similar: s.similar, Foreign: s.foreign}
}

// search collects what the folders below top hold: slash paths below it.
type search struct {
	top     string
	config  string // the name that is looked for
	folders int    // that were looked into
	books   []string
	similar []string
	foreign []string
}

// Folders of a repository lie a few levels deep and number some thousands; the
// limits end the search in a home folder or a mounted disk.
const (
	searchDepth   = 8
	searchFolders = 20_000
)

// searchSkips are folders that hold copies, outputs or other people's books:
// an installed Re:VIEW brings its sample books along.
var searchSkips = map[string]bool{
	"node_modules": true, "vendor": true, "artifacts": true, "webroot": true, "_site": true,
}

// walk looks at the folders in rel and, where they hold no book, at those below them.
func (s *search) walk(ctx context.Context, rel string, depth int) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if s.folders++; s.folders > searchFolders {
		return &SearchError{Dir: s.top, Config: s.config, TooLarge: true}
	}
	entries, err := os.ReadDir(filepath.Join(s.top, filepath.FromSlash(rel)))
	if err != nil {
		if rel == "." {
			return fmt.Errorf("looking for a book: %w", err)
		}
		return nil // a folder of somebody else's; a book of ours is readable
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || searchSkips[e.Name()] {
			continue
		}
		sub := path.Join(rel, e.Name())
		found := lookAt(s.top, sub, s.config)
		s.add(found)
		if found.book == "" && depth+1 < searchDepth {
			if err := s.walk(ctx, sub, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *search) add(f finding) {
	if f.book != "" {
		s.books = append(s.books, f.book)
	}
	s.foreign = append(s.foreign, f.foreign...)
	s.similar = append(s.similar, f.similar...)
}

// finding is what one folder holds: slash paths below the search's top.
type finding struct {
	book    string   // its config, "" when it is no book's folder
	foreign []string // files of the config's name that are some other program's
	similar []string // files of another name that look like a config
}

// lookAt looks at the folder rel below top.
func lookAt(top, rel, config string) finding {
	var f finding
	folder := filepath.Join(top, filepath.FromSlash(rel))
	name := path.Join(rel, config)
	file := filepath.Join(top, filepath.FromSlash(name))
	if _, err := os.Lstat(file); err != nil {
		if other := otherForm(file); other != "" {
			file, name = filepath.Join(filepath.Dir(file), other), path.Join(path.Dir(name), other)
		}
	}
	if IsConfig(file) {
		f.book = name
		return f
	}
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		f.foreign = append(f.foreign, name)
	}
	names, _ := fs.Glob(os.DirFS(folder), "*.yml")
	for _, base := range names {
		if path.Join(rel, base) != name && strongKey.Match(readHead(filepath.Join(folder, base))) {
			f.similar = append(f.similar, path.Join(rel, base))
		}
	}
	return f
}

// A config is known by keys that no other program's config.yml has. They are
// looked for in the text, so that a config with a fault in its YAML is found
// and its fault reported.
var (
	strongKey = regexp.MustCompile(`(?m)^(?:\x{feff})?["']?(?:bookname|booktitle|review_version|catalogfile|contentdir|texdocumentclass|texstyle|texcommand|(?:pdf|epub|web|text|idgxml)maker|epubversion|chapter_file|secnolevel)["']?[ \t]*:`)
	weakKey   = regexp.MustCompile(`(?m)^(?:\x{feff})?["']?inherit["']?[ \t]*:`)
)

// IsConfig tells whether a file of this machine is a Re:VIEW config: by its keys,
// or else by the list of chapters beside it.
func IsConfig(file string) bool {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	head := readHead(file)
	if strongKey.Match(head) {
		return true
	}
	for _, list := range []string{"catalog.yml", "CHAPS"} {
		if info, err := os.Stat(filepath.Join(filepath.Dir(file), list)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	if weakKey.Match(head) {
		chapters, _ := fs.Glob(os.DirFS(filepath.Dir(file)), "*.re")
		return len(chapters) > 0
	}
	return false
}

// readHead returns the beginning of a file, nothing when it cannot be read.
func readHead(file string) []byte {
	f, err := fsx.OpenNamed(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := f.Read(head)
	return head[:n]
}

// otherForm returns the name beside file that is its own but for the Unicode
// form, "" when there is none.
func otherForm(file string) string {
	if isASCII(filepath.Base(file)) {
		return ""
	}
	entries, _ := os.ReadDir(filepath.Dir(file))
	for _, e := range entries {
		if sameText(e.Name(), filepath.Base(file)) {
			return e.Name()
		}
	}
	return ""
}
