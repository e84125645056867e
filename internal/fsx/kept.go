package fsx

import (
	"regexp"
	"strings"
	"unicode"
)

// kept are folders, or files standing for them, that are never sources,
// wherever they lie: version control and what bookci keeps.
var kept = map[string]bool{
	".git": true, ".hg": true, ".svn": true, ".bzr": true, "_darcs": true, ".jj": true,
	".bookci": true, ".texmf-var": true,
}

// shortKept matches the short names that Windows gives them.
var shortKept = regexp.MustCompile(`^(git|hg|svn|bzr|_darcs|jj|bookci|texmf-)~[0-9]$`)

// IsKept reports whether a folder of this name, or a file standing for one, is
// version control's or bookci's own. It knows them also by the names under which
// macOS and Windows find them.
func IsKept(name string) bool {
	name = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1 // of no account to HFS+
		}
		return r
	}, name))
	name, _, _ = strings.Cut(name, ":") // a stream of NTFS
	name = strings.TrimRight(name, " .")
	return kept[name] || shortKept.MatchString(name)
}

// LiesInKept reports whether a slash path leads through a folder that IsKept, or to
// one.
func LiesInKept(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if IsKept(part) {
			return true
		}
	}
	return false
}
