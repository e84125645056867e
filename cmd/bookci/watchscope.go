package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/watch"
)

// This file says which files a watch looks at.

// ignore tells what is no input: what bookci and the makers write.
func (w *watcher) ignore(p *project) func(string, bool) bool {
	outputs := []string{p.artifacts(), p.state(), p.fontCache()}
	return func(path string, _ bool) bool {
		return slices.Contains(outputs, path)
	}
}

// scope is what the build read: the books' folders, the single files beside
// them, and the content of each.
func (w *watcher) scope(jobs []build.Job) (*watch.Scope, map[string]watch.Sum) {
	root := w.project.root
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
	others := []string{filepath.Join(root, book.SettingsFile), filepath.Join(root, cache.LockName)}
	if image, own := w.project.imageBuild(); own {
		others = append(others, filepath.Join(image.Context, filepath.FromSlash(cmp.Or(image.Dockerfile, "Dockerfile"))))
	}
	for _, abs := range others {
		if !slices.Contains(scope.Files, abs) {
			scope.Files = append(scope.Files, abs)
		}
	}
	return scope, read
}
