package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bookci/bookci/internal/testbook"
)

// An edit during a build must not pass for what was built: a watch would miss it.
func TestWhatWasReadIsTheFilesAsTheyWereBuilt(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "ch01.re")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("built")
	st, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	f := File{Path: "ch01.re", Mode: st.Mode(), Size: st.Size(), MTime: st.ModTime().UnixNano()}
	hashes := OpenHashCache(filepath.Join(root, "hashes.json"), root, time.Now)
	_, built, err := hashes.Fingerprint([]File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Saved again before the cache would take the file's time for settled.
	write("other")
	_, now, err := hashes.Fingerprint([]File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if built["ch01.re"] == "" || built["ch01.re"] == now["ch01.re"] {
		t.Errorf("the sums are %q and then %q", built["ch01.re"], now["ch01.re"])
	}
}

// A tool can set a file's time back; its inode's time it cannot.
func TestAFileWithItsOldSizeAndTimeIsReadAgain(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"ch01.re": "before"})
	name := filepath.Join(root, "ch01.re")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	// The clock is an hour ahead, so that what is hashed now counts as settled.
	c := OpenHashCache(filepath.Join(t.TempDir(), "hashes.json"), root, func() time.Time { return time.Now().Add(time.Hour) })
	f := File{Path: "ch01.re", Size: 6, MTime: old.UnixNano()}
	first, err := c.sum(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("after!"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	second, err := c.sum(f)
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("the old hash was taken")
	}
}

func TestHashesOfFilesThatAreGoneAreDropped(t *testing.T) {
	root := testbook.Folder(t, map[string]string{"a.re": "a", "b.re": "b"})
	kept := filepath.Join(t.TempDir(), "hashes.json")
	c := OpenHashCache(kept, root, time.Now)
	for _, name := range []string{"a.re", "b.re"} {
		if _, err := c.sum(File{Path: name, Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(root, "b.re")); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	again := OpenHashCache(kept, root, time.Now)
	if _, ok := again.known["b.re"]; ok || len(again.known) != 1 {
		t.Errorf("known: %v", again.known)
	}
}
