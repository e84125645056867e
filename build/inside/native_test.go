//go:build unix

package inside

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// compressor compresses what it is given with zlib's compress2, as dvipdfmx does:
// for each line "SIZE SEED LEVEL" on standard input it prints the result's length
// and bytes in hexadecimal. A negative size is that of a source that repeats itself
// and does not fit into the room given for it.
const compressor = `
#include <stdio.h>
#include <stdlib.h>
int compress2(unsigned char *, unsigned long *, const unsigned char *, unsigned long, int);
int main(void) {
	long size; unsigned seed; int level;
	while (scanf("%ld %u %d", &size, &seed, &level) == 3) {
		unsigned long n = size < 0 ? -size : size, room = size < 0 ? 20 : n + n / 100 + 1000;
		unsigned char *from = malloc(n + 1), *to = malloc(room);
		for (unsigned long i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			from[i] = i / 97 % 3 ? seed >> 16 & 7 : 7;
		}
		int status = compress2(to, &room, from, n, level);
		printf("%d %lu ", status, status ? 0 : room);
		for (unsigned long i = 0; !status && i < room; i++) printf("%02x", to[i]);
		printf("\n");
		free(from); free(to);
	}
	return 0;
}
`

type memoryBench struct {
	t                           *testing.T
	program, library, kept, new string
}

func newMemoryBench(t *testing.T) *memoryBench {
	t.Helper()
	architecture := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if runtime.GOOS != "linux" || architecture == "" {
		t.Skip("the library is for Linux on amd64 and arm64")
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no C compiler is here")
	}
	dir := t.TempDir()
	b := &memoryBench{
		t: t, program: filepath.Join(dir, "compressor"), library: filepath.Join(dir, "remember.so"),
		kept: filepath.Join(dir, "kept"), new: filepath.Join(dir, "new"),
	}
	must(t, os.WriteFile(b.program+".c", []byte(compressor), 0o666))
	if out, err := exec.Command(gcc, "-O1", "-w", "-o", b.program, b.program+".c", "-l:libz.so.1").CombinedOutput(); err != nil {
		t.Skipf("zlib cannot be linked: %s", out)
	}
	text, err := files.ReadFile("lib/pictures/remember-" + architecture + ".so")
	must(t, err)
	must(t, os.WriteFile(b.library, text, 0o666))
	must(t, os.Mkdir(b.kept, 0o777))
	must(t, os.Mkdir(b.new, 0o777))
	return b
}

// run compresses sources; with no library where there is no environment.
func (b *memoryBench) run(sources string, env ...string) string {
	b.t.Helper()
	cmd := exec.Command(b.program)
	cmd.Stdin = strings.NewReader(sources)
	if env != nil {
		cmd.Env = append([]string{"LD_PRELOAD=" + b.library}, env...)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func (b *memoryBench) env(room int) []string {
	return []string{"BOOKCI_PICTURES=" + b.kept, "BOOKCI_PICTURES_NEW=" + b.new, fmt.Sprintf("BOOKCI_PICTURES_ROOM=%d", room)}
}

// entries lists the entries of the folder new and what is no entry there.
func (b *memoryBench) entries() (entries, others []string) {
	b.t.Helper()
	files, err := os.ReadDir(b.new)
	must(b.t, err)
	for _, f := range files {
		if len(f.Name()) == 35 {
			entries = append(entries, f.Name())
		} else if f.Name() != "used" {
			others = append(others, f.Name())
		}
	}
	return entries, others
}

func (b *memoryBench) used() string {
	text, _ := os.ReadFile(filepath.Join(b.new, "used")) // nothing was used
	return string(text)
}

const someSources = "0 1 9\n1 1 9\n1000 2 9\n32767 3 9\n32768 4 9\n100000 5 9\n100000 5 1\n100000 5 0\n400000 6 6\n400000 6 -1\n-100000 7 9\n2000000 8 3\n"

func TestWhatIsRememberedIsWhatZlibGives(t *testing.T) {
	b := newMemoryBench(t)
	want := b.run(someSources)
	for _, what := range []string{"with an empty memory", "with a full one", "again"} {
		_ = os.Remove(filepath.Join(b.new, "used"))
		if got := b.run(someSources, b.env(1<<30)...); got != want {
			t.Errorf("%s: other bytes than zlib's", what)
		}
		entries, others := b.entries()
		if len(entries) != 6 || len(others) != 0 {
			t.Errorf("%s: entries %q, others %q", what, entries, others)
		}
		if n := strings.Count(b.used(), "\n"); n != 6 {
			t.Errorf("%s: %d entries are said to have served", what, n)
		}
	}
	must(t, os.Remove(b.kept))
	must(t, os.Rename(b.new, b.kept))
	must(t, os.Mkdir(b.new, 0o777))
	if got := b.run(someSources, b.env(1<<30)...); got != want {
		t.Error("from the folder that is only read: other bytes than zlib's")
	}
	if entries, _ := b.entries(); len(entries) != 0 || strings.Count(b.used(), "\n") != 6 {
		t.Errorf("entries %q were added to those that served: %q", entries, b.used())
	}
}

func TestWithoutAFolderNothingIsRemembered(t *testing.T) {
	b := newMemoryBench(t)
	want := b.run(someSources)
	must(t, os.RemoveAll(b.new))
	for what, env := range map[string][]string{
		"no folder named": {"A=b"}, "an empty name": {"BOOKCI_PICTURES_NEW="}, "a folder that is not there": b.env(1 << 30),
		"a long name": {"BOOKCI_PICTURES_NEW=/" + strings.Repeat("x", 2000), "BOOKCI_PICTURES_ROOM=100000000"},
	} {
		if got := b.run(someSources, env...); got != want {
			t.Errorf("%s: other bytes than zlib's", what)
		}
	}
}

func TestTheMemoryStopsWhereItHasNoRoom(t *testing.T) {
	b := newMemoryBench(t)
	want := b.run(someSources)
	for _, room := range []int{0, 100, 60000} {
		if got := b.run(someSources, b.env(room)...); got != want {
			t.Errorf("room for %d bytes: other bytes than zlib's", room)
		}
		entries, others := b.entries()
		sum := 0
		for _, e := range entries {
			st, err := os.Stat(filepath.Join(b.new, e))
			must(t, err)
			sum += int(st.Size())
		}
		if sum > room || len(others) != 0 || room == 60000 && sum == 0 {
			t.Errorf("%d bytes in %d entries with room for %d; others: %q", sum, len(entries), room, others)
		}
	}
	// A full disk: the file size that a process may write is as good as one.
	must(t, os.RemoveAll(b.new))
	must(t, os.Mkdir(b.new, 0o777))
	cmd := exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 20; exec "$0"`, b.program)
	cmd.Stdin = strings.NewReader(someSources)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LD_PRELOAD=" + b.library}, b.env(1<<30)...)
	out, err := cmd.Output()
	if err != nil || string(out) != want {
		t.Errorf("where no large file can be written: %v, %d bytes of output, want %d", err, len(out), len(want))
	}
	if _, others := b.entries(); len(others) != 0 {
		t.Errorf("left behind: %q", others)
	}
}

// Whatever lies in the memory, and whoever put it there: the result is zlib's.
func TestNoEntryIsBelieved(t *testing.T) {
	b := newMemoryBench(t)
	const sources = "100000 5 9\n100000 6 9\n"
	want := b.run(sources)
	b.run(sources, b.env(1<<30)...)
	entries, _ := b.entries()
	slices.Sort(entries)
	if len(entries) != 2 {
		t.Fatalf("entries are %q", entries)
	}
	first, second := filepath.Join(b.new, entries[0]), filepath.Join(b.new, entries[1])
	good, err := os.ReadFile(first)
	must(t, err)
	other, err := os.ReadFile(second)
	must(t, err)
	spoilt := map[string][]byte{
		"empty": {}, "a header alone": good[:48], "truncated": good[:len(good)-1], "longer": append(slices.Clone(good), 0),
		"another's content under its name": other,
	}
	for _, at := range []int{0, 8, 16, 24, 32, 47, 48, 49, len(good) / 2, len(good) - 1} {
		text := slices.Clone(good)
		text[at] ^= 1
		spoilt[fmt.Sprintf("byte %d changed", at)] = text
	}
	// What another compressor made of another source of the same length, sound in
	// itself: the sum of an entry's result is anybody's to write.
	forged := slices.Clone(other)
	copy(forged[8:16], good[8:16])
	spoilt["a forged entry"] = forged
	for what, text := range spoilt {
		must(t, os.WriteFile(first, text, 0o666))
		if got := b.run(sources, b.env(1<<30)...); got != want {
			t.Errorf("%s: other bytes than zlib's", what)
		}
		now, err := os.ReadFile(first)
		must(t, err)
		if !bytes.Equal(now, good) {
			t.Errorf("%s: the entry was not mended", what)
		}
	}
	for what, put := range map[string]func() error{
		"a folder":      func() error { return os.Mkdir(first, 0o777) },
		"a loose link":  func() error { return os.Symlink("nowhere", first) },
		"a link":        func() error { return os.Symlink(second, first) },
		"no permission": func() error { return os.WriteFile(first, good, 0) },
	} {
		must(t, os.RemoveAll(first))
		must(t, put())
		if got := b.run(sources, b.env(1<<30)...); got != want {
			t.Errorf("%s: other bytes than zlib's", what)
		}
		must(t, os.RemoveAll(first))
	}
	must(t, exec.Command("mkfifo", first).Run())
	if got := b.run(sources, b.env(1<<30)...); got != want {
		t.Error("a FIFO: other bytes than zlib's")
	}
}

func TestAnEntryIsWrittenAsItIsTold(t *testing.T) {
	b := newMemoryBench(t)
	out := b.run("100000 5 9\n", b.env(1<<30)...)
	entries, _ := b.entries()
	text, err := os.ReadFile(filepath.Join(b.new, entries[0]))
	must(t, err)
	result, err := hex.DecodeString(strings.TrimSpace(out[strings.LastIndexByte(strings.TrimSpace(out), ' ')+1:]))
	must(t, err)
	if string(text[:8]) != "bkbimgs1" || !bytes.Equal(text[48:], result) || !strings.HasSuffix(entries[0], fmt.Sprintf("-%016x-9", 100000)) {
		t.Errorf("the entry %s begins with %q", entries[0], text[:48])
	}
}

func TestTheCompiledLibrariesAreThoseOfTheSource(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil || runtime.GOOS != "linux" {
		t.Skip("no C compiler is here")
	}
	out, err := exec.Command("native/make", "--check").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
