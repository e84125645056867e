package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

func (a *app) newInitCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a new book",
		Long: `init makes DIR, or fills it or this folder when it is empty but for git's own
folder, with the book that Re:VIEW's own review-init makes, a bookci.yml and a
.gitignore. Where there is no Docker it is a small book of bookci's own, which
can be checked and drafted at once.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runInit(cmd.Context(), dirArg(args), cmd.Flags())
		},
	}
	cmd.Flags().String("image", "", "the image whose Re:VIEW makes the book")
	cmd.Flags().String("engine", "", "where review-init runs: auto, docker or host")
	return cmd
}

func (a *app) runInit(ctx context.Context, dir string, flags *pflag.FlagSet) (err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding this folder: %w", err)
	}
	there, err := mustBeEmpty(dir)
	if err != nil {
		return err
	}
	s, err := settings.Read("", flags)
	if err != nil {
		return err
	}
	s.Transport = string(docker.Copy) // there is nothing to mount
	reaper, err := startReaper()
	if err != nil {
		return err
	}
	defer reaper.Close()
	show, err := screen.New(a.terminal(), screen.Auto)
	if err != nil {
		return err
	}
	defer show.Close()
	e := &engines{app: a, project: &project{root: abs, settings: s}, reaper: reaper, onEvent: show.Event}
	defer e.close()
	engine, _, err := e.get(ctx)
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
		return usagef("", "making %s: %w", dir, err)
	}
	part, err := os.MkdirTemp(beside, partPrefix)
	if err != nil {
		return &fault.Environment{Err: fmt.Errorf("making the new book: %w", err)}
	}
	defer os.RemoveAll(part)
	if err := reaper.Remove(part); err != nil {
		return err
	}
	name := bookName(filepath.Base(abs))
	if missing != nil {
		err = build.NewPlainBook(name, part)
	} else {
		err = build.NewBook(ctx, engine, name, part)
	}
	if err != nil {
		return err
	}
	if err := writeNewSettings(part, name, e.project.imageRef()); err != nil {
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
		command += " " + dir
	}
	what := "its PDF"
	if missing != nil {
		what = "a draft of it, and its PDF once there is a Docker"
	}
	show.Println("bookci: made " + dir + "; `" + command + "` makes " + what)
	_, err = fmt.Fprintln(a.stdout, dir)
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
	case isMissing(err):
		return false, nil
	case err != nil:
		return false, usagef("name a new folder", "%s: %w", dir, plainError(err))
	}
	for _, e := range entries {
		if e.Name() != ".git" && !strings.HasPrefix(e.Name(), partPrefix) {
			return true, usagef("name a new folder, or an empty one", "%s is not empty: it holds %s", dir, e.Name())
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
