package pictures

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzAdopt takes in what a hostile session left, beside what a hostile clone has
// in the memory already.
func FuzzAdopt(f *testing.F) {
	name, text := entry(1, 100)
	f.Add(name, text, []byte(name+"\n"), name, []byte("old"))
	f.Add("used", text, []byte("../../../outside\n"), "tmp.1.0", text)
	f.Add(name, text[:48], []byte(strings.Repeat("x", 70<<10)), "", []byte{})
	f.Fuzz(func(t *testing.T, name string, text, used []byte, own string, old []byte) {
		top := t.TempDir()
		from := filepath.Join(top, "from")
		m := Memory{Dir: filepath.Join(top, "home", "pictures"), Bound: strings.Repeat("ab", 32), Now: func() time.Time { return time.Unix(1000, 0) }}
		must(t, os.MkdirAll(from, 0o755))
		must(t, os.MkdirAll(m.Folder(), 0o755))
		must(t, os.WriteFile(filepath.Join(top, "outside"), nil, 0o644))
		before, err := os.Lstat(filepath.Join(top, "outside"))
		must(t, err)
		put := func(dir, name string, text []byte) {
			if filepath.IsLocal(name) && filepath.Base(name) == name {
				_ = os.WriteFile(filepath.Join(dir, name), text, 0o644) // no file system has every name
			}
		}
		put(from, name, text)
		put(from, usedFile, used)
		put(m.Folder(), own, old)
		_ = m.Adopt(from) // it may refuse what it cannot read
		files, err := os.ReadDir(m.Folder())
		must(t, err)
		for _, file := range files {
			if file.Name() == own && own != name {
				continue
			}
			got, err := os.ReadFile(filepath.Join(m.Folder(), file.Name()))
			must(t, err)
			if file.Name() == own && bytes.Equal(got, old) {
				continue
			}
			parts := entryName.FindStringSubmatch(file.Name())
			if parts == nil || len(got) < 48 || string(got[:8]) != "bkbimgs1" || binary.LittleEndian.Uint64(got[16:]) != uint64(len(got)-48) {
				t.Errorf("%q was taken in: %q", file.Name(), got)
				continue
			}
			if source, err := strconv.ParseUint(parts[1], 16, 64); err != nil || binary.LittleEndian.Uint64(got[8:]) != source {
				t.Errorf("%q was taken in for a source of %d bytes", file.Name(), binary.LittleEndian.Uint64(got[8:]))
			}
		}
		must(t, filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			if rel, _ := filepath.Rel(top, p); !d.IsDir() && rel != "outside" && !strings.HasPrefix(rel, "from/") && filepath.Dir(p) != m.Folder() {
				t.Errorf("%s appeared", rel)
			}
			return err
		}))
		if after, err := os.Lstat(filepath.Join(top, "outside")); err != nil || !after.ModTime().Equal(before.ModTime()) {
			t.Errorf("a file outside has another time: %v", err)
		}
	})
}

// FuzzWork reads the beginning of any file as that of a picture.
func FuzzWork(f *testing.F) {
	for _, img := range []image.Image{
		image.NewGray(image.Rect(0, 0, 7, 5)), image.NewNRGBA64(image.Rect(0, 0, 3, 3)),
		image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White}),
	} {
		var file bytes.Buffer
		must(f, png.Encode(&file, img))
		f.Add(file.Bytes())
		wide := bytes.Clone(file.Bytes())
		copy(wide[16:24], "\x7f\xff\xff\xff\x7f\xff\xff\xff")
		f.Add(wide)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := Work(bytes.NewReader(data))
		if n < 0 {
			t.Errorf("work is %d", n)
		}
		if n == 0 {
			return
		}
		// A PNG begins with its signature, and IHDR with its sizes.
		if w, h := binary.BigEndian.Uint32(data[16:]), binary.BigEndian.Uint32(data[20:]); n != int64(w)*int64(h)*3 {
			t.Errorf("work of %d × %d pixels is %d", w, h, n)
		}
	})
}

// FuzzAhead names pictures in a chapter and asks for the pages that hold them: each
// picture stands there once, by its own name and as nothing else.
func FuzzAhead(f *testing.F) {
	f.Add("images/ch01-one.png", "images/two.png", "ch01", []byte("//image[one][A]{\n//}\n@<icon>{two}"))
	f.Add(`images/a) (b\.png`, "images/(.png", "ch", []byte(`[a) (b\]{(}[(]`))
	f.Add(".png", "a.png", "", []byte("[a]{a}[a]"))
	f.Fuzz(func(t *testing.T, one, two, id string, text []byte) {
		pictures := []Picture{{one, "1"}, {two, "2"}}
		found := Referenced(pictures, []Chapter{{id, text}, {id, text}})
		if len(found) > 2 || len(found) == 2 && found[0] == found[1] {
			t.Fatalf("found %v", found)
		}
		var names []string
		for _, p := range found {
			if !slices.Contains(pictures, p) {
				t.Fatalf("found %v", p)
			}
			names = append(names, p.Path)
		}
		var got []string
		for _, page := range Ahead(leastWork, names) {
			got = append(got, named(t, page)...)
		}
		slices.Reverse(got)
		if !slices.Equal(got, names) {
			t.Errorf("the pages hold %q, want %q", got, names)
		}
	})
}

// named reads the pictures of a page as dvipdfmx does.
func named(t *testing.T, page []byte) (names []string) {
	t.Helper()
	at := 15 + 45 // behind the preamble and the begin of the page
	for page[at] == 242 {
		n := int(binary.BigEndian.Uint32(page[at+1:]))
		special := string(page[at+5 : at+5+n])
		at += 5 + n
		rest, ok := strings.CutPrefix(special, "pdf:image (")
		var name []byte
		for ok && rest != "" && rest[0] != ')' {
			if rest[0] == '(' {
				t.Fatalf("a bracket opens in %q", special)
			}
			if rest[0] == '\\' {
				rest = rest[1:]
			}
			name, rest = append(name, rest[0]), rest[1:]
		}
		if rest != ")" {
			t.Fatalf("%q does not end with its name", special)
		}
		names = append(names, string(name))
	}
	if page[at] != 140 {
		t.Fatalf("the page holds a command %d", page[at])
	}
	return names
}
