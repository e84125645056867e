package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/objects"
)

// project is what a command works on: a root, its settings and its books.
type project struct {
	root     string // absolute
	dir      string // absolute: the folder that the user named, or stood in
	settings *settings.Settings
	books    []*book.Book
	targets  map[*book.Book][]book.Target
	asked    bool                 // the command line named the targets
	separate bool                 // artifacts of each book in a folder of its name
	faults   map[*book.Book]error // configs that cannot be read: *book.Faults
	leftOut  []string             // patterns of what bookci writes below the root and is no source
}

// choice is what the command line says about the books.
type choice struct {
	dir     string
	config  string
	names   []string
	targets []string
}

// open finds the root, reads the settings and the books. flags, nil for none, are the
// command's; warn is told of slips in the settings, line by line.
func (a *app) open(ctx context.Context, c choice, flags *pflag.FlagSet, warn func(string)) (*project, error) {
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return nil, fmt.Errorf("finding this folder: %w", err)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		if err == nil {
			err = errors.New("not a folder")
		}
		return nil, fault.Usagef("name the folder that holds the book", "%s: %w", c.dir, plainError(err))
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	home := a.Home()
	root, err := book.FindRoot(dir, home)
	if err != nil {
		return nil, err
	}
	if root.Settings == "" {
		// The only book below may have a bookci.yml beside its config.
		if b, err := book.Find(ctx, book.SearchOptions{Dir: dir, Config: c.config, Root: root.Dir, Home: home}); err == nil {
			below, err := book.FindRoot(filepath.Join(root.Dir, filepath.FromSlash(b.Dir)), home)
			if err == nil && below.Settings != "" {
				root, dir = below, below.Dir
			}
		}
	}
	p := &project{root: root.Dir, dir: dir, targets: map[*book.Book][]book.Target{}, faults: map[*book.Book]error{}}
	if p.settings, err = settings.Read(root.Settings, flags); err != nil {
		return nil, err
	}
	for _, w := range p.settings.Warnings {
		warn("bookci: warning: " + w)
	}
	p.leaveOut(p.cacheDir())
	return p, a.openBooks(ctx, p, c, home)
}

// leaveOut keeps files and folders, absolute paths, from being taken for
// sources. Those that lie outside the root are none anyway.
func (p *project) leaveOut(names ...string) {
	p.leftOut = append(p.leftOut, patternsBelow(p.root, names...)...)
}

// excluded are patterns of what below the root is no source: what bookci.yml
// says, and what bookci itself writes.
func (p *project) excluded() []string {
	return append(slices.Clip(p.settings.Exclude), p.leftOut...)
}

// writtenBelow are patterns of what bookci itself writes below a folder.
func (p *project) writtenBelow(dir string) []string {
	return patternsBelow(dir, p.artifacts(), p.state(), p.fontCache(), p.cacheDir())
}

// patternsBelow are patterns, seen from dir, that match those of the names,
// absolute paths, which lie below it.
func patternsBelow(dir string, names ...string) (patterns []string) {
	for _, name := range names {
		rel, err := filepath.Rel(dir, name)
		if name == "" || err != nil || rel == "." || !filepath.IsLocal(rel) {
			continue
		}
		patterns = append(patterns, literalPattern(rel, runtime.GOOS))
	}
	return patterns
}

// literalPattern matches the relative path rel alone.
func literalPattern(rel, goos string) string {
	escape := func(r string) string { return `\` + r }
	special := []string{`\`, "*", "?", "["}
	if goos == "windows" {
		escape = func(r string) string { return "[" + r + "]" } // \ parts folders there
		special = []string{"["}                                 // the others are in no name
	}
	var pairs []string
	for _, r := range special {
		pairs = append(pairs, r, escape(r))
	}
	rel = strings.NewReplacer(pairs...).Replace(rel)
	if strings.HasPrefix(rel, "!") {
		rel = escape("!") + rel[1:]
	}
	return rel
}

// listedWith returns the name of the only book of bookci.yml that has this
// config, "" when none or several have it.
func listedWith(books []settings.Book, config string) (name string) {
	if config == "" {
		return ""
	}
	for _, b := range books {
		if b.Config != filepath.Base(config) || filepath.Base(config) != config && !strings.HasSuffix(path.Join("/", b.Dir, b.Config), path.Join("/", filepath.ToSlash(config))) {
			continue
		}
		if name != "" {
			return ""
		}
		name = b.Name
	}
	return name
}

// openBooks reads the books that bookci.yml lists, or the one that is there.
func (a *app) openBooks(ctx context.Context, p *project, c choice, home string) error {
	if listed := listedWith(p.settings.Books, c.config); listed != "" && len(c.names) == 0 {
		c.names, c.config = []string{listed}, ""
	}
	if len(p.settings.Books) == 0 || c.config != "" {
		book, err := book.Find(ctx, book.SearchOptions{Dir: p.dir, Config: c.config, Root: p.root, Home: home})
		if err := p.add(book, err); err != nil {
			return err
		}
		if len(c.names) > 0 && !slices.Contains(c.names, book.Name) {
			return fault.Usagef("", "there is no book named %s: this one is %s", strings.Join(c.names, ", "), book.Name)
		}
		return p.chooseTargets(c, nil)
	}
	want := map[string][]book.Target{}
	for _, name := range c.names {
		known := false
		for _, b := range p.settings.Books {
			known = known || b.Name == name
		}
		if !known {
			var names []string
			for _, b := range p.settings.Books {
				names = append(names, b.Name)
			}
			return fault.Usagef("bookci.yml has "+strings.Join(names, ", "), "there is no book named %q", name)
		}
	}
	for _, b := range p.settings.Books {
		if len(c.names) > 0 && !slices.Contains(c.names, b.Name) {
			continue
		}
		book, err := book.Read(p.root, b.Dir, b.Config)
		if b.Name != "" {
			book.Name = b.Name
		}
		if err := p.add(book, err); err != nil {
			return err
		}
		want[book.Name] = b.Targets
	}
	p.separate = len(p.settings.Books) > 1
	return p.chooseTargets(c, want)
}

// add takes a book in. A config that cannot be read stops its own book only.
func (p *project) add(b *book.Book, err error) error {
	var fault *book.Faults
	if err != nil && !errors.As(err, &fault) {
		return err
	}
	if fault != nil {
		p.faults[b] = fault
	}
	p.books = append(p.books, b)
	return nil
}

// chooseTargets settles what is built: what the command line says, else what
// bookci.yml says, else the PDF.
func (p *project) chooseTargets(c choice, configured map[string][]book.Target) error {
	var asked []book.Target
	for _, name := range c.targets {
		t, err := book.ParseTarget(strings.TrimSpace(name))
		if err != nil {
			return fault.Usagef("", "%w", err)
		}
		if !slices.Contains(asked, t) {
			asked = append(asked, t)
		}
	}
	for _, b := range p.books {
		p.targets[b], p.asked = asked, len(asked) > 0
		if len(asked) == 0 {
			p.targets[b] = configured[b.Name]
		}
		if len(p.targets[b]) == 0 {
			p.targets[b] = []book.Target{book.PDF}
		}
	}
	return nil
}

// state is bookci's own folder of the root.
func (p *project) state() string { return filepath.Join(p.root, ".bookci") }

// fontCache is where TeX's font caches are kept.
func (p *project) fontCache() string { return filepath.Join(p.root, ".texmf-var") }

// artifacts is the absolute path of the artifacts folder.
func (p *project) artifacts() string {
	if objects.IsS3(p.settings.Artifacts) {
		return filepath.Join(p.state(), "artifacts") // what lies there too, to compare with
	}
	if filepath.IsAbs(p.settings.Artifacts) {
		return p.settings.Artifacts
	}
	return filepath.Join(p.root, p.settings.Artifacts)
}

// artifactsBelow is the artifacts folder as a slash path below the root, ""
// when it lies elsewhere.
func (p *project) artifactsBelow() string {
	rel, err := filepath.Rel(p.root, p.artifacts())
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// checkArtifacts refuses an artifacts folder that holds sources: it is no
// source itself, so the makers would not see them.
func (p *project) checkArtifacts() error {
	for _, book := range p.books {
		sources := slices.Clone(book.ConfigFiles)
		for _, ch := range book.Chapters {
			sources = append(sources, ch.Path)
		}
		for _, name := range sources {
			rel, err := filepath.Rel(p.artifacts(), filepath.Join(p.root, filepath.FromSlash(name)))
			if err == nil && filepath.IsLocal(rel) {
				return fault.Usagef("name a folder of its own, such as artifacts", "the artifacts folder %s holds sources of the book, such as %s", p.artifacts(), name)
			}
		}
	}
	return nil
}

// imageRef is the image that the book is built with.
func (p *project) imageRef() string {
	ref, _ := p.imageChoice()
	return ref
}

// imageChoice is imageRef with the reason for an image that nobody asked for.
func (p *project) imageChoice() (ref, why string) {
	if p.settings.Image.Ref != "" {
		return p.settings.Image.Ref, ""
	}
	if len(p.books) > 0 {
		return p.books[0].Image()
	}
	return book.DefaultImage(""), ""
}

// lock keeps other builds of this root out until the answer is called. It
// waits for them, and says so.
func (p *project) lock(ctx context.Context, say func(string)) (unlock func(), err error) {
	return p.lockFile(ctx, "lock", say)
}

// lockFile is lock for those who need not wait for builds, only for their like.
func (p *project) lockFile(ctx context.Context, name string, say func(string)) (unlock func(), err error) {
	if err := fsx.MakeOwnFolder(p.root, p.state()); err != nil {
		return nil, fmt.Errorf("making bookci's own folder: %w", err)
	}
	name = filepath.Join(p.state(), name)
	if st, err := os.Lstat(name); err == nil && !st.Mode().IsRegular() {
		return nil, &fault.Environment{Err: fmt.Errorf("locking: %s is no regular file", name), Hint: "remove it"}
	}
	l := flock.New(name)
	ok, err := l.TryLock()
	if err == nil && !ok {
		say("another bookci is at work here, waiting for it" + p.holder())
		_, err = l.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, &fault.Environment{Err: fmt.Errorf("locking %s: %w", p.state(), err)}
	}
	p.sayHolder()
	return func() {
		_ = os.Remove(p.holderFile())
		_ = l.Unlock() // the end of the process unlocks it too
	}, nil
}

// sourceDate is the date that artifacts bear: the user's, else the sources'.
func (a *app) sourceDate(ctx context.Context, p *project, inputs []source.File) (int64, error) {
	if text := a.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		date, err := strconv.ParseInt(text, 10, 64)
		if err != nil || date < 0 {
			return 0, fault.Usagef("it is a number of seconds since 1970", "SOURCE_DATE_EPOCH=%q", text)
		}
		return date, nil
	}
	git := source.Git{Env: os.Environ()}
	if found, err := exec.LookPath("git"); err == nil {
		git.Path = found
	}
	return source.Date(ctx, git, p.root, inputs)
}

// plainError leaves out the system call and the path that a message names itself.
func plainError(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
