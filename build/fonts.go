package build

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/bookci/bookci/internal/fsx"
)

// TeX's font caches hold code (LuaTeX loads its own as Lua) and metrics that
// decide what pages look like. So each lies in a folder named by the code that
// wrote it, and no other code reads it. CI hands these folders from branch to
// branch, and one of them may come from a stranger's style.

// keptFontCaches is how many of them stay. An author goes back and forth between
// few versions of a style, and a cache may take 20 MB.
const keptFontCaches = 8

// fontCache is where the font cache of a code lies.
func (b *Builder) fontCache(code string) string { return filepath.Join(b.FontCache, "of-"+code[:16]) }

// pruneFontCaches keeps the keptFontCaches folders that were written to last,
// whatever their names: earlier versions of bookci named them otherwise.
func (b *Builder) pruneFontCaches() error {
	entries, err := os.ReadDir(b.FontCache)
	if err != nil {
		return err
	}
	type cache struct {
		name string
		at   int64
	}
	var caches []cache
	for _, e := range entries {
		st, err := e.Info()
		if err == nil && e.IsDir() {
			caches = append(caches, cache{e.Name(), st.ModTime().UnixNano()})
		}
	}
	slices.SortFunc(caches, func(a, b cache) int { return int(max(-1, min(1, b.at-a.at))) })
	for _, c := range caches[min(keptFontCaches, len(caches)):] {
		if err := fsx.RemoveAll(filepath.Join(b.FontCache, c.name)); err != nil {
			return err
		}
	}
	return nil
}
