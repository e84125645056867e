package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

func (a *app) newInitCmd() *cobra.Command {
	var own newBook
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a new book",
		Long: `init makes DIR, or fills it or this folder when it is empty but for git's own
folder, with the book that Re:VIEW's own review-init makes, a bookci.yml and a
.gitignore. Where there is no Docker it is a small book of bookci's own, which
can be checked and drafted at once. Title and author are asked for in a terminal,
unless flags say them.`,
		Example: `  bookci init novel
  bookci init novel --title 'はじめての小説' --author '山田 花子'
  bookci init handbook --title 'The Handbook' --author 'J. Doe' --language en`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runInit(cmd.Context(), dirArg(args), own, cmd.Flags())
		},
	}
	cmd.Flags().StringVar(&own.title, "title", "", "the book's title")
	cmd.Flags().StringVar(&own.author, "author", "", "the author's name, instead of git's user.name; several parted by commas")
	cmd.Flags().StringVar(&own.language, "language", "ja", "the book's language, as ja or en")
	cmd.Flags().String("image", "", "the image whose Re:VIEW makes the book")
	cmd.Flags().String("engine", "", "where review-init runs: auto, docker or host")
	return cmd
}

func (a *app) runInit(ctx context.Context, dir string, own newBook, flags *pflag.FlagSet) (err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding this folder: %w", err)
	}
	there, err := mustBeEmpty(dir)
	if err != nil {
		return err
	}
	if own, err = a.askAbout(ctx, own, filepath.Base(abs)); err != nil {
		return err
	}
	s, err := settings.Read("", flags)
	if err != nil {
		return err
	}
	s.Transport = string(docker.Copy) // there is nothing to mount
	show, err := screen.New(a.Terminal(), screen.Auto)
	if err != nil {
		return err
	}
	defer show.Close()
	c, err := workshop.StandBy(a.World, show.Println, show.Event)
	if err != nil {
		return err
	}
	defer c.Close()
	p := &project.Project{Root: abs, Settings: s}
	e := c.Engines(p)
	defer e.Close()
	engine, _, err := e.Get(ctx)
	var missing *build.NoMakers
	if err != nil && !errors.As(err, &missing) {
		return err
	}
	// The new book is completed beside its place and appears whole. A folder that
	// is there stays the same one, since a shell may stand in it: it is filled.
	beside := filepath.Dir(abs)
	if there {
		beside = abs
	}
	if err := os.MkdirAll(beside, 0o755); err != nil {
		return fault.Usagef("", "making %s: %w", dir, err)
	}
	part, err := os.MkdirTemp(beside, partPrefix)
	if err != nil {
		return &fault.Environment{Err: fmt.Errorf("making the new book: %w", err)}
	}
	defer os.RemoveAll(part)
	if err := c.Reaper.Remove(part); err != nil {
		return err
	}
	name := bookName(filepath.Base(abs))
	var chapter string
	if missing != nil {
		chapter, err = build.NewPlainBook(name, own.language, part)
	} else {
		chapter, err = build.NewBook(ctx, engine, name, own.language, part)
	}
	if err != nil {
		return err
	}
	if err := own.write(part, name); err != nil {
		return err
	}
	if err := writeNewSettings(part, name, p.ImageRef()); err != nil {
		return err
	}
	if there {
		if _, err := mustBeEmpty(dir); err != nil {
			return err // somebody else was here meanwhile
		}
		err = fill(abs, part)
	} else if err = os.Chmod(part, 0o755); err == nil {
		err = fsx.Rename(part, abs)
	}
	if err != nil {
		return &fault.Environment{Err: fmt.Errorf("making %s: %w", dir, err)}
	}
	command := "bookci build"
	if dir != "." {
		command += " " + text.Quote(dir)
	}
	what := "its PDF"
	if missing != nil {
		what = "a draft of it, and its PDF once there is a Docker"
	}
	show.Println("bookci: made " + dir + "; `" + command + "` makes " + what)
	show.Println("bookci: write in " + filepath.Join(dir, chapter+".re") + "; more chapters are listed in " + filepath.Join(dir, "catalog.yml") + ", all else in " + filepath.Join(dir, "config.yml"))
	_, err = fmt.Fprintln(a.Stdout, dir)
	return err
}

// partPrefix begins the name of the folder that a new book is completed in.
const partPrefix = ".bookci-init-"

// fill moves what part holds to dir, all of it or nothing.
func fill(dir, part string) error {
	entries, err := os.ReadDir(part)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if err := fsx.Rename(filepath.Join(part, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			for _, moved := range entries[:i] {
				_ = os.RemoveAll(filepath.Join(dir, moved.Name())) // the first error tells
			}
			return err
		}
	}
	return nil
}

// mustBeEmpty refuses a folder in which anything could be overwritten, and tells
// whether there is one. A repository that was just begun counts as empty.
func mustBeEmpty(dir string) (there bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fault.Usagef("name a new folder", "%s: %w", dir, fsx.Reason(err))
	}
	if book.IsConfig(filepath.Join(dir, "config.yml")) {
		return true, fault.Usagef("`bookci build "+text.Quote(dir)+"` makes it; for another book name a new folder", "%s holds a book already", dir)
	}
	for _, e := range entries {
		if e.Name() != ".git" && !strings.HasPrefix(e.Name(), partPrefix) {
			return true, fault.Usagef("name a new folder, or an empty one", "%s is not empty: it holds %s", dir, e.Name())
		}
	}
	return true, nil
}

// bookName is what review-init calls the book: a base name that every maker takes.
func bookName(folder string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, folder)
	if name = strings.Trim(name, "-"); name == "" {
		return "book"
	}
	return name
}

// newBook is what a new book says of itself.
type newBook struct{ title, author, language string }

// askAbout fills in what no flag says: by asking, where somebody is there, else
// by what the folder and git are called.
func (a *app) askAbout(ctx context.Context, own newBook, folder string) (newBook, error) {
	if !language.MatchString(own.language) {
		return own, fault.Usagef("for instance --language ja or --language en", "--language: %q is no language", own.language)
	}
	in := bufio.NewReader(a.Stdin)
	ask := func(what, otherwise string) string {
		if !a.SomebodyAnswers() {
			return otherwise
		}
		fmt.Fprintf(a.Stderr, "bookci: %s [%s]: ", what, otherwise)
		answer, err := in.ReadString('\n')
		if answer = strings.TrimSpace(answer); err != nil || answer == "" {
			return otherwise
		}
		return answer
	}
	if own.title == "" {
		own.title = ask("the book's title", folder)
	}
	if own.author == "" {
		otherwise := cmp.Or(gitUser(ctx), map[bool]string{true: "著者名", false: "The author"}[own.language == "ja"])
		own.author = ask("the author's name", otherwise)
	}
	return own, nil
}

var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]+)*$`)

// gitUser is the name that git puts under commits, "" when it knows none.
func gitUser(ctx context.Context) string {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name, err := exec.CommandContext(ctx, "git", "config", "user.name").Output()
	if err != nil {
		return ""
	}
	return text.Printable(strings.TrimSpace(string(name)))
}

var configLines = regexp.MustCompile(`(?m)^(bookname|booktitle|aut|language):.*$`)

// maxNewFile bounds a file of a new book, in bytes.
const maxNewFile = 1 << 20

// write puts title, author and language into a book's config, and the name that
// its files shall have.
func (n newBook) write(dir, name string) error {
	config := filepath.Join(dir, "config.yml")
	data, err := fsx.ReadBelow(dir, config, maxNewFile)
	if err != nil {
		return fmt.Errorf("reading the new book: %w", err)
	}
	var authors []string
	for author := range strings.SplitSeq(n.author, ",") {
		authors = append(authors, quoteYAML(strings.TrimSpace(author)))
	}
	values := map[string]string{"bookname": quoteYAML(name), "booktitle": quoteYAML(n.title), "aut": "[" + strings.Join(authors, ", ") + "]", "language": n.language}
	written := configLines.ReplaceAllStringFunc(string(data), func(line string) string {
		key, _, _ := strings.Cut(line, ":")
		line = key + ": " + values[key]
		delete(values, key)
		return line
	})
	for _, key := range slices.Sorted(maps.Keys(values)) {
		written = strings.TrimRight(written, "\n") + "\n" + key + ": " + values[key] + "\n"
	}
	if err := os.WriteFile(config, []byte(written), 0o644); err != nil {
		return fmt.Errorf("writing the new book: %w", err)
	}
	return nil
}

// quoteYAML is a text in double quotes, as YAML and JSON read it.
func quoteYAML(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text.Printable(s)) + `"`
}

const newSettings = `# How bookci builds this book. Every line may be left out; README lists the keys.
image: %s
books:
  - {name: %s, dir: ., config: config.yml, targets: [pdf]}
timeout: 15m
`

const newGitignore = `/artifacts/
/.bookci/
/.texmf-var/
`

func writeNewSettings(dir, name, image string) error {
	for file, text := range map[string]string{
		book.SettingsFile: fmt.Sprintf(newSettings, image, name),
		".gitignore":      newGitignore,
	} {
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		_, err = io.WriteString(f, text)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
	}
	return nil
}
