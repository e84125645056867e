package diagnose

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/diagnose/planted"
	"github.com/klauspost/compress/zstd"
)

// recorded is what the real image (Re:VIEW 5.9, TeX Live 2022) made of one fault.
type recorded struct {
	status int
	log    []byte
	record []byte // a tar of NotesDir
}

// readRecorded reads testdata/recorded.tar.zst, or the folder that
// BOOKCI_FAULT_RECORDS names while new records are being made: in both, each
// fault has its folder with log, status and run/.
func readRecorded(t *testing.T) map[string]*recorded {
	t.Helper()
	all := map[string]*recorded{}
	files := map[string]map[string][]byte{}
	add := func(name string, data []byte) {
		fault, rest, ok := strings.Cut(path.Clean(name), "/")
		if !ok {
			return
		}
		if files[fault] == nil {
			files[fault] = map[string][]byte{}
		}
		files[fault][rest] = data
	}
	if dir := os.Getenv("BOOKCI_FAULT_RECORDS"); dir != "" {
		names, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
		more, _ := filepath.Glob(filepath.Join(dir, "*", "run", "*"))
		for _, name := range append(names, more...) {
			if data, err := os.ReadFile(name); err == nil {
				rel, _ := filepath.Rel(dir, name)
				add(filepath.ToSlash(rel), data)
			}
		}
	} else {
		f, err := os.Open(filepath.Join("testdata", "recorded.tar.zst"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<28))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r := tar.NewReader(z)
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if h.Typeflag == tar.TypeReg {
				add(h.Name, data)
			}
		}
	}
	for fault, parts := range files {
		status, err := strconv.Atoi(strings.TrimSpace(string(parts["status"])))
		if err != nil {
			t.Fatalf("%s: status: %v", fault, err)
		}
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for name, data := range parts {
			if strings.HasPrefix(name, "run/") {
				if err := w.WriteHeader(&tar.Header{Name: "notes/" + strings.TrimPrefix(name, "run/"), Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(data); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		all[fault] = &recorded{status: status, log: parts["log"], record: b.Bytes()}
	}
	return all
}

// faultyBook is the small book of planted/testdata/book, as a part of a root.
func faultyBook() *book.Book {
	chapter := func(id string, kind book.ChapterKind) book.Chapter {
		return book.Chapter{ID: id, Path: "articles/" + id + ".re", Kind: kind}
	}
	return &book.Book{
		Name: "faults", Dir: "articles", Config: "config.yml", Bookname: "faults", ContentDir: ".",
		ConfigFiles: []string{"articles/config.yml", "articles/catalog.yml"},
		Chapters:    []book.Chapter{chapter("preface", book.Predef), chapter("part1", book.PartFile), chapter("ch01", book.Chap), chapter("ch02", book.Chap), chapter("appendix", book.Appendix)},
	}
}

// checkFault compares what is said about a fault with what should be.
func checkFault(t *testing.T, f planted.Fault, folder string, r *recorded) (exact bool) {
	t.Helper()
	record, err := ReadNotes(bytes.NewReader(r.record))
	if err != nil {
		t.Fatal(err)
	}
	// The makers ran with the book's folder as their work tree's "articles".
	log := bytes.ReplaceAll(r.log, []byte("/work/"), []byte("/work/articles/"))
	l := NewLog(LogOptions{Book: faultyBook(), Target: f.Target, Work: "/work"})
	for chunk := range chunks(log, 1000) {
		if _, err := l.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	diagnostics := l.Diagnostics(r.status, record, func(name string) ([]byte, error) {
		rest, ok := strings.CutPrefix(name, "articles/")
		if !ok {
			return nil, os.ErrNotExist
		}
		return os.ReadFile(filepath.Join(folder, filepath.FromSlash(rest)))
	})
	var all strings.Builder
	for _, d := range diagnostics {
		all.WriteString("\n" + d.String() + " [" + d.Code + "]")
	}
	if testing.Verbose() {
		t.Log(all.String())
	}
	if (r.status != 0) != (f.Severity == book.Error) && f.Severity == book.Error {
		t.Errorf("the maker ended with %d", r.status)
	}
	file, line, err := f.Place(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(diagnostics) == 0 {
		t.Errorf("nothing was said, want %s:%d %s", file, line, f.Code)
		return false
	}
	d := diagnostics[0]
	if d.File != "articles/"+file || d.Line < line-1 || d.Line > line+1 || d.Code != f.Code || d.Severity != f.Severity {
		t.Errorf("want first articles/%s:%d %s %s, got:%s", file, line, f.Severity, f.Code, all.String())
		return false
	}
	return d.Line == line
}

func chunks(data []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			n := min(size, len(data))
			if !yield(data[:n]) {
				return
			}
			data = data[n:]
		}
	}
}

func TestPlantedFaultsAreReportedAtTheirLine(t *testing.T) {
	records := readRecorded(t)
	exact, found := 0, 0
	for _, f := range planted.Faults {
		t.Run(f.Name, func(t *testing.T) {
			r, ok := records[f.Name]
			if !ok {
				t.Fatal("no record of this fault")
			}
			folder := t.TempDir()
			if err := f.Plant(folder); err != nil {
				t.Fatal(err)
			}
			if checkFault(t, f, folder, r) {
				exact++
			}
			if !t.Failed() {
				found++
			}
		})
	}
	t.Logf("%d faults, %d within one line, %d at the very line", len(planted.Faults), found, exact)
}
