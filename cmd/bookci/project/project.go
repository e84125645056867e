package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// Project is what a command works on: a root, its settings and its books.
type Project struct {
	Root     string // absolute
	Dir      string // absolute: the folder that the user named, or stood in
	Settings *settings.Settings
	Books    []*book.Book
	Targets  map[*book.Book][]book.Target
	Asked    bool                 // the command line named the targets
	Separate bool                 // artifacts of each book in a folder of its name
	Faults   map[*book.Book]error // configs that cannot be read: *book.Faults
	leftOut  []string             // patterns of what bookci writes below the root and is no source
}

// Choice is what the command line says about the books.
type Choice struct {
	Dir     string
	Config  string
	Names   []string
	Targets []string
}

// Open finds the root, reads the settings and the books. flags, nil for none, are the
// command's; warn is told of slips in the settings, line by line.
func Open(ctx context.Context, w *world.World, c Choice, flags *pflag.FlagSet, warn func(string)) (*Project, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("finding this folder: %w", err)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		if err == nil {
			err = errors.New("not a folder")
		}
		hint := "name the folder that holds the book"
		if len(c.Targets) > 0 && slices.Contains(book.Targets, book.Target(c.Dir)) {
			hint = "targets are divided by commas: --target " + strings.Join(append(slices.Clone(c.Targets), c.Dir), ",")
		}
		return nil, fault.Usagef(hint, "%s: %w", c.Dir, fsx.Reason(err))
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	home := w.Home()
	root, err := book.FindRoot(dir, home)
	if err != nil {
		return nil, err
	}
	if root.Settings == "" {
		// The only book below may have a bookci.yml beside its config.
		if b, err := book.Find(ctx, book.SearchOptions{Dir: dir, Config: c.Config, Root: root.Dir, Home: home}); err == nil {
			below, err := book.FindRoot(filepath.Join(root.Dir, filepath.FromSlash(b.Dir)), home)
			if err == nil && below.Settings != "" {
				root, dir = below, below.Dir
			}
		}
	}
	p := &Project{Root: root.Dir, Dir: dir, Targets: map[*book.Book][]book.Target{}, Faults: map[*book.Book]error{}}
	if p.Settings, err = settings.Read(root.Settings, flags); err != nil {
		return nil, err
	}
	for _, line := range p.Settings.Warnings {
		warn("bookci: warning: " + line)
	}
	p.LeaveOut(p.CacheDir())
	return p, p.openBooks(ctx, c, home)
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
func (p *Project) openBooks(ctx context.Context, c Choice, home string) error {
	if listed := listedWith(p.Settings.Books, c.Config); listed != "" && len(c.Names) == 0 {
		c.Names, c.Config = []string{listed}, ""
	}
	if len(p.Settings.Books) == 0 || c.Config != "" {
		book, err := book.Find(ctx, book.SearchOptions{Dir: p.Dir, Config: c.Config, Root: p.Root, Home: home})
		if err := p.add(book, err); err != nil {
			return err
		}
		if len(c.Names) > 0 && !slices.Contains(c.Names, book.Name) {
			return fault.Usagef("", "there is no book named %s: this one is %s", strings.Join(c.Names, ", "), book.Name)
		}
		return p.chooseTargets(c, nil)
	}
	want := map[string][]book.Target{}
	for _, name := range c.Names {
		known := false
		for _, b := range p.Settings.Books {
			known = known || b.Name == name
		}
		if !known {
			var names []string
			for _, b := range p.Settings.Books {
				names = append(names, b.Name)
			}
			return fault.Usagef("bookci.yml has "+strings.Join(names, ", "), "there is no book named %q", name)
		}
	}
	for _, b := range p.Settings.Books {
		if len(c.Names) > 0 && !slices.Contains(c.Names, b.Name) {
			continue
		}
		book, err := book.Read(p.Root, b.Dir, b.Config)
		if fault := p.absent(b); err != nil && fault != nil {
			err = fault
		}
		if b.Name != "" {
			book.Name = b.Name
		}
		if err := p.add(book, err); err != nil {
			return err
		}
		want[book.Name] = b.Targets
	}
	p.Separate = len(p.Settings.Books) > 1
	return p.chooseTargets(c, want)
}

// absent tells of a book of bookci.yml whose config or folder is not there, nil
// when they are.
func (p *Project) absent(b settings.Book) error {
	fault := book.Diagnostic{Severity: book.Error, Code: "config", File: book.SettingsFile, Line: b.Line}
	root, err := fsx.OpenRoot(p.Root)
	if err != nil {
		return nil // said by whoever reads the book
	}
	defer root.Close()
	entries, err := root.ReadDir(b.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		fault.Message = fmt.Sprintf("bookci.yml names the book's folder %s, which is not there", b.Dir)
		return &book.Faults{Diagnostics: []book.Diagnostic{fault}}
	}
	if _, err := root.Lstat(path.Join(b.Dir, b.Config)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	fault.Message = fmt.Sprintf("bookci.yml names the config %s, which is not there", path.Join(b.Dir, b.Config))
	var configs []string
	for _, e := range entries {
		if ext := path.Ext(e.Name()); (ext == ".yml" || ext == ".yaml") && e.Name() != book.SettingsFile {
			configs = append(configs, e.Name())
		}
	}
	if near := text.Nearest(b.Config, configs); near != "" {
		fault.Hint = fmt.Sprintf("write %q", "config: "+near)
	} else if slices.Contains(configs, "config.yml") {
		fault.Hint = "there is a config.yml"
	}
	return &book.Faults{Diagnostics: []book.Diagnostic{fault}}
}

// add takes a book in. A config that cannot be read stops its own book only.
func (p *Project) add(b *book.Book, err error) error {
	var fault *book.Faults
	if err != nil && !errors.As(err, &fault) {
		return err
	}
	if fault != nil {
		p.Faults[b] = fault
	}
	p.Books = append(p.Books, b)
	return nil
}

// Join takes in the books of another folder of the same root.
func (p *Project) Join(other *Project) error {
	for _, b := range other.Books {
		same := func(have *book.Book) bool { return have.Dir == b.Dir && have.Config == b.Config }
		if slices.ContainsFunc(p.Books, same) {
			continue
		}
		if slices.ContainsFunc(p.Books, func(have *book.Book) bool { return strings.EqualFold(have.Name, b.Name) }) {
			return fault.Usagef("list them in bookci.yml, each with a name of its own", "two books in %s are named %s", p.Root, b.Name)
		}
		p.Books = append(p.Books, b)
		p.Targets[b] = other.Targets[b]
		if err := other.Faults[b]; err != nil {
			p.Faults[b] = err
		}
	}
	p.Separate = len(p.Books) > 1
	return nil
}

// chooseTargets settles what is built: what the command line says, else what
// bookci.yml says, else the PDF.
func (p *Project) chooseTargets(c Choice, configured map[string][]book.Target) error {
	var asked []book.Target
	for _, name := range c.Targets {
		t, err := book.ParseTarget(strings.TrimSpace(name))
		if err != nil {
			var names []string
			for _, t := range book.Targets {
				names = append(names, string(t))
			}
			return fault.Usagef("", "%w%s", err, text.DidYouMean(strings.TrimSpace(name), names))
		}
		if !slices.Contains(asked, t) {
			asked = append(asked, t)
		}
	}
	for _, b := range p.Books {
		p.Targets[b], p.Asked = asked, len(asked) > 0
		if len(asked) == 0 {
			p.Targets[b] = configured[b.Name]
		}
		if len(p.Targets[b]) == 0 {
			p.Targets[b] = []book.Target{book.PDF}
		}
	}
	return nil
}
