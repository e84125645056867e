package source

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/docker/go-units"
)

// maxBallast is how much of a root may be of no use to its books before that is
// said. All of the root goes into the work tree, as hooks may read anything, and the
// work tree is held in memory. So much takes a second to copy.
const maxBallast = 256 << 20 // bytes

// Ballast warns, for the books that share a root, of the largest file or folder that
// none of them seems to use. It returns nil when all of these together are small.
func (s *Sources) Ballast(books []*book.Book) *book.Diagnostic {
	used := map[string]bool{}
	opened := map[string]bool{".": true} // folders that are looked into
	for _, b := range books {
		for dir := b.Dir; ; dir = path.Dir(dir) {
			opened[dir] = true
			if dir == "." {
				break
			}
		}
		for _, name := range b.Depends() {
			used[name] = !opened[name] // the book's folder may hold anything
		}
		for _, c := range b.Chapters {
			used[c.Path] = true
		}
	}
	weight := map[string]int64{}
	for _, f := range s.Files {
		weight[unopened(f.Path, opened)] += f.Size
	}
	maps.DeleteFunc(weight, func(name string, _ int64) bool { return touches(used, name) })
	var all int64
	for _, n := range weight {
		all += n
	}
	if all < maxBallast {
		return nil
	}
	largest := ""
	for name, n := range weight {
		if n > weight[largest] || n == weight[largest] && name < largest {
			largest = name
		}
	}
	pattern := largest
	if slices.ContainsFunc(s.Files, func(f File) bool { return strings.HasPrefix(f.Path, largest+"/") }) {
		pattern += "/**"
	}
	return &book.Diagnostic{
		Severity: book.Warning, Code: "root-large", File: largest,
		Message: fmt.Sprintf("every build copies %s into memory that no book seems to use, most of it (%s) from here", units.HumanSize(float64(all)), units.HumanSize(float64(weight[largest]))),
		Hint:    fmt.Sprintf("if no hook reads it, add to bookci.yml: exclude: [%q]", pattern),
	}
}

// unopened is the file or folder that name is weighed with: the first on its way
// that is not looked into.
func unopened(name string, opened map[string]bool) string {
	at := "."
	for part := range strings.SplitSeq(name, "/") {
		at = path.Join(at, part)
		if !opened[at] {
			break
		}
	}
	return at
}

// touches reports whether one of used is name, or lies below it or above it.
func touches(used map[string]bool, name string) bool {
	for u, is := range used {
		if is && (u == name || strings.HasPrefix(u, name+"/") || strings.HasPrefix(name, u+"/")) {
			return true
		}
	}
	return false
}
