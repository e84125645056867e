//go:build unix

package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Nobody writes to the pipe: who waits for that waits for ever.
func TestAPipeIsRefusedAndNotWaitedFor(t *testing.T) {
	top := t.TempDir()
	pipe := filepath.Join(top, "pipe")
	if err := errFirst(unix.Mkfifo(pipe, 0o644), os.Symlink("pipe", filepath.Join(top, "link"))); err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"pipe", "link"} {
		path := filepath.Join(top, name)
		_, byRoot := root.ReadFile(name, 10)
		_, head := root.ReadHead(name, 10)
		_, below := ReadBelow(top, path, 10)
		_, named := ReadNamed(path, 10)
		_, edit := EditBelow(top, path)
		_, byFS := fs.ReadFile(root.FS(), name)
		for what, err := range map[string]error{"ReadFile": byRoot, "ReadHead": head, "ReadBelow": below, "ReadNamed": named, "EditBelow": edit, "FS": byFS} {
			if !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s of a %s: %v", what, name, err)
			}
		}
	}
	for _, device := range []string{"/dev/zero", "/dev/tty"} {
		if _, err := ReadNamed(device, 10); err == nil {
			t.Errorf("%s was read", device)
		}
	}
}
