package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/testbook"
)

func TestWhatCannotTakeItsPlaceIsKeptBesideIt(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"artifacts/book.pdf": "old", "made.pdf": "new", "next.pdf": "next", "artifacts/other-new.pdf": "another book"})
	artifacts := filepath.Join(root, "artifacts")
	b := &Builder{Root: root, Artifacts: artifacts, manifest: manifestFile{mu: new(sync.Mutex), dir: artifacts, root: root}}

	err := b.publishBeside(filepath.Join(root, "made.pdf"), "book.pdf", []string{"Adobe Acrobat"})
	var environment *fault.Environment
	if !errors.As(err, &environment) || err.Error() != "artifacts/book.pdf is open in Adobe Acrobat and cannot be replaced: the new one is artifacts/book-new.pdf" ||
		!strings.HasPrefix(environment.Hint, "close artifacts/book.pdf there") {
		t.Errorf("got %v", err)
	}
	for name, want := range map[string]string{"book.pdf": "old", "book-new.pdf": "new"} {
		if text, err := os.ReadFile(filepath.Join(artifacts, name)); string(text) != want {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
	}

	if _, err := b.publish(filepath.Join(root, "next.pdf"), "book.pdf"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(artifacts, "book-new.pdf")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the older one is still there: %v", err)
	}

	// A book may have that very name.
	if err := b.manifest.put("test", Entry{Book: "other-new", Target: book.PDF, Artifact: Artifact{Path: "artifacts/other-new.pdf"}}); err != nil {
		t.Fatal(err)
	}
	b.removeBeside("other.pdf")
	if _, err := os.Lstat(filepath.Join(artifacts, "other-new.pdf")); err != nil {
		t.Errorf("another book's artifact is gone: %v", err)
	}
}
