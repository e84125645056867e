package build

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
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

// A clone can bring a manifest that claims files which no build made.
func TestTheManifestListsNothingThatLiesElsewhere(t *testing.T) {
	root := t.TempDir()
	m := manifestFile{mu: new(sync.Mutex), dir: filepath.Join(root, "artifacts"), root: root}
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret", "artifacts/other.pdf", "artifacts/book.pdf"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	claims := `{"artifacts": [{"book": "a", "path": "secret"}, {"book": "b", "path": "artifacts/../secret"}, {"book": "c", "path": "` +
		filepath.ToSlash(root) + `/secret"}, {"book": "d", "path": "../` + filepath.Base(root) + `/secret"}, {"book": "e", "path": "artifacts/other.pdf"}]}`
	if err := os.WriteFile(filepath.Join(m.dir, ManifestName), []byte(claims), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.put("test", Entry{Book: "book", Target: book.PDF, Artifact: Artifact{Path: "artifacts/book.pdf"}}); err != nil {
		t.Fatal(err)
	}
	if got := m.read().Artifacts; len(got) != 2 || got[0].Path != "artifacts/book.pdf" || got[1].Path != "artifacts/other.pdf" {
		t.Errorf("the manifest lists %+v", got)
	}
}

// pathsOnly is a session of which only the paths are asked.
type pathsOnly struct{ engine.Session }

func (pathsOnly) Paths() engine.Paths { return engine.Paths{Own: "/own", Work: "/work"} }

func TestChaptersAloneAreMadeWithoutTheBookAroundThem(t *testing.T) {
	m := &making{b: &Builder{}, target: book.PDF, session: &variantSession{Session: pathsOnly{}}}
	m.job = Job{Book: &book.Book{Bookname: "book"}}
	if slices.Contains(m.environment(), "BOOKCI_CHAPTER_FIRST=1") {
		t.Error("the whole book is made as chapters")
	}
	m.job.Only = []string{"ch02"}
	alone := m.environment()
	m.job.first = true
	first := m.environment()
	if !slices.Contains(alone, "BOOKCI_CHAPTER_FIRST=1") || slices.Contains(alone, "BOOKCI_ONE_PASS=1") || !slices.Contains(first, "BOOKCI_ONE_PASS=1") {
		t.Errorf("without a whole book %q, with one %q", alone, first)
	}
}
