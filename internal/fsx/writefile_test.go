package fsx

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/moby/sys/atomicwriter"
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

func TestWhatAKilledWriteLeftIsSwept(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open stays")
	}
	dir := t.TempDir()
	w, err := atomicwriter.New(filepath.Join(dir, "hashes.json"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, name := range []string{"hashes.json", "tmp-x", ".tmpx"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".tmp-folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	SweepUnfinished(dir, "", time.Now().Add(-time.Hour))
	if n := left(); n != 5 {
		t.Errorf("of five, one of them being written, there are %d", n)
	}
	SweepUnfinished(dir, "", time.Now().Add(time.Hour))
	if n := left(); n != 4 {
		t.Errorf("what was left behind is still there, or more is gone: %d", n)
	}
	SweepUnfinished(filepath.Join(dir, "missing"), "", time.Now())
}

// Among files of the user's own, only what is surely a WriteFile's goes.
func TestOfANameOnlyItsOwnUnfinishedWritesAreSwept(t *testing.T) {
	dir := t.TempDir()
	kept := []string{".tmp-bookci.json", ".tmp-bookci.json.bak", ".tmp-bookci.json12.txt", ".tmp-notes.md1234", "bookci.json"}
	for _, name := range append([]string{".tmp-bookci.json1234"}, kept...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	SweepUnfinished(dir, "bookci.json", time.Now().Add(time.Hour))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if !slices.Equal(left, kept) {
		t.Errorf("left are %q", left)
	}
}
