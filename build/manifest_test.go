package build

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bookci/bookci/build/book"
)

func TestTheManifestKeepsArtifactsOutsideTheRoot(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	m := manifestFile{mu: new(sync.Mutex), dir: dir, root: root}
	for _, target := range []book.Target{book.PDF, book.EPUB} {
		name := filepath.Join(dir, "book."+string(target))
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := m.put("test", Entry{Book: "book", Target: target, Artifact: Artifact{Path: filepath.ToSlash(name)}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.read().Artifacts; len(got) != 2 {
		t.Errorf("the manifest lists %d artifacts: %v", len(got), got)
	}
}
