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

// All of the root goes into the work tree, which is held in memory: hooks may
// read anything. maxBallast is how much of it may be of no use to the books
// before that is said; it takes a second to copy.
const maxBallast = 256 << 20

// Ballast warns, for books that share a root, of the largest file or folder
// among what goes into the work tree and none of them seems to use. nil: nothing
// worth a word.
func (s *Sources) Ballast(books []*book.Book) *book.Diagnostic {
	used := map[string]bool{}
	top := map[string]bool{".": true} // folders that are looked into
	for _, b := range books {
		for dir := b.Dir; ; dir = path.Dir(dir) {
			top[dir] = true
			if dir == "." {
				break
			}
		}
		for _, name := range b.Depends() {
			used[name] = !top[name] // the book's folder may hold anything
		}
		for _, c := range b.Chapters {
			used[c.Path] = true
		}
	}
	weight := map[string]int64{}
	for _, f := range s.Files {
		weight[heap(f.Path, top)] += f.Size
	}
	maps.DeleteFunc(weight, func(name string, _ int64) bool { return holds(used, name) })
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

// heap is the file or folder that name counts to: the first one on its way that
// is not looked into.
func heap(name string, top map[string]bool) string {
	at := "."
	for part := range strings.SplitSeq(name, "/") {
		at = path.Join(at, part)
		if !top[at] {
			break
		}
	}
	return at
}

// holds reports whether one of used is name, or lies below it or above it.
func holds(used map[string]bool, name string) bool {
	for u, is := range used {
		if is && (u == name || strings.HasPrefix(u, name+"/") || strings.HasPrefix(name, u+"/")) {
			return true
		}
	}
	return false
}
