package inside

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
)

// A file of a terabyte costs a hostile clone nothing, and would fill a session.
func TestAFolderWithMoreThanABuildKeepsIsNoSeed(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"large/a", "large/b", "small/a", "small/b", "deep/a", "deep/" + strings.Repeat("d/", 64) + "a"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), []byte("kept"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "large/b"), source.MostLearnt-3); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(WriteSeeds(w, []engine.Seed{{From: filepath.Join(dir, "large"), To: "one"}, {From: filepath.Join(dir, "small"), To: "two"}, {From: filepath.Join(dir, "deep"), To: "three"}}))
	}()
	var names []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "two/a two/b" {
		t.Errorf("the session gets %s", got)
	}
}
