package book

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Root is the folder that an engine shows to the makers.
type Root struct {
	Dir      string // absolute
	Settings string // absolute path of the bookci.yml that makes it the root, "" without one
}

// FindRoot returns the root for a book in dir, an absolute path without links:
// the folder of the nearest bookci.yml upwards, else git's top level, else dir.
//
// home is the user's home folder, "" when unknown. Neither above it nor above
// a file system's top is anything looked for, and a git repository that is the
// home folder itself (as people keep for their settings) is no book's root:
// the whole home folder would be copied into the container.
func FindRoot(dir, home string) (Root, error) {
	git := ""
	for at := dir; ; at = filepath.Dir(at) {
		top := filepath.Dir(at) == at
		if top && at != dir {
			break
		}
		settings := filepath.Join(at, SettingsFile)
		info, err := os.Stat(settings)
		switch {
		case err == nil && info.Mode().IsRegular():
			return Root{Dir: at, Settings: settings}, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return Root{}, fmt.Errorf("looking for %s: %w", SettingsFile, err)
		}
		if git == "" && (at != home || at == dir) && isGitTop(at) {
			git = at
		}
		if top || at == home {
			break
		}
	}
	if git != "" {
		return Root{Dir: git}, nil
	}
	return Root{Dir: dir}, nil
}

// isGitTop tells whether a folder is the top of a git work tree: .git is a
// repository, or the file that a linked work tree or submodule has.
func isGitTop(dir string) bool {
	git := filepath.Join(dir, ".git")
	info, err := os.Stat(git)
	if err != nil {
		return false
	}
	if info.IsDir() {
		_, err := os.Lstat(filepath.Join(git, "HEAD"))
		return err == nil
	}
	return info.Mode().IsRegular() && strings.HasPrefix(string(readHead(git)), "gitdir:")
}
