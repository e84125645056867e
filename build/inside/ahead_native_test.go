//go:build unix

package inside

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// converter reads pictures and compresses as dvipdfmx does. For each name on
// standard input it prints the picture's pixels as libpng gives them, in a sum, and
// what compress2 makes of them, in another.
const converter = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <png.h>
#include <zlib.h>
static unsigned long sum(const unsigned char *at, unsigned long n) {
	unsigned long h = 14695981039346656037UL;
	while (n--) h = (h ^ *at++) * 1099511628211UL;
	return h;
}
int main(void) {
	char name[200];
	while (scanf("%199s", name) == 1) {
		FILE *f = fopen(name, "rb");
		png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0);
		png_infop info = png_create_info_struct(png);
		if (setjmp(png_jmpbuf(png))) { printf("%s broken\n", name); continue; }
		png_init_io(png, f);
		png_read_info(png, info);
		if (strstr(name, "gamma")) png_set_gamma(png, 2.2, 1.0);
		png_read_update_info(png, info);
		unsigned long row = png_get_rowbytes(png, info), rows = png_get_image_height(png, info);
		unsigned char *pixels = calloc(rows, row), **lines = malloc(rows * sizeof *lines);
		for (unsigned long y = 0; y < rows; y++) lines[y] = pixels + y * row;
		png_read_image(png, lines);
		png_textp text;
		png_read_end(png, info);
		unsigned long most = compressBound(row * rows), n = most;
		unsigned char *to = malloc(most);
		int status = compress2(to, &n, pixels, row * rows, 9);
		printf("%s %lu x %lu %lx, %d texts, %d %lx\n", name, row, rows, sum(pixels, row * rows), png_get_text(png, info, &text, 0), status, sum(to, n));
		png_destroy_read_struct(&png, &info, 0);
		free(to); free(pixels); free(lines);
		fclose(f);
	}
	printf("LD_PRELOAD=%s\n", getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "");
	return 0;
}
`

// aheadBench runs converter with both libraries in a folder of pictures.
type aheadBench struct {
	*memoryBench
	ahead, dir string
}

func newAheadBench(t *testing.T) *aheadBench {
	t.Helper()
	b := &aheadBench{memoryBench: newMemoryBench(t), dir: t.TempDir()}
	b.ahead = filepath.Join(filepath.Dir(b.library), "ahead.so")
	architecture := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	text, err := files.ReadFile("lib/pictures/ahead-" + architecture + ".so")
	must(t, err)
	must(t, os.WriteFile(b.ahead, text, 0o666))
	b.program += "-png"
	must(t, os.WriteFile(b.program+".c", []byte(converter), 0o666))
	found, err := exec.Command("gcc", "-print-file-name=libpng16.so").Output()
	must(t, err)
	png := strings.TrimSpace(string(found))
	if out, err := exec.Command("gcc", "-O1", "-w", "-o", b.program, b.program+".c", png, "-Wl,-rpath="+filepath.Dir(png), "-lz", "-lm").CombinedOutput(); err != nil {
		t.Skipf("libpng cannot be linked: %s", out)
	}
	return b
}

// convert converts pictures, with a list of what was asked for before. It returns
// what they were converted to and the new list.
func (b *aheadBench) convert(pictures, before string) (got, asked string) {
	b.t.Helper()
	must(b.t, os.WriteFile(filepath.Join(b.dir, "before"), []byte(before), 0o666))
	_ = os.Remove(filepath.Join(b.dir, "asked"))
	cmd := exec.Command(b.program)
	cmd.Dir = b.dir
	cmd.Stdin = strings.NewReader(pictures)
	cmd.Env = append(b.env(1<<30), "LD_PRELOAD="+b.ahead+":"+b.library, "BOOKCI_ASKED=asked", "BOOKCI_ASKED_BEFORE=before")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		b.t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	got, _, ok := strings.Cut(stdout.String(), "LD_PRELOAD="+b.library+"\n")
	if !ok || strings.Contains(stderr.String(), "bookci") {
		b.t.Errorf("programs that this one starts would get %q; on standard error: %s", stdout.String(), stderr.String())
	}
	text, _ := os.ReadFile(filepath.Join(b.dir, "asked")) // nothing was asked for
	return got, string(text)
}

// plain converts pictures without a library.
func (b *aheadBench) plain(pictures string) string {
	b.t.Helper()
	cmd := exec.Command(b.program)
	cmd.Dir = b.dir
	cmd.Stdin = strings.NewReader(pictures)
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatal(err)
	}
	got, _, _ := strings.Cut(string(out), "LD_PRELOAD=")
	return got
}

// picture is a PNG of the test's own, with pixels that compress a little.
type picture struct {
	colour, depth, interlaced byte
	width, height             int
	filter                    func(y int) byte
	before, after             []byte // chunks around the pixels
	pieces                    int    // of the compressed pixels; 0: 1
}

func chunk(kind string, text []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	b = append(append(b, kind...), text...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func (p picture) png() []byte {
	channels := map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[p.colour]
	unit := channels * int(p.depth) / 8
	row := p.width * unit
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	above := make([]byte, row)
	seed := uint32(p.colour)*7 + 1
	for y := range p.height {
		line := make([]byte, row)
		for i := range line {
			if seed = seed*1103515245 + 12345; i/9%3 == 0 {
				line[i] = byte(seed >> 16)
			} else if y > 0 {
				line[i] = above[i] + byte(seed>>30)
			}
		}
		text := []byte{p.filter(y)}
		for i := range line {
			var left, corner int
			if i >= unit {
				left, corner = int(line[i-unit]), int(above[i-unit])
			}
			up := int(above[i])
			predicted := 0
			switch text[0] {
			case 1:
				predicted = left
			case 2:
				predicted = up
			case 3:
				predicted = (left + up) / 2
			case 4:
				predicted = paeth(left, up, corner)
			}
			text = append(text, line[i]-byte(predicted))
		}
		_, _ = z.Write(text)
		above = line
	}
	_ = z.Close()

	head := binary.BigEndian.AppendUint32(nil, uint32(p.width))
	head = binary.BigEndian.AppendUint32(head, uint32(p.height))
	png := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, p.depth, p.colour, 0, 0, p.interlaced))...)
	if p.colour == 3 {
		png = append(png, chunk("PLTE", bytes.Repeat([]byte{1, 2, 3}, 256))...)
	}
	png = append(png, p.before...)
	pieces := max(p.pieces, 1)
	for i := range pieces {
		png = append(png, chunk("IDAT", packed.Bytes()[packed.Len()*i/pieces:packed.Len()*(i+1)/pieces])...)
	}
	return append(append(png, p.after...), chunk("IEND", nil)...)
}

func paeth(a, b, c int) int {
	distance := func(x int) int { return max(x-(a+b-c), a+b-c-x) }
	if distance(a) <= distance(b) && distance(a) <= distance(c) {
		return a
	}
	if distance(b) <= distance(c) {
		return b
	}
	return c
}

// withWrongSum spoils the checksum of the first piece of pixels: libpng refuses
// the file, and so shows whether it was read.
func withWrongSum(t *testing.T, png []byte) []byte {
	t.Helper()
	at := bytes.Index(png, []byte("IDAT"))
	length := int(binary.BigEndian.Uint32(png[at-4:]))
	png = bytes.Clone(png)
	png[at+4+length] ^= 1
	return png
}

var everyFilter = func(y int) byte { return byte(y % 5) }

func TestWhatIsPreparedIsWhatLibpngGives(t *testing.T) {
	b := newAheadBench(t)
	pictures := map[string]picture{
		"grey":      {colour: 0, depth: 8, width: 301, height: 200, filter: everyFilter},
		"colour":    {colour: 2, depth: 8, width: 301, height: 200, filter: everyFilter, pieces: 5},
		"palette":   {colour: 3, depth: 8, width: 301, height: 200, filter: everyFilter},
		"greyalpha": {colour: 4, depth: 8, width: 301, height: 200, filter: everyFilter},
		"alpha":     {colour: 6, depth: 8, width: 301, height: 200, filter: everyFilter, before: chunk("gAMA", []byte{0, 0, 0xb1, 0x8f})},
		"gamma":     {colour: 2, depth: 8, width: 301, height: 200, filter: everyFilter},
		"narrow":    {colour: 2, depth: 8, width: 1, height: 30000, filter: everyFilter},
	}
	for name, p := range pictures {
		good := p.png()
		file := filepath.Join(b.dir, name)
		must(t, os.WriteFile(file, good, 0o666))
		want := b.plain(name)
		got, asked := b.convert(name, "")
		if got != want {
			t.Errorf("%s: for the first time %q, want %q", name, got, want)
		}
		if !strings.HasPrefix(asked, "pixels ") || strings.Count(asked, "\n") != 2 {
			t.Errorf("%s: asked for was %q", name, asked)
			continue
		}
		spoilt := withWrongSum(t, good)
		must(t, os.WriteFile(file, spoilt, 0o666))
		if plain := b.plain(name); plain != name+" broken\n" {
			t.Fatalf("%s: libpng takes it: %q", name, plain)
		}
		before := strings.Replace(asked, sumOf(good), sumOf(spoilt), 1)
		if name == "gamma" {
			// What libpng gave were not the file's pixels.
			if got, _ := b.convert("gamma", before); got != "gamma broken\n" {
				t.Errorf("pixels were given that libpng would have changed: %q", got)
			}
			continue
		}
		if got, _ := b.convert(name, before); got != want {
			t.Errorf("%s: %q was given, want %q", name, got, want)
		}
	}
}

// sumOf is the hash of a file as it stands in a list.
func sumOf(text []byte) string { return fmt.Sprintf("%016x", xxhash.Sum64(text)) }

func TestWhatLibpngMustReadItReads(t *testing.T) {
	b := newAheadBench(t)
	colour := picture{colour: 2, depth: 8, width: 301, height: 200, filter: everyFilter}
	cases := map[string]func(p *picture){
		"text":       func(p *picture) { p.after = chunk("tEXt", []byte("Title\x00x")) },
		"deep":       func(p *picture) { p.depth = 16 },
		"interlaced": func(p *picture) { p.interlaced, p.width, p.height = 1, 1, 1 },
	}
	for name, change := range cases {
		p := colour
		change(&p)
		file := filepath.Join(b.dir, name)
		must(t, os.WriteFile(file, p.png(), 0o666))
		want := b.plain(name)
		_, asked := b.convert(name, "")
		if got, _ := b.convert(name, asked); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		spoilt := withWrongSum(t, p.png())
		must(t, os.WriteFile(file, spoilt, 0o666))
		before := strings.Replace(asked, sumOf(p.png()), sumOf(spoilt), 1)
		if got, _ := b.convert(name, before); got != name+" broken\n" {
			t.Errorf("%s was not read: %q", name, got)
		}
	}
}

// Whatever the list says, and whatever became of the files since: pixels are
// libpng's, and results zlib's.
func TestNoListIsBelieved(t *testing.T) {
	b := newAheadBench(t)
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("p%02d", i)
		names = append(names, name)
		p := picture{colour: byte(i % 2 * 2), depth: 8, width: 200 + i, height: 200, filter: everyFilter}
		must(t, os.WriteFile(filepath.Join(b.dir, name), p.png(), 0o666))
	}
	pictures := strings.Join(names, "\n")
	want := b.plain(pictures)
	_, asked := b.convert(pictures, "")
	lines := strings.SplitAfter(strings.TrimSuffix(asked, "\n"), "\n")
	if len(lines) != 80 {
		t.Fatalf("asked for was %q", asked)
	}
	backwards := strings.Builder{}
	for i := range lines {
		backwards.WriteString(strings.TrimSuffix(lines[len(lines)-1-i], "\n") + "\n")
	}
	rows := regexp.MustCompile(`(pixels \w+ \w+) (\w+) (\w+)`)
	lists := map[string]string{
		"the list":              asked,
		"backwards":             backwards.String(),
		"every second line":     everySecond(lines),
		"twice":                 asked + asked,
		"the end":               strings.Join(lines[60:], ""),
		"one that is not asked": "pixels " + strings.Repeat("0000000000000001 ", 4) + "nowhere\n" + asked,
		"many that are not":     strings.Repeat("entry 0000000000000001-0000000000100000-9\n", 100000) + asked,
		"no lines":              strings.Repeat("x", 100000),
		"zeros":                 strings.Repeat("\x00", 100000) + asked,
		"no rows":               rows.ReplaceAllString(asked, "$1 0000000000000000 0000000000000000"),
		"as many as there are":  rows.ReplaceAllString(asked, "$1 ffffffffffffffff ffffffffffffffff"),
		"rows of another":       rows.ReplaceAllString(asked, "$1 $3 $2"),
		"other names":           strings.ReplaceAll(asked, " p0", " p1"),
		"folders":               strings.ReplaceAll(asked, " p", " ."),
		"far away":              strings.ReplaceAll(asked, " p", " /dev/zero"),
		"long names":            regexp.MustCompile(`-9\n`).ReplaceAllString(asked, "-"+strings.Repeat("9", 5000)+"\n"),
		"names with a slash":    strings.ReplaceAll(asked, "-9\n", "/9\n"),
		"lengths of entries":    regexp.MustCompile(`-0000\w+-9`).ReplaceAllString(asked, "-ffffffffffffffff-9"),
	}
	for what, list := range lists {
		if got, _ := b.convert(pictures, list); got != want {
			t.Errorf("%s: other pixels or results", what)
		}
	}
	// Files that are others now, under a list of what they were.
	for i, name := range names {
		p := picture{colour: byte(i % 2 * 2), depth: 8, width: 200 + i, height: 200, filter: func(int) byte { return byte(i % 5) }}
		must(t, os.WriteFile(filepath.Join(b.dir, name), p.png(), 0o666))
	}
	want = b.plain(pictures)
	if got, _ := b.convert(pictures, asked); got != want {
		t.Error("files that are others now: other pixels or results")
	}
	// Entries that are forged: sound in themselves, but of another source.
	entries, _ := b.entries()
	for i, name := range entries {
		text, err := os.ReadFile(filepath.Join(b.new, entries[(i+1)%len(entries)]))
		must(t, err)
		length, err := strconv.ParseUint(name[17:33], 16, 64)
		must(t, err)
		binary.LittleEndian.PutUint64(text[8:], length)
		must(t, os.WriteFile(filepath.Join(b.new, name), text, 0o666))
	}
	if got, _ := b.convert(pictures, asked); got != want {
		t.Error("forged entries: other results")
	}
}

func everySecond(lines []string) string {
	var b strings.Builder
	for i := 0; i < len(lines); i += 2 {
		b.WriteString(lines[i])
	}
	return b.String()
}

// A program that lacks what the library needs says so when it begins.
func TestAProgramThatReadsNoPicturesSaysSo(t *testing.T) {
	b := newAheadBench(t)
	cmd := exec.Command(filepath.Join(filepath.Dir(b.library), "compressor"))
	cmd.Env = []string{"LD_PRELOAD=" + b.ahead + ":" + b.library}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "lacks") {
		t.Errorf("%v, %q", err, out)
	}
}
