//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// release is .goreleaser.yaml as far as it is looked at here.
type release struct {
	Builds []struct {
		Main         string
		Env          []string
		Flags        []string
		Ldflags      []string
		ModTimestamp string `yaml:"mod_timestamp"`
		Goos, Goarch []string
	}
	Archives []struct {
		Files []struct {
			Src  string
			Info struct{ Mtime string }
		}
	}
}

func readRelease(t *testing.T) (r release) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readAll(filepath.Join(moduleTop, ".goreleaser.yaml"))), &r); err != nil || len(r.Builds) != 1 || len(r.Archives) != 1 {
		t.Fatal(r, err)
	}
	return r
}

// A release's program, built twice by its own flags, in two folders, is the same
// to the byte, and says what it is.
func TestAReleaseIsTheSameWhereverItIsBuilt(t *testing.T) {
	b := readRelease(t).Builds[0]
	const hash = "0123456789abcdef0123456789abcdef01234567"
	fill := strings.NewReplacer("{{ .Version }}", "1.2.3", "{{ .FullCommit }}", hash, "{{ .CommitDate }}", "2026-11-27T23:30:00-05:00")
	argv := append([]string{"build"}, b.Flags...)
	argv = append(argv, "-ldflags", fill.Replace(strings.Join(b.Ldflags, " ")))
	elsewhere := t.TempDir()
	entries, err := os.ReadDir(moduleTop)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && name != "bench" && name != "docs" && name != "dist" {
			copyTree(t, filepath.Join(moduleTop, name), filepath.Join(elsewhere, name))
		}
	}
	var programs [][]byte
	var name string
	for _, dir := range []string{moduleTop, elsewhere} {
		name = filepath.Join(t.TempDir(), "bookci")
		cmd := exec.Command("go", append(slices.Clone(argv), "-o", name, b.Main)...)
		cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), b.Env, []string{"GOFLAGS=-buildvcs=false"})
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(argv, " "), err, out)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, text)
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("the folder shows in the program")
	}
	out, err := exec.Command(name, "version").CombinedOutput()
	want := "bookci 1.2.3 (commit 0123456789ab of 2026-11-28) " + runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version() + "\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: it says %q, not %q", err, out, want)
	}
}

func TestAReleaseHasAllSystemsAndLicences(t *testing.T) {
	r := readRelease(t)
	b := r.Builds[0]
	if !slices.Equal(b.Goos, []string{"linux", "darwin", "windows"}) || !slices.Equal(b.Goarch, []string{"amd64", "arm64"}) {
		t.Errorf("systems: %v, %v", b.Goos, b.Goarch)
	}
	if !slices.Contains(b.Env, "CGO_ENABLED=0") || !slices.Contains(b.Flags, "-trimpath") || b.ModTimestamp != "{{ .CommitTimestamp }}" {
		t.Errorf("not reproducible: %+v", b)
	}
	var sources []string
	for _, f := range r.Archives[0].Files {
		sources = append(sources, f.Src)
		if f.Info.Mtime != "{{ .CommitDate }}" {
			t.Errorf("%s has another date in each archive", f.Src)
		}
		if f.Src == "completions/*" { // made by the release itself
			continue
		}
		if _, err := os.Stat(filepath.Join(moduleTop, f.Src)); err != nil {
			t.Error(err)
		}
	}
	if !slices.Contains(sources, "LICENSE") || !slices.Contains(sources, "build/draft/fonts/OFL.txt") {
		t.Errorf("licences: %v", sources)
	}
}
