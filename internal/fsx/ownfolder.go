package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/internal/fault"
)

// MakeOwnFolder makes dir, a folder that bookci writes to, with its parents.
// What lies below top must be folders: a repository can bring artifacts, or
// .bookci and what is in it, as a link to anywhere, and bookci would write, and
// remove, there. A dir that is not below top is the user's own word and may
// lead through links. The error is a *fault.Environment.
func MakeOwnFolder(top, dir string) error {
	if rel, err := filepath.Rel(top, dir); err == nil && filepath.IsLocal(rel) {
		at := top
		for _, name := range strings.Split(rel, string(filepath.Separator)) {
			at = filepath.Join(at, name)
			st, err := os.Lstat(at)
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err == nil && !st.IsDir() {
				return fault.Environmentf("remove it, or name another folder with --artifacts if it is the artifacts' own", "bookci writes to %s, which is a link or a file where a folder should be", at)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault.Environmentf("bookci writes to artifacts/, .bookci/ and .texmf-var/ in the book's root: give it leave to", "%w", err)
	}
	return nil
}

// CreateOwn makes the file name anew. What stood there goes first, and is not
// followed where it is a link.
func CreateOwn(name string) (*os.File, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("making room: %w", err)
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}
