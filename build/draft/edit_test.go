package draft

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkAnEdit sets a book again after an edit of one chapter, which
// BOOKCI_BENCH_EDIT names.
func BenchmarkAnEdit(b *testing.B) {
	name := os.Getenv("BOOKCI_BENCH_EDIT")
	if name == "" {
		b.Skip("BOOKCI_BENCH_EDIT names no chapter")
	}
	root := b.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Dir(name))); err != nil {
		b.Fatal(err)
	}
	files := os.DirFS(root)
	chapter := filepath.Join(root, filepath.Base(name))
	text, err := os.ReadFile(chapter)
	if err != nil {
		b.Fatal(err)
	}
	var d Draft
	var reading, setting time.Duration
	for i := range b.N + 1 {
		if err := os.WriteFile(chapter, fmt.Appendf(nil, "%s\n\n測った段落、その%d。\n", text, i), 0o644); err != nil {
			b.Fatal(err)
		}
		if i == 1 {
			b.ResetTimer()
			reading, setting = 0, 0
		}
		begun := time.Now()
		book := read(b, root, ".", "config.yml")
		reading += time.Since(begun)
		begun = time.Now()
		if _, err := d.Set(context.Background(), book, Options{Files: files, Dir: "."}); err != nil {
			b.Fatal(err)
		}
		setting += time.Since(begun)
	}
	b.ReportMetric(float64(reading.Microseconds())/1000/float64(b.N), "ms-reading")
	b.ReportMetric(float64(setting.Microseconds())/1000/float64(b.N), "ms-setting")
}

// What is kept between two settings never shows: after any edit the bytes are
// those of a draft from nothing.
func TestAfterAnyEditThePagesAreThoseOfADraftFromNothing(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join(top(t), "sample-book"))); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(root, "*.re"))
	if err != nil || len(names) < 5 {
		t.Fatalf("chapters %v, %v", names, err)
	}
	random := rand.New(rand.NewPCG(5, 7))
	edits := []struct {
		name string
		edit func(lines []string, at int) []string
	}{
		{"a paragraph", func(l []string, at int) []string {
			return slices.Insert(l, at, "", strings.Repeat("足した段落。", random.IntN(90)+1), "")
		}},
		{"a heading", func(l []string, at int) []string { return slices.Insert(l, at, "", "== 足した節", "") }},
		{"a line less", func(l []string, at int) []string { return slices.Delete(l, at, at+1) }},
		{"pages", func(l []string, at int) []string {
			return slices.Insert(l, at, strings.Split(strings.Repeat("\n長い段落です。\n", 80), "\n")...)
		}},
		{"lists", func(l []string, at int) []string {
			return slices.Insert(l, at, "", fmt.Sprintf("//list[l%d][題]{", random.Int()), "code", "//}", "")
		}},
		{"a term of the index", func(l []string, at int) []string {
			return slices.Insert(l, at, "", fmt.Sprintf("@<idx>{語%d}です。", random.IntN(20)), "")
		}},
		{"a title", func(l []string, at int) []string { return append([]string{"= 別の題"}, l[min(1, len(l)):]...) }},
	}
	var kept Draft
	o := Options{Files: os.DirFS(root), Dir: "."}
	for range 12 {
		e := edits[random.IntN(len(edits))]
		name := names[random.IntN(len(names))]
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		if err := os.WriteFile(name, []byte(strings.Join(e.edit(lines, random.IntN(len(lines))), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		b := read(t, root, ".", "config.yml")
		after, pages, _ := write(t, &kept, b, o)
		fresh, _, _ := write(t, &Draft{}, read(t, root, ".", "config.yml"), o)
		if !bytes.Equal(after, fresh) {
			t.Fatalf("after %s in %s the draft is not that from nothing (set anew: %v)", e.name, filepath.Base(name), pages.Fresh)
		}
	}
}
