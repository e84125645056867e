package source

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFolderBeyondItsBoundsIsAnError(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, bounds := range []struct {
		bytes int64
		files int
		err   error
	}{{8, 2, nil}, {7, 2, errBounds}, {8, 1, errBounds}} {
		if _, err := ListFolder(dir, bounds.bytes, bounds.files); !errors.Is(err, bounds.err) {
			t.Errorf("two files of 8 bytes, of which %d with %d may be: %v", bounds.files, bounds.bytes, err)
		}
	}
}
