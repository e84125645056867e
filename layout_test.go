// Package bookci holds nothing but this test of the repository's structure.
package bookci

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bookci/bookci/"

// mayImport is the table of rooms: who may import whom. A room covers the
// packages below it that have no line of their own. cmd may import all: see
// besideEachOther.
var mayImport = map[string][]string{
	"build":                   {"build/..."},
	"build/book":              {"build/book/psych"},
	"build/book/psych":        {},
	"build/review":            {"build/book"},
	"build/draft":             {"build/book", "build/review", "build/draft/..."},
	"build/bucket":            {"build", "objects"},
	"build/manuscript":        {"build/book", "build/review"},
	"build/event":             {"build/book"},
	"build/source":            {"build/book"},
	"build/pictures":          {},
	"build/reaper":            {},
	"build/engine":            {"build/source"},
	"build/engine/docker":     {"build/engine", "build/event", "build/inside", "build/reaper", "build/source"},
	"build/engine/host":       {"build/engine", "build/event", "build/inside", "build/reaper", "build/source"},
	"build/engine/fargate":    {"build/engine", "build/event", "build/inside", "build/reaper", "build/source", "objects"},
	"build/engine/enginetest": {"build/...", "internal/standin", "objects"},
	"build/inside":            {"build/engine", "build/source"},
	"build/diagnose":          {"build/book", "build/event", "build/inside"},
	"build/diagnose/planted":  {"build/book"},
	"links":                   {"build/book", "build/review", "objects"},
	"objects":                 {},
	"cache":                   {},
	"watch":                   {},
	"preview":                 {},
	"reports":                 {},
}

// besideEachOther is the table of the rooms below cmd/bookci: which of each other
// they may import. The commands, which stand in cmd/bookci itself, may import all
// of them, and none of them the commands.
var besideEachOther = map[string][]string{
	"ahead":     {"project", "screen", "world"},
	"daemon":    {},
	"exit":      {"settings"},
	"fleet":     {"exit", "outcome", "project", "screen", "workshop", "world"},
	"linkcheck": {"exit", "outcome", "project", "screen", "settings", "world"},
	"outcome":   {"exit", "project", "screen", "world"},
	"owner":     {},
	"previewer": {"project", "settings", "trust", "workshop", "world"},
	"project":   {"settings", "world"},
	"screen":    {},
	"settings":  {},
	"trust":     {"settings", "world"},
	"watcher":   {"ahead", "exit", "previewer", "project", "screen", "settings", "workshop", "world"},
	"workshop":  {"daemon", "exit", "owner", "project", "screen", "settings", "trust", "world"},
	"world":     {"daemon", "screen"},
}

// room is the line of the table that covers the package dir.
func room(dir string) (string, bool) {
	for {
		if _, ok := mayImport[dir]; ok {
			return dir, true
		}
		if dir = path.Dir(dir); dir == "." {
			return "", false
		}
	}
}

// allowed reports whether list covers the package dir.
func allowed(list []string, dir string) bool {
	for _, entry := range list {
		below, ok := strings.CutSuffix(entry, "/...")
		if dir == entry || ok && strings.HasPrefix(dir, below+"/") {
			return true
		}
	}
	return false
}

func TestRoomsImportOnlyWhatTheTableAllows(t *testing.T) {
	eachFile(t, func(name string, file *ast.File) {
		dir := path.Dir(filepath.ToSlash(name))
		own, ok := room(dir)
		if strings.HasPrefix(dir, "internal/") {
			own, ok = dir, true
		}
		if !ok {
			t.Errorf("%s: the table has no line for this room", name)
			return
		}
		for _, spec := range file.Imports {
			other, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
			if !ours || strings.HasPrefix(other, "internal/") || allowed(mayImport[own], other) {
				continue
			}
			if r, _ := room(other); r == own {
				continue
			}
			t.Errorf("%s imports %s", name, other)
		}
	})
}

func TestRoomsOfTheCommandsImportOneWay(t *testing.T) {
	const cmd = "cmd/bookci/"
	met := map[string]bool{}
	eachFileOf(t, []string{"bench"}, func(name string, file *ast.File) {
		own, ok := strings.CutPrefix(path.Dir(filepath.ToSlash(name)), cmd)
		if !ok {
			return
		}
		met[own] = true
		if _, ok := besideEachOther[own]; !ok {
			t.Errorf("%s: the table has no line for this room", name)
			return
		}
		for _, spec := range file.Imports {
			other, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+cmd)
			if ours && !slices.Contains(besideEachOther[own], other) {
				t.Errorf("%s imports %s", name, other)
			}
		}
	})
	for own := range besideEachOther {
		if !met[own] {
			t.Errorf("the table has a line for %s, which is no room", own)
		}
	}
}

// What these packages do depends on their arguments alone; only cmd prints,
// exits, and reads the environment and the clock.
func TestPackagesLeaveTheWorldToCmd(t *testing.T) {
	forbidden := map[string][]string{
		"os":   {"Exit", "Getenv", "LookupEnv", "Environ", "Stdin", "Stdout", "Stderr", "Args"},
		"fmt":  {"Print", "Printf", "Println"},
		"time": {"Now", "Since", "Until"},
		"log":  {"Print", "Printf", "Println", "Fatal", "Fatalf"},
	}
	// Two hand the real clock out, the other is a part of tests.
	allowed := map[string]bool{"watch/clock.go": true, "build/engine/fargate/clock.go": true, "build/engine/enginetest/enginetest.go": true}
	eachFile(t, func(name string, file *ast.File) {
		if strings.HasPrefix(filepath.ToSlash(name), "internal/") {
			return
		}
		if allowed[filepath.ToSlash(name)] {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil {
				return true
			}
			for _, word := range forbidden[pkg.Name] {
				if sel.Sel.Name == word {
					t.Errorf("%s uses %s.%s", name, pkg.Name, word)
				}
			}
			return true
		})
	})
}

// eachFile parses the files of the packages below cmd that are not tests.
func eachFile(t *testing.T, look func(name string, file *ast.File)) {
	t.Helper()
	eachFileOf(t, []string{"cmd", "bench"}, look)
}

// eachFileOf parses the files that are not tests, but for those of some folders.
func eachFileOf(t *testing.T, but []string, look func(name string, file *ast.File)) {
	t.Helper()
	parsed := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			top, _, _ := strings.Cut(filepath.ToSlash(name), "/")
			if slices.Contains(but, top) || name != "." && strings.HasPrefix(top, ".") || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Dir(filepath.ToSlash(name)) == "." || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		parsed++
		look(name, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if parsed < 50 {
		t.Fatalf("only %d files: is this the top of the repository?", parsed)
	}
}
