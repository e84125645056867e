// Command systems type-checks every package and test for the systems that bookci
// is meant for beside this one. Nothing is compiled, and of what others wrote no
// more is read than its declarations: that takes some seconds for a system, where
// compiling all takes minutes.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

var systems = []string{
	"linux/arm64", "darwin/amd64", "darwin/arm64",
	"windows/amd64", "windows/arm64", "freebsd/amd64", "freebsd/arm64",
}

func main() {
	failed := false
	for _, system := range systems {
		began := time.Now()
		errs, err := check(system)
		if err != nil {
			errs = append(errs, err.Error())
		}
		for _, e := range errs {
			failed = true
			fmt.Printf("%s: %s\n", system, e)
		}
		if len(errs) == 0 {
			fmt.Printf("%s: ok (%.0f s)\n", system, time.Since(began).Seconds())
		}
		runtime.GC() // the next one needs as much
	}
	if failed {
		os.Exit(1)
	}
}

func check(system string) (errs []string, err error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	goos, arch, _ := strings.Cut(system, "/")
	conf := &packages.Config{
		Mode:  packages.LoadAllSyntax,
		Env:   append(os.Environ(), "GOOS="+goos, "GOARCH="+arch, "CGO_ENABLED=0"),
		Tests: true,
		ParseFile: func(fset *token.FileSet, name string, text []byte) (*ast.File, error) {
			file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution|parser.AllErrors)
			if file != nil && !strings.HasPrefix(name, here+string(filepath.Separator)) {
				for _, d := range file.Decls {
					if f, ok := d.(*ast.FuncDecl); ok {
						f.Body = nil
					}
				}
			}
			return file, err
		},
	}
	found, err := packages.Load(conf, "./...")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	packages.Visit(found, nil, func(p *packages.Package) {
		if p.Module == nil || !p.Module.Main {
			return // without the bodies, imports there seem to be of no use
		}
		for _, e := range p.Errors {
			if text := strings.TrimPrefix(e.Error(), here+"/"); !seen[text] {
				seen[text] = true
				errs = append(errs, text)
			}
		}
	})
	if len(found) == 0 {
		errs = append(errs, "no packages")
	}
	return errs, nil
}
