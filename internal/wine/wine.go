package wine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Possible tells whether the programs that Build compiles can run on this machine.
const Possible = runtime.GOARCH == "amd64"

// InDebian is where Debian has Wine's loader; no name on PATH leads there.
const InDebian = "/usr/lib/wine/wine64"

// Wine is a folder that Windows programs take for their machine. Its server runs
// until the test ends.
type Wine struct {
	prefix, loader, server string
}

// Start makes one. The test is skipped where Wine is missing.
func Start(t testing.TB) *Wine {
	t.Helper()
	w := &Wine{prefix: filepath.Join(t.TempDir(), "wine")}
	if !Possible {
		t.Skip("the programs are for amd64, which this machine is not")
	}
	if w.loader, w.server = find(); w.loader == "" {
		t.Skip("no wine64 on this machine (`go run ./internal/tests` fetches it)")
	}
	if err := w.addLibraries(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.run(w.server, "-k") // the wait tells
		if err := w.run(w.server, "-w"); err != nil {
			t.Errorf("Wine does not end: %v", err)
		}
	})
	for _, args := range [][]string{
		{w.server, "-p"},
		{w.loader, "wineboot", "--init"},
		// A name of its own, as each Wine counts its processes for itself: another
		// one's bookci would take what is this one's for left behind.
		{w.loader, "reg", "add", `HKLM\System\CurrentControlSet\Services\Tcpip\Parameters`, "/v", "Hostname", "/d", "wine-" + rand.Text(), "/f"},
	} {
		if err := w.run(args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.addShare(); err != nil {
		t.Fatal(err)
	}
	return w
}

// find is the program that loads others, and the server that lies beside it.
func find() (loader, server string) {
	for _, name := range []string{"wine64", InDebian, "wine"} {
		loader, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if loader, err = filepath.EvalSymlinks(loader); err != nil {
			continue
		}
		for _, name := range []string{"wineserver64", "wineserver"} {
			if server, err := exec.LookPath(filepath.Join(filepath.Dir(loader), name)); err == nil {
				return loader, server
			}
		}
	}
	return "", ""
}

// addLibraries puts beside Wine's own libraries what those need.
func (w *Wine) addLibraries() error {
	system := filepath.Join(w.prefix, "drive_c/windows/system32")
	errs := []error{
		os.MkdirAll(system, 0o755),
		os.WriteFile(filepath.Join(system, libraryName), bcryptPrimitives(), 0o644),
	}
	// Debian has this one in a package of its own, which Wine does not find below
	// another folder than /usr.
	zlib := filepath.Join(filepath.Dir(w.loader), "../../x86_64-w64-mingw32/lib/zlib1.dll")
	if _, err := os.Stat(zlib); err == nil {
		errs = append(errs, os.Symlink(zlib, filepath.Join(system, filepath.Base(zlib))))
	}
	return errors.Join(errs...)
}

// addShare has \\server\share lead to this machine's files.
func (w *Wine) addShare() error {
	server := filepath.Join(w.prefix, "dosdevices/unc/server")
	return errors.Join(os.MkdirAll(server, 0o755), os.Symlink("/", filepath.Join(server, "share")))
}

func (w *Wine) env() []string {
	// Wine finds its own libraries beside its loader, and not those of other packages.
	root := strings.TrimSuffix(w.loader, InDebian)
	return []string{
		"LD_LIBRARY_PATH=" + root + "/usr/lib/x86_64-linux-gnu:" + root + "/lib/x86_64-linux-gnu",
		"WINEPREFIX=" + w.prefix,
		"TMPDIR=" + w.prefix, // for files of its own
		"WINEDEBUG=-all",
		"LC_ALL=C.UTF-8", // what names and arguments are written in
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
