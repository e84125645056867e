package testbook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Folder writes files into a new folder and returns its real path. A name
// that ends in a slash is a folder.
func Folder(t testing.TB, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		dir := filepath.Dir(file)
		if strings.HasSuffix(name, "/") {
			dir = file
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if dir != file {
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// Small is a book without fault. change has other texts for its files, and more
// files; a file whose text is "" is left out.
func Small(change map[string]string) map[string]string {
	files := map[string]string{
		"config.yml":  "review_version: 5.0\nbookname: book\nbooktitle: 本\n",
		"catalog.yml": "PREDEF:\n  - pre.re\nCHAPS:\n  - ch01.re\n  - ch02.re\nAPPENDIX:\nPOSTDEF:\n",
		"pre.re":      "= まえがき\n",
		"ch01.re":     "= 一\n",
		"ch02.re":     "= 二\n",
	}
	for name, text := range change {
		if text == "" {
			delete(files, name)
		} else {
			files[name] = text
		}
	}
	return files
}

// In is a book's files as they lie in the folder dir.
func In(dir string, files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[dir+"/"+name] = text
	}
	return out
}

// YAMLLines is how many lines a text has at most: YAML ends them at more
// characters than an editor does.
func YAMLLines(text string) int {
	n := 1
	for _, r := range text {
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) {
			n++
		}
	}
	return n
}
