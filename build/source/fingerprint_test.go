package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"
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
