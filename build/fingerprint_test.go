package build

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An edit during a build must not pass for what was built: a watch would miss it.
func TestSumsAreThoseOfTheFilesAsTheyWereBuilt(t *testing.T) {
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
	b := &Builder{hashes: openHashCache(filepath.Join(root, "hashes.json"), root, time.Now)}
	if _, err := b.hashes.fingerprint([]File{f}, nil); err != nil {
		t.Fatal(err)
	}
	built := b.Sums([]File{f})["ch01.re"]
	write("other")
	if got := b.Sums([]File{f})["ch01.re"]; got != built || built == "" {
		t.Errorf("the sum became %q, was %q", got, built)
	}
}
