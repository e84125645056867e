package fsx

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// strangers is a folder as a stranger may have filled it, beside one with a secret.
func strangers(t *testing.T) (top string) {
	t.Helper()
	dir := t.TempDir()
	top = filepath.Join(dir, "root")
	for name, text := range map[string]string{"root/in/file": "text", "secret/file": "secret"} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errFirst(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"beside": "in/file", "above": "../secret/file", "absolute": filepath.Join(dir, "secret", "file"),
		"folder": "../secret", "in/up": "../beside", "twice": "above", "endless": os.DevNull,
	} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(top, filepath.FromSlash(link))); err != nil {
			t.Skip("no links here:", err)
		}
	}
	return top
}

func TestNoLinkLeadsOutOfARoot(t *testing.T) {
	top := strangers(t)
	root, err := OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"in/file", "beside", "in/up"} {
		if text, err := root.ReadFile(name, 4); string(text) != "text" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"above", "absolute", "folder/file", "twice", "endless", "../secret/file"} {
		_, err := root.ReadFile(name, 100)
		if !errors.Is(err, ErrOutside) || !strings.Contains(err.Error(), filepath.Join(top, filepath.FromSlash(name))) || !strings.Contains(err.Error(), "out of "+top) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := root.Stat(name); err == nil {
			t.Errorf("%s tells of what lies outside", name)
		}
		if _, err := fs.ReadFile(root.FS(), name); err == nil {
			t.Errorf("%s was read by its fs.FS", name)
		}
		if _, err := ReadBelow(top, filepath.Join(top, filepath.FromSlash(name)), 100); err == nil {
			t.Errorf("%s was read", name)
		}
		if IsFileBelow(top, filepath.Join(top, filepath.FromSlash(name))) {
			t.Errorf("%s is said to lie below", name)
		}
	}
	if _, err := root.ReadDir("folder"); err == nil {
		t.Error("a folder outside was listed")
	}
}

func TestNoLinkLeadsIntoWhatVersionControlKeeps(t *testing.T) {
	top := strangers(t)
	if err := errFirst(os.MkdirAll(filepath.Join(top, ".git", "in"), 0o755), os.WriteFile(filepath.Join(top, ".git", "config"), []byte("token"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"ch01.re": ".git/config", "kept": ".git", "here": ".", "in/deep": "../ch01.re", "in/back": "../.git/in/../config"} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(top, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	root, err := OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"ch01.re", "kept/config", "here/.git/config", "in/deep", "in/back", "here/ch01.re"} {
		if text, err := root.ReadFile(name, 100); !errors.Is(err, ErrKept) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	// bookci itself has names there.
	if text, err := root.ReadFile(".git/config", 100); err != nil || string(text) != "token" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := root.ReadFile("here/in/up", 100); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestAFileIsReadUpToABound(t *testing.T) {
	top := strangers(t)
	root, err := OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if text, err := root.ReadFile("in/file", 3); !errors.Is(err, ErrTooLarge) || text != nil {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := root.ReadHead("in/file", 3); string(text) != "tex" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := root.ReadFile("in", 100); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := root.ReadFile("none", 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	// A sparse file costs nothing to make and would cost memory to read.
	sparse := filepath.Join(top, "sparse")
	if err := errFirst(os.WriteFile(sparse, nil, 0o644), os.Truncate(sparse, 1<<40)); err != nil {
		t.Skip(err)
	}
	if _, err := root.ReadFile("sparse", 1<<20); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a sparse file: %v", err)
	}
}

func TestNothingIsEditedThroughALink(t *testing.T) {
	top := strangers(t)
	for _, name := range []string{"beside", "above", "absolute", "folder/file", "none"} {
		if f, err := EditBelow(top, filepath.Join(top, filepath.FromSlash(name))); err == nil {
			f.Close()
			t.Errorf("%s can be edited", name)
		}
	}
	f, err := EditBelow(top, filepath.Join(top, "in", "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, "next"); err != nil {
		t.Error(err)
	}
}

func TestARootIsWalkedAsTheOsDoes(t *testing.T) {
	top := strangers(t)
	root, err := OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var names []string
	if err := root.Walk(".", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(names, " "), ". above absolute beside endless folder in in/file in/up twice"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}
