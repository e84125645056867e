// Package bookci holds nothing but this test of the repository's structure.
package bookci

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/bookci/bookci/"

// packages are the folders that cmd puts together and that know nothing of each other.
func packages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{"build", "cache", "watch", "preview"} {
		if _, err := os.Stat(dir); err == nil {
			found = append(found, dir)
		}
	}
	if len(found) < 3 {
		t.Fatalf("only %v: is this the top of the repository?", found)
	}
	return found
}

func TestPackagesNeverImportEachOther(t *testing.T) {
	eachFile(t, func(dir, name string, file *ast.File) {
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			own, ours := strings.CutPrefix(path, module)
			if ours && own != dir && !strings.HasPrefix(own, dir+"/") && !strings.HasPrefix(own, "internal/") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	})
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
	// The one place that hands the real clock out.
	allowed := map[string]bool{"watch/clock.go": true}
	eachFile(t, func(_, name string, file *ast.File) {
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

// eachFile parses the files of the packages that are not tests.
func eachFile(t *testing.T, look func(dir, name string, file *ast.File)) {
	t.Helper()
	for _, dir := range packages(t) {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			look(dir, name, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
