package bookci

import (
	"go/ast"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// opens are the functions that open, read or list files by their paths. What a
// manuscript brought along is opened through fsx.Root, OpenBelow and ReadBelow
// alone: regular files, bounded, no link out of the root. fsx's own OpenNamed
// follows links wherever they lead, and so stands here too.
var opens = map[string][]string{
	"os":                     {"Open", "OpenFile", "ReadFile", "ReadDir", "OpenRoot", "OpenInRoot", "DirFS", "CopyFS", "NewFile"},
	"path/filepath":          {"Walk", "WalkDir", "Glob"},
	"io/ioutil":              {"ReadFile", "ReadDir", "TempFile", "WriteFile"},
	"archive/zip":            {"OpenReader"},
	"text/template":          {"ParseFiles", "ParseGlob"},
	"html/template":          {"ParseFiles", "ParseGlob"},
	"net/http":               {"ServeFile", "Dir", "FileServer"},
	"syscall":                {"Open", "Openat"},
	"golang.org/x/sys/unix":  {"Open", "Openat", "Openat2"},
	module + "internal/fsx":  {"OpenNamed", "ReadNamed"},
	"github.com/spf13/viper": {"ReadInConfig", "ReadConfig"},
}

// mayOpen are the files that use them all the same, and why what they open is
// not a stranger's, or is safe. A file has no more than it needs.
var mayOpen = map[string]struct {
	names string
	why   string
}{
	"build/book/discover.go":           {"os.ReadDir os.DirFS fsx.OpenNamed", "looks for a book before there is a root; of what it reads nothing is shown"},
	"build/command.go":                 {"os.OpenRoot", "writes what run --write brings back, below the root"},
	"build/draft/keep.go":              {"os.ReadDir", "lists a folder of bookci's own, no link"},
	"build/engine/host/host.go":        {"os.OpenFile filepath.WalkDir", "its own temporary folder, in which the manuscript runs as the user anyway"},
	"build/epub.go":                    {"os.OpenFile", "makes a file in staging"},
	"build/fonts.go":                   {"os.ReadDir", "lists a folder of bookci's own, no link"},
	"build/newbook.go":                 {"os.ReadDir", "lists a temporary folder"},
	"build/pictures/memory.go":         {"os.ReadDir filepath.WalkDir", "lists folders of bookci's own, no links"},
	"build/publish.go":                 {"os.ReadDir os.CopyFS os.DirFS filepath.WalkDir", "flushes and moves what bookci has just unpacked"},
	"build/source/folder.go":           {"filepath.WalkDir", "lists a folder of bookci's own; links are left out"},
	"build/source/sources.go":          {"os.ReadDir fsx.OpenNamed", "the walk of the sources: links are listed, not followed; opens to see whether it may, and reads nothing"},
	"build/source/unpack.go":           {"os.OpenRoot", "writes what comes out of a session, below its folder"},
	"cache/buildcontext.go":            {"filepath.WalkDir", "lists the context of an image: links are sent as links"},
	"cache/check.go":                   {"fsx.OpenNamed", "the user's cache folder"},
	"cache/stats.go":                   {"fsx.OpenNamed", "the user's cache folder"},
	"cache/status.go":                  {"os.ReadDir", "the user's cache folder"},
	"cache/store.go":                   {"os.ReadDir os.OpenFile fsx.ReadNamed", "the user's cache folder"},
	"cmd/bookci/ci.go":                 {"os.OpenRoot", "makes a file below the repository's top, where there is none"},
	"cmd/bookci/doctor.go":             {"os.ReadFile filepath.WalkDir", "the kernel's settings; counts the folders to watch"},
	"cmd/bookci/init.go":               {"os.ReadDir os.OpenFile", "makes a new book, in a temporary folder first"},
	"cmd/bookci/outcome/files.go":      {"os.OpenFile", "appends to the summary that the CI system names"},
	"cmd/bookci/owner/owner.go":        {"os.ReadFile", "what the kernel says of processes"},
	"cmd/bookci/settings/file.go":      {"fsx.ReadNamed", "the user's own settings"},
	"cmd/bookci/trust/trust.go":        {"fsx.ReadNamed", "the user's own state folder"},
	"internal/process/started_unix.go": {"os.ReadFile", "what the kernel says of processes"},
	"links/record.go":                  {"os.ReadDir os.OpenFile", "bookci's own folder, no link; makes journals, where there are none"},
	"objects/folder.go":                {"os.OpenRoot", "an archive's folder, which the user names: below it everything is rooted, and kinds are asked first"},
	"watch/events.go":                  {"os.ReadFile", "the kernel's settings"},
	"watch/scan.go":                    {"os.Open fsx.OpenNamed", "lists folders, and hashes files, also those that links lead to; of what it reads nothing is shown"},
}

// forTests are folders of doubles, which run in tests alone.
var forTests = []string{"bench", "build/engine/enginetest", "build/diagnose/planted", "internal/standin", "internal/s3server", "internal/ecsstandin", "internal/chromium", "internal/testbook", "internal/tests", "internal/fsx"}

func TestWhatStrangersBroughtIsOpenedInOnePlace(t *testing.T) {
	used := map[string]map[string]bool{}
	eachFileOf(t, []string{}, func(name string, file *ast.File) {
		name = filepath.ToSlash(name)
		if slices.ContainsFunc(forTests, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) {
			return
		}
		packages := map[string]string{} // import paths, by the name in this file
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			local := path.Base(imported)
			if spec.Name != nil {
				local = spec.Name.Name
			}
			packages[local] = imported
		}
		may := strings.Fields(mayOpen[name].names)
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil || !slices.Contains(opens[packages[pkg.Name]], sel.Sel.Name) {
				return true
			}
			call := path.Base(packages[pkg.Name]) + "." + sel.Sel.Name
			if used[name] == nil {
				used[name] = map[string]bool{}
			}
			used[name][call] = true
			if !slices.Contains(may, call) {
				t.Errorf("%s calls %s: what lies below a root is opened through fsx.Root, OpenBelow or ReadBelow", name, call)
			}
			return true
		})
		for local, imported := range packages {
			if local == "." && opens[imported] != nil {
				t.Errorf("%s hides which package's functions it calls", name)
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(mayOpen)) {
		for _, call := range strings.Fields(mayOpen[name].names) {
			if !used[name][call] {
				t.Errorf("%s does not call %s any more: take it off the list", name, call)
			}
		}
	}
}
