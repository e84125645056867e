package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/sys/atomicwriter"
)

// WriteFile writes the file name whole: whoever looks meanwhile sees the text
// before or the new one, also after a crash. Its folder must be there. A link or
// another thing that is no regular file goes first, and is not followed; a folder
// is left alone and is an error.
func WriteFile(name string, text []byte, perm os.FileMode) error {
	st, err := os.Lstat(name)
	if err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		err = os.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("making room: %w", err)
	}
	return atomicwriter.WriteFile(name, text, perm)
}

// unfinished begins the names of atomicwriter's temporary files.
const unfinished = ".tmp-"

// SweepUnfinished removes from a folder what a WriteFile of name that was killed has
// left there, if it is older than before. Without a name it is what any WriteFile
// left, for folders that are bookci's alone. What cannot be removed is in nobody's way.
func SweepUnfinished(dir, name string, before time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), unfinished+name)
		// os.CreateTemp appends digits.
		if !ok || !e.Type().IsRegular() || name != "" && (rest == "" || strings.Trim(rest, "0123456789") != "") {
			continue
		}
		if st, err := e.Info(); err == nil && st.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(dir, e.Name())) // see above
		}
	}
}
