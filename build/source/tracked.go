package source

import (
	"context"
	"path/filepath"
)

// Tracked tells whether git tracks anything in the folders, absolute paths below
// root: a clone brings what it tracks. Where git does not answer it tells that
// nothing is tracked.
func Tracked(ctx context.Context, git Git, root string, folders ...string) bool {
	if git.Path == "" {
		return false
	}
	args := []string{"ls-files", "--"}
	for _, dir := range folders {
		if rel, err := filepath.Rel(root, dir); err == nil && filepath.IsLocal(rel) {
			// A file system may take .BOOKCI for the same folder.
			args = append(args, ":(literal,icase)"+filepath.ToSlash(rel))
		}
	}
	if args[len(args)-1] == "--" {
		return false
	}
	out, err := git.ask(ctx, root, args...)
	return err == nil && len(out) > 0
}
