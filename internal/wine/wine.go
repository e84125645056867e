package wine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Wine is a folder that Windows programs take for their machine. Its server runs
// until the test ends.
type Wine struct {
	prefix, loader, server string
}

// Start makes one. The test is skipped where Wine, or the compiler of a library
// that it lacks, is missing.
func Start(t testing.TB) *Wine {
	t.Helper()
	w := &Wine{prefix: filepath.Join(t.TempDir(), "wine")}
	var compiler string
	for _, need := range []struct {
		to    *string
		names []string
		pkg   string
	}{
		{&w.loader, []string{"/usr/lib/wine/wine64", "wine64", "wine"}, "wine64"},
		{&w.server, []string{"/usr/lib/wine/wineserver64", "wineserver"}, "wine64"},
		{&compiler, []string{"x86_64-w64-mingw32-gcc"}, "gcc-mingw-w64-x86-64"},
	} {
		for _, name := range need.names {
			if found, err := exec.LookPath(name); err == nil && *need.to == "" {
				*need.to = found
			}
		}
		if *need.to == "" {
			t.Skipf("no %s on this machine (Debian: apt-get install %s)", need.names[len(need.names)-1], need.pkg)
		}
	}
	if err := os.Mkdir(w.prefix, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.run(w.server, "-k") // the wait tells
		if err := w.run(w.server, "-w"); err != nil {
			t.Errorf("Wine does not end: %v", err)
		}
	})
	for _, args := range [][]string{{w.server, "-p"}, {w.loader, "wineboot", "--init"}} {
		if err := w.run(args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.addRandom(compiler); err != nil {
		t.Fatal(err)
	}
	return w
}

// bcryptPrimitives is the one function of that library which every Go program
// asks for, and which Wine had not before version 8.18.
const bcryptPrimitives = `#include <windows.h>
BOOLEAN WINAPI SystemFunction036(void *, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *to, SIZE_T n) { return SystemFunction036(to, (ULONG)n); }
`

func (w *Wine) addRandom(compiler string) error {
	library := filepath.Join(w.prefix, "drive_c/windows/system32/bcryptprimitives.dll")
	if _, err := os.Lstat(library); err == nil {
		return nil
	}
	cmd := exec.Command(compiler, "-shared", "-O1", "-o", library, "-x", "c", "-", "-ladvapi32")
	cmd.Stdin = strings.NewReader(bcryptPrimitives)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling bcryptprimitives.dll: %w\n%s", err, out)
	}
	return nil
}

func (w *Wine) env() []string {
	return []string{
		"WINEPREFIX=" + w.prefix,
		"TMPDIR=" + w.prefix, // for files of its own
		"WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=", // no windows that ask
	}
}

func (w *Wine) run(argv ...string) error {
	// Wine's own processes run on: they would hold a pipe open, and a folder of
	// the test's.
	said, err := os.Create(filepath.Join(w.prefix, "said"))
	if err != nil {
		return err
	}
	defer said.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", said, said
	cmd.Env = append(os.Environ(), w.env()...)
	cmd.Env = append(cmd.Env, "HOME="+w.prefix, "DISPLAY=")
	if err := cmd.Run(); err != nil {
		text := make([]byte, 4096)
		n, _ := said.ReadAt(text, 0) // what there is
		return fmt.Errorf("%s: %w\n%s", argv, err, text[:n])
	}
	return nil
}

// Build compiles a package for Windows and makes a command of it: the file name
// runs it. The program itself is name with .exe behind it.
func (w *Wine) Build(t testing.TB, pkg, name string) {
	t.Helper()
	exe := name + ".exe"
	cmd := exec.Command("go", "build", "-tags", "wine", "-ldflags=-checklinkname=0", "-o", exe, pkg) // see internal/fsx/wine_windows.go
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compiling %s for Windows: %v\n%s", pkg, err, out)
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\nexec env")
	for _, word := range append(w.env(), w.loader, exe) {
		script.WriteString(" '" + word + "'")
	}
	script.WriteString(" \"$@\"\n")
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(script.String()), 0o755)); err != nil {
		t.Fatal(err)
	}
	// The first program starts services, which then are nobody's of the test.
	if err := w.run(name, "--help"); err != nil {
		t.Fatalf("it does not run under Wine: %v", err)
	}
}
