package manuscript

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/bookci/bookci/build/book"
)

// unportable finds files of a book that a Windows machine could not check out, or
// a Mac would take for another one. A book that is begun here may be written on there.
func unportable(files fs.FS, dir string) []book.Diagnostic {
	var names []string
	const most = 20_000
	// What cannot be read is told by those who need it.
	_ = fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case len(names) == most:
			return fs.SkipAll
		case name != dir && isAside(d):
			return fs.SkipDir
		}
		names = append(names, name)
		return nil
	})
	return onlyHere(names)
}

// isAside tells whether d is a folder in a book's that holds nothing of the author's.
func isAside(d fs.DirEntry) bool {
	return d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "artifacts")
}

// onlyHere tells which of names, slash paths, do not work everywhere.
func onlyHere(names []string) []book.Diagnostic {
	var notes []book.Diagnostic
	note := func(name, format string, args ...any) {
		notes = append(notes, book.Diagnostic{Severity: book.Note, Code: "name-unportable", File: name,
			Message: fmt.Sprintf(format, args...), Hint: "rename it, so that the book can be built on every machine"})
	}
	folded := map[string]string{}
	for _, name := range names {
		if why := notOnWindows(path.Base(name)); why != "" {
			note(name, "Windows cannot have a file of this name: %s", why)
		}
		fold := strings.ToLower(name)
		if other, ok := folded[fold]; ok {
			note(name, "Windows and Macs take it for the same file as %s", other)
			continue
		}
		folded[fold] = name
	}
	return notes
}

// reservedName matches the names of Windows' devices, with any extension.
var reservedName = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])[ ]*(\.|$)`)

// notOnWindows says why no file on Windows can have the name base, "" when it can.
func notOnWindows(base string) string {
	device := reservedName.FindStringSubmatch(base)
	switch {
	case base == "." || base == "..":
	case device != nil:
		return device[1] + " is a device there"
	case strings.HasSuffix(base, ".") || strings.HasSuffix(base, " "):
		return "a dot or a space at its end is dropped there"
	case strings.ContainsAny(base, `<>:"|?*\`):
		return `none of <>:"|?*\ may be in it`
	case strings.ContainsFunc(base, func(r rune) bool { return r < ' ' }):
		return "it has a control character"
	}
	return ""
}
