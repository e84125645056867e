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

// NewBook has Re:VIEW's own review-init make a book called name, and puts its files
// into the empty folder dir. Chapter is the ID of its only chapter.
func NewBook(ctx context.Context, eng engine.Engine, name, language, dir string) (chapter string, err error) {
	s, err := eng.Open(ctx, engine.SessionOptions{Root: dir})
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.Sync(ctx, nil); err != nil {
		return "", err
	}
	chapter = chapterOf(name) // review-init names it after the folder
	said := &text.Head{Max: 4096}
	status, err := s.Run(ctx, engine.Command{Argv: []string{"review-init", chapter}, Stdout: said, Stderr: said})
	switch {
	case err != nil:
		return "", err
	case status == 126, status == 127:
		return "", fault.Environmentf("is it an image with Re:VIEW in it?", "review-init was not found")
	case status != 0:
		return "", fault.Environmentf("", "review-init failed with exit status %d: %s", status, strings.TrimSpace(said.String()))
	}
	if err := getFolder(ctx, s, s.Paths().Work, chapter, filepath.Join(dir, "book")); err != nil {
		return "", err
	}
	if err := moveUp(filepath.Join(dir, "book")); err != nil {
		return "", err
	}
	return chapter, begin(chapter, language, dir)
}

// spoken is the language that what a new book begins with speaks.
func spoken(language string) string {
	if language == "ja" {
		return language
	}
	return "en"
}

// begin writes the beginning of the first chapter, which shows how to go on.
func begin(chapter, language, dir string) error {
	data, err := newBook.ReadFile("newbook/chapter." + spoken(language) + ".re")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, chapter+".re"), data, 0o644)
}

// chapterOf is the ID of the first chapter of the book called name. It is never the
// name itself: an EPUB's cover is the page that is called like the book.
func chapterOf(name string) string {
	if name == "ch01" {
		return "chapter01"
	}
	return "ch01"
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
// review-init. The book has no style files for TeX: the image's serve. Chapter is
// the ID of its only chapter.
func NewPlainBook(name, language, dir string) (chapter string, err error) {
	chapter = chapterOf(name)
	names := strings.NewReplacer("BOOKNAME", name, "CHAPTER", chapter)
	for _, file := range []string{"config.yml", "catalog.yml", "style.css"} {
		ext := filepath.Ext(file)
		data, err := newBook.ReadFile("newbook/" + strings.TrimSuffix(file, ext) + "." + spoken(language) + ext)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(names.Replace(string(data))), 0o644); err != nil {
			return "", err
		}
	}
	if err := begin(chapter, language, dir); err != nil {
		return "", err
	}
	return chapter, os.Mkdir(filepath.Join(dir, "images"), 0o755)
}
