package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

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
