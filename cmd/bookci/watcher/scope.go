package watcher

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/watch"
)

// This file says which files a watch looks at.

// leaveOut settles what is no input: what bookci and the makers write, and what
// bookci.yml excludes. A folder that holds an exception of the latter is looked
// into, as a build does.
func (w *watcher) leaveOut(p *project.Project) error {
	outputs := []string{p.Artifacts(), p.State(), p.FontCache(), p.CacheDir()}
	patterns := p.Excluded()
	exclude, err := patternmatcher.New(patterns)
	if err != nil {
		return fault.Usagef("", "exclude: %w", err)
	}
	ignore := func(path string, isDir bool) bool {
		if slices.Contains(outputs, path) || len(patterns) == 0 {
			return slices.Contains(outputs, path)
		}
		rel, err := filepath.Rel(p.Root, path)
		if err != nil || rel == "." || !filepath.IsLocal(rel) {
			return false
		}
		out, err := exclude.MatchesOrParentMatches(rel)
		return err == nil && out && !(isDir && exclude.Exclusions())
	}
	w.ignore.Store(&ignore)
	return nil
}

// scope is what the build read: the books' folders, the single files beside
// them, and the content of each.
func (w *watcher) scope(jobs []build.Job) (*watch.Scope, map[string]watch.Sum) {
	root := w.project.Root
	scope := &watch.Scope{Folders: []string{}}
	for _, job := range jobs {
		dir := filepath.Join(root, filepath.FromSlash(job.Book.Dir))
		if !slices.Contains(scope.Folders, dir) {
			scope.Folders = append(scope.Folders, dir)
		}
	}
	read := map[string]watch.Sum{}
	for _, job := range jobs {
		for name, text := range w.shop.Read(job.Book.Name) {
			abs := filepath.Join(root, filepath.FromSlash(name))
			raw, err := hex.DecodeString(text)
			if err != nil || len(raw) != sha256.Size {
				continue
			}
			if other, known := read[abs]; known && other != watch.Sum(raw) {
				// Saved between two variants' builds: the first one has to be
				// built again, so this is no content that was built.
				raw = make([]byte, sha256.Size)
			}
			read[abs] = watch.Sum(raw)
			if !slices.ContainsFunc(scope.Folders, func(dir string) bool { return strings.HasPrefix(abs, dir+string(filepath.Separator)) }) {
				scope.Files = append(scope.Files, abs)
			}
		}
	}
	// Those of a book that could not be read are looked at too: one of them is to
	// be mended.
	for _, job := range jobs {
		names := slices.Clone(job.Book.ConfigFiles)
		for _, f := range job.Inputs {
			names = append(names, f.Path)
		}
		for _, name := range names {
			abs := filepath.Join(root, filepath.FromSlash(name))
			if !slices.ContainsFunc(scope.Folders, func(dir string) bool { return strings.HasPrefix(abs, dir+string(filepath.Separator)) }) && !slices.Contains(scope.Files, abs) {
				scope.Files = append(scope.Files, abs)
			}
		}
	}
	others := []string{filepath.Join(root, book.SettingsFile), filepath.Join(root, cache.LockName)}
	if image, own := w.project.ImageBuild(); own {
		others = append(others, filepath.Join(image.Context, filepath.FromSlash(cmp.Or(image.Dockerfile, "Dockerfile"))))
	}
	for _, abs := range others {
		if !slices.Contains(scope.Files, abs) {
			scope.Files = append(scope.Files, abs)
		}
	}
	return scope, read
}
