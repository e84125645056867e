package build

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
)

// ManifestName is the file in the artifacts folder that lists what lies there.
const ManifestName = "bookci.json"

// Manifest lists the artifacts of a root, each as its last good build left it.
type Manifest struct {
	Version   string  `json:"bookci"` // of the bookci that wrote it
	Artifacts []Entry `json:"artifacts"`
}

// Entry is one artifact and where it came from.
type Entry struct {
	Book   string      `json:"book"`
	Target book.Target `json:"target"`
	Artifact
	Image       string             `json:"image"`        // reference, "host", or "draft"
	ImageID     string             `json:"image_digest"` // config digest of the image, or the makers' version on the host
	Fingerprint string             `json:"fingerprint"`
	SourceDate  int64              `json:"source_date"` // seconds since 1970
	Seconds     map[string]float64 `json:"seconds"`     // per stage
}

// file is the absolute path of the artifact.
func (e *Entry) file(root string) string { return fsx.Absolute(root, e.Path) }

// below is file where it lies below artifacts, ok being false elsewhere. A manifest or
// a record that came with the sources can name any file.
func (e *Entry) below(root, artifacts string) (name string, ok bool) {
	name = e.file(root)
	rel, err := filepath.Rel(artifacts, name)
	return name, err == nil && filepath.IsLocal(rel)
}

// manifestFile serialises the variants' updates of one manifest.
type manifestFile struct {
	mu   *sync.Mutex
	dir  string // the artifacts folder
	root string
}

// MaxManifest bounds what is read of a manifest: half a kilobyte an artifact.
const MaxManifest = 32 << 20

// ReadManifest returns what the manifest of an artifacts folder says. A missing or
// damaged one says nothing. What it says is a claim: it may have come with the
// sources.
func ReadManifest(root, artifacts string) Manifest {
	var got Manifest
	text, err := fsx.ReadBelow(fsx.TopOf(root, artifacts), filepath.Join(artifacts, ManifestName), MaxManifest)
	if err != nil || json.Unmarshal(text, &got) != nil {
		return Manifest{}
	}
	return got
}

func (m *manifestFile) read() Manifest { return ReadManifest(m.root, m.dir) }

// put adds or replaces an entry and drops those whose artifact is gone, or lies
// elsewhere.
func (m *manifestFile) put(version string, e Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.read()
	got.Version = version
	got.Artifacts = slices.DeleteFunc(got.Artifacts, func(old Entry) bool {
		if old.Path == e.Path || old.Book == e.Book && old.Target == e.Target && (old.Image == DraftImage) == (e.Image == DraftImage) {
			return true
		}
		name, ok := old.below(m.root, m.dir)
		if !ok {
			return true
		}
		_, err := os.Lstat(name)
		return errors.Is(err, fs.ErrNotExist)
	})
	got.Artifacts = append(got.Artifacts, e)
	slices.SortFunc(got.Artifacts, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	text, err := ManifestText(got)
	if err != nil {
		return err
	}
	if err := fsx.WriteFile(filepath.Join(m.dir, ManifestName), text, 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

// ManifestText is a manifest as its file has it.
func ManifestText(m Manifest) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(m)
	return text.Bytes(), err
}
