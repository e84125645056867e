package book

import (
	"path"
	"slices"
)

// Depends lists the files and folders below the root that a book consists of.
func (b *Book) Depends() []string {
	names := append([]string{b.Dir}, b.ConfigFiles...)
	if b.conf == nil {
		return names
	}
	for _, t := range append([]Target{""}, Targets...) {
		for _, key := range []string{"contentdir", "imagedir", "fontdir"} {
			if dir := b.conf.name(t, key); dir != "" {
				names = append(names, path.Join(b.Dir, dir))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
