package build

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Two roots may have one artifacts folder, and two bookcis build them at once.
func TestTheStagingFolderOfAnotherBuildIsLeftAlone(t *testing.T) {
	b := &Builder{Artifacts: t.TempDir(), Now: time.Now}
	for name, age := range map[string]time.Duration{".bookci-living": time.Minute, ".bookci-dead": 2 * time.Hour, "book": 2 * time.Hour} {
		dir := filepath.Join(b.Artifacts, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(dir, when, when); err != nil {
			t.Fatal(err)
		}
	}
	b.sweep()
	for name, want := range map[string]bool{".bookci-living": true, ".bookci-dead": false, "book": true} {
		if _, err := os.Stat(filepath.Join(b.Artifacts, name)); (err == nil) != want {
			t.Errorf("%s is there: %v", name, err == nil)
		}
	}
}
