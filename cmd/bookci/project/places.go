package project

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/objects"
)

// Absolute is the path of name, a slash path below the root; one that is absolute
// already, and "", stay.
func (p *Project) Absolute(name string) string {
	if name == "" {
		return ""
	}
	return fsx.Absolute(p.Root, name)
}

// State is bookci's own folder of the root.
func (p *Project) State() string { return filepath.Join(p.Root, ".bookci") }

// FontCache is where TeX's font caches are kept.
func (p *Project) FontCache() string { return filepath.Join(p.Root, ".texmf-var") }

// Artifacts is the absolute path of the artifacts folder.
func (p *Project) Artifacts() string {
	if objects.IsS3(p.Settings.Artifacts) {
		return filepath.Join(p.State(), "artifacts") // what lies there too, to compare with
	}
	if filepath.IsAbs(p.Settings.Artifacts) {
		return p.Settings.Artifacts
	}
	return filepath.Join(p.Root, p.Settings.Artifacts)
}

// ArtifactsBelow is the artifacts folder as a slash path below the root, ""
// when it lies elsewhere.
func (p *Project) ArtifactsBelow() string {
	rel, err := filepath.Rel(p.Root, p.Artifacts())
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// CacheDir is the absolute path of the folder in which images are kept, ""
// when none was named.
func (p *Project) CacheDir() string {
	dir := p.Settings.CacheDir
	if dir != "" && !filepath.IsAbs(dir) {
		dir = filepath.Join(p.Root, dir)
	}
	return dir
}

// S3 says where the user's buckets are.
func (p *Project) S3() objects.S3Options {
	s := p.Settings.S3
	return objects.S3Options{Region: s.Region, Endpoint: s.Endpoint, PathStyle: s.PathStyle}
}

// CheckArtifacts refuses an artifacts folder that holds sources: it is no
// source itself, so the makers would not see them. A file is no folder either.
func (p *Project) CheckArtifacts() error {
	if st, err := os.Stat(p.Artifacts()); err == nil && !st.IsDir() {
		return fault.Usagef("name a folder", "the artifacts folder %s is a file", p.Artifacts())
	}
	for _, book := range p.Books {
		sources := slices.Clone(book.ConfigFiles)
		for _, ch := range book.Chapters {
			sources = append(sources, ch.Path)
		}
		for _, name := range sources {
			rel, err := filepath.Rel(p.Artifacts(), filepath.Join(p.Root, filepath.FromSlash(name)))
			if err == nil && filepath.IsLocal(rel) {
				return fault.Usagef("name a folder of its own, such as artifacts", "the artifacts folder %s holds sources of the book, such as %s", p.Artifacts(), name)
			}
		}
	}
	return nil
}

// LeaveOut keeps files and folders, absolute paths, from being taken for
// sources. Those that lie outside the root are none anyway.
func (p *Project) LeaveOut(names ...string) {
	p.leftOut = append(p.leftOut, patternsBelow(p.Root, names...)...)
}

// Excluded are patterns of what below the root is no source: what bookci.yml
// says, and what bookci itself writes.
func (p *Project) Excluded() []string {
	return append(slices.Clip(p.Settings.Exclude), p.leftOut...)
}

// writtenBelow are patterns of what bookci itself writes below a folder.
func (p *Project) writtenBelow(dir string) []string {
	return patternsBelow(dir, p.Artifacts(), p.State(), p.FontCache(), p.CacheDir())
}

// patternsBelow are patterns, seen from dir, that match those of the names,
// absolute paths, which lie below it.
func patternsBelow(dir string, names ...string) (patterns []string) {
	for _, name := range names {
		rel, err := filepath.Rel(dir, name)
		if name == "" || err != nil || rel == "." || !filepath.IsLocal(rel) {
			continue
		}
		patterns = append(patterns, literalPattern(rel, runtime.GOOS))
	}
	return patterns
}

// literalPattern matches the relative path rel alone.
func literalPattern(rel, goos string) string {
	escape := func(r string) string { return `\` + r }
	special := []string{`\`, "*", "?", "["}
	if goos == "windows" {
		escape = func(r string) string { return "[" + r + "]" } // \ parts folders there
		special = []string{"["}                                 // the others are in no name
	}
	var pairs []string
	for _, r := range special {
		pairs = append(pairs, r, escape(r))
	}
	rel = strings.NewReplacer(pairs...).Replace(rel)
	if strings.HasPrefix(rel, "!") {
		rel = escape("!") + rel[1:]
	}
	return rel
}
