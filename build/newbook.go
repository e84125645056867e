package build

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// NewBook has Re:VIEW's own review-init make a book called name, and puts its
// files into the empty folder dir.
func NewBook(ctx context.Context, eng engine.Engine, name, dir string) (err error) {
	s, err := eng.Open(ctx, engine.SessionOptions{Root: dir})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Sync(ctx, nil); err != nil {
		return err
	}
	said := &text.Head{Max: 4096}
	status, err := s.Run(ctx, engine.Command{Argv: []string{"review-init", name}, Stdout: said, Stderr: said})
	switch {
	case err != nil:
		return err
	case status == 126, status == 127:
		return fault.Environmentf("is it an image with Re:VIEW in it?", "review-init was not found")
	case status != 0:
		return fault.Environmentf("", "review-init failed with exit status %d: %s", status, strings.TrimSpace(said.String()))
	}
	if err := getFolder(ctx, s, s.Paths().Work, name, filepath.Join(dir, "book")); err != nil {
		return err
	}
	return moveUp(filepath.Join(dir, "book"))
}

// moveUp moves everything in dir one folder up, and removes dir.
func moveUp(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("review-init left no book: %w", err)
	}
	for _, e := range entries {
		if err := fsx.Rename(filepath.Join(dir, e.Name()), filepath.Join(filepath.Dir(dir), e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}

//go:embed newbook
var newBook embed.FS

// NewPlainBook makes a book in dir from bookci's own files, where no engine has
// review-init. The book has no style files: the image's serve.
func NewPlainBook(name, dir string) error {
	for from, to := range map[string]string{"config.yml": "config.yml", "catalog.yml": "catalog.yml", "chapter.re": name + ".re"} {
		data, err := newBook.ReadFile("newbook/" + from)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), "BOOKNAME", name)
		if err := os.WriteFile(filepath.Join(dir, to), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(dir, "images"), 0o755)
}
