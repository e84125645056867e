package fsx

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestAFileIsWrittenWholeAndNoLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	name, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	mode := os.FileMode(0o640)
	if runtime.GOOS == "windows" {
		mode = 0o666 // all that it knows
	}
	for _, before := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(name, []byte("before"), 0o600) },
		func() error {
			return errFirst(os.WriteFile(other, []byte("other"), 0o600), os.Remove(name), os.Symlink(other, name))
		},
		func() error { return errFirst(os.Remove(name), os.Symlink("/dev/full", name)) },
	} {
		if err := before(); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(name, []byte("text"), 0o640); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		st, statErr := os.Lstat(name)
		if err != nil || statErr != nil || string(text) != "text" || st.Mode() != mode {
			t.Errorf("the file holds %q (%v) and is %v", text, err, st.Mode())
		}
	}
	if text, err := os.ReadFile(other); string(text) != "other" {
		t.Errorf("what the link named is now %q, %v", text, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if WriteFile(filepath.Join(dir, "folder"), nil, 0o600) == nil {
		t.Error("a folder was written over")
	}
	if WriteFile(filepath.Join(dir, "none", "file"), nil, 0o600) == nil {
		t.Error("a folder that is not there was made")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v: something is left", entries, err)
	}
}

func errFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
