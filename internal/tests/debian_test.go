package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Links lead to what was unpacked, if it was, however often more is unpacked;
// what was borrowed from the machine stays the machine's.
func TestLinksLeadToWhatWasUnpacked(t *testing.T) {
	d := &debian{root: t.TempDir()}
	links := map[string]string{"etc/java": "/usr/java", "lib/libc.so.6": "/lib/libc.so.6", "etc/other": "/nowhere/else", "etc/near": "java"}
	if err := os.MkdirAll(filepath.Join(d.root, "usr/java"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range links {
		name = filepath.Join(d.root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	links["etc/java"] = d.root + "/usr/java"
	for range 2 {
		if err := d.relink(); err != nil {
			t.Fatal(err)
		}
		for name, want := range links {
			if got, err := os.Readlink(filepath.Join(d.root, name)); err != nil || got != want {
				t.Errorf("%s leads to %s, not %s: %v", name, got, want, err)
			}
		}
	}
}
