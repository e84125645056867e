package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A look at 1,000 files that have not changed: what polling costs.
func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		path := filepath.Join(dir, fmt.Sprint(i%40), fmt.Sprintf("figure%d.svg", i))
		must(b, os.MkdirAll(filepath.Dir(path), 0o755))
		must(b, os.WriteFile(path, []byte("<svg/>"), 0o644))
	}
	opts := Options{Scope: Scope{Folders: []string{dir}}, Ignore: func(string, bool) bool { return false }}
	l := newLoop(opts.withDefaults(), nil)
	must(b, l.lookNow(b.Context(), nil))
	for b.Loop() {
		must(b, l.lookNow(b.Context(), l.cur))
	}
}
