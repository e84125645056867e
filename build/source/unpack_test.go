package source

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stream is a tar of empty files, but for those of the form name:bytes.
func stream(t *testing.T, names ...string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, name := range names {
		name, text, _ := strings.Cut(name, ":")
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestOnlyWhatIsWantedIsUnpacked(t *testing.T) {
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf("own/state/%d", i))
	}
	var apart []string // each in a folder of its own that the stream does not list
	for i := range 15 {
		apart = append(apart, fmt.Sprintf("own/state/%d/f", i))
	}
	deep := strings.Repeat("d/", 2000)
	parts := []Part{{Name: "work/book.pdf", Bytes: 100, Entries: 1}, {Name: "own/state", Bytes: 100, Entries: 20, Spare: true}}
	for name, c := range map[string]struct {
		names []string
		want  string // of the error
		left  string
	}{
		"all":            {[]string{"work/", "work/book.pdf:x", "own/state/", "own/state/a:y"}, "", "own/state/a work/book.pdf"},
		"another file":   {[]string{"work/book.pdf:x", "work/other"}, "was not asked for", ""},
		"a long name":    {[]string{"work/book.pdf.x"}, "was not asked for", ""},
		"outside":        {[]string{"../x"}, "outside", ""},
		"too large":      {[]string{"work/book.pdf:" + strings.Repeat("x", 101)}, "too large", ""},
		"twice":          {[]string{"work/book.pdf:x", "work/book.pdf:y"}, "too large", ""},
		"too many spare": {append(many, "work/book.pdf:x"), "", "work/book.pdf"},
		"folders apart":  {append(apart, "work/book.pdf:x"), "", "work/book.pdf"},
		"a deep file":    {[]string{"work/book.pdf/" + deep + "f"}, "lies deeper", ""},
		"a deep folder":  {[]string{"work/book.pdf/" + deep}, "lies deeper", ""},
		"deep spare":     {[]string{"own/state/a:x", "own/state/" + deep + "f:x", "own/state/c:x", "work/book.pdf:x"}, "", "work/book.pdf"},
		"a spare folder": {[]string{"own/state/" + deep, "own/state/c:x", "work/book.pdf:x"}, "", "work/book.pdf"},
		"no spare name":  {[]string{"own/state/\xff:x", "own/state/c:x", "work/book.pdf:x"}, "", "work/book.pdf"},
		"outside spare":  {[]string{"own/state/../../../x:x"}, "outside", ""},
		"too much spare": {[]string{"own/state/a:x", "own/state/b:" + strings.Repeat("x", 101), "own/state/c:x", "work/book.pdf:x"}, "", "work/book.pdf"},
	} {
		dir := t.TempDir()
		_, err := ExtractTree(stream(t, c.names...), dir, parts)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		var left []string
		_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, _ error) error { // a failure leaves too little, below
			if !d.IsDir() {
				rel, _ := filepath.Rel(dir, p)
				left = append(left, filepath.ToSlash(rel))
			}
			return nil
		})
		if c.want == "" && strings.Join(left, " ") != c.left {
			t.Errorf("%s: left %v", name, left)
		}
	}
	if parts[1].Entries != 20 {
		t.Error("the caller's bounds were used up")
	}
}

// Nothing that a stream says has anything unpacked beyond its bounds.
func FuzzExtractTree(f *testing.F) {
	parts := []Part{{Name: "work/book.pdf", Bytes: 100, Entries: 1}, {Name: "own/state", Bytes: 100, Entries: 20, Spare: true}}
	seed := func(names ...string) []byte {
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		for _, name := range names {
			kind := byte(tar.TypeReg)
			if strings.HasSuffix(name, "/") {
				kind = tar.TypeDir
			}
			_ = tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Typeflag: kind}) // a seed may be cut off
		}
		_ = tw.Close()
		return b.Bytes()
	}
	f.Add(seed("work/", "work/book.pdf", "own/state/", "own/state/a"))
	f.Add(seed("own/state/" + strings.Repeat("d/", 100)))
	f.Add(seed("../x", "/x", "work/../../x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		top := t.TempDir()
		dir := filepath.Join(top, "in")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _ = ExtractTree(bytes.NewReader(data), dir, parts) // most are no tar
		entries, size := 0, int64(0)
		err := filepath.WalkDir(top, func(p string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := d.Info()
			if err == nil && st.Mode().IsRegular() {
				size += st.Size()
			} else if err == nil && !d.IsDir() {
				t.Errorf("%s is %v", p, st.Mode())
			}
			entries++
			if rel, _ := filepath.Rel(dir, p); !filepath.IsLocal(rel) && p != top {
				t.Errorf("%s lies outside", p)
			}
			return err
		})
		// Beside the parts themselves there are the folders on the way to them.
		if most := 2 + 3 + 21; err != nil || entries > most || size > 200 {
			t.Errorf("%d entries of %d bytes: %v", entries, size, err)
		}
	})
}
