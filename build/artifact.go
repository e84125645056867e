package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/pdf"
)

// Artifact is what the user came for: a file or, for some targets, a folder.
type Artifact struct {
	Path   string `json:"path"`            // slash path below the root, absolute where it lies elsewhere
	SHA256 string `json:"sha256"`          // of the file; of the names and contents of a folder's files
	Bytes  int64  `json:"bytes"`           // a folder's files summed up
	Pages  int    `json:"pages,omitempty"` // of a PDF
}

// check tells whether the artifact at name, below the folder top, is complete,
// and measures it. The artifact may be hostile, say an entry that unpacks without
// end: check stops when ctx ends.
func check(ctx context.Context, top, name string, target book.Target) (Artifact, error) {
	st, err := os.Lstat(name)
	if err != nil {
		return Artifact{}, err
	}
	if target.IsFolder() {
		return checkFolder(ctx, top, name)
	}
	if !st.Mode().IsRegular() {
		return Artifact{}, fmt.Errorf("%s is not a regular file", filepath.Base(name))
	}
	f, err := fsx.OpenBelow(top, name)
	if err != nil {
		return Artifact{}, err
	}
	defer f.Close()
	a := Artifact{Bytes: st.Size()}
	switch target {
	case book.PDF:
		a.Pages, err = checkPDF(ctx, untilDone{ctx, f}, st.Size())
	case book.EPUB:
		err = checkEPUB(untilDone{ctx, f}, st.Size())
	}
	if cause := context.Cause(ctx); cause != nil {
		return Artifact{}, cause
	}
	if err != nil {
		return Artifact{}, fmt.Errorf("%s is damaged: %w", filepath.Base(name), err)
	}
	a.SHA256, err = hashFile(f)
	return a, err
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	r   io.ReaderAt
}

func (u untilDone) ReadAt(p []byte, off int64) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.r.ReadAt(p, off)
}

func hashFile(f io.ReadSeeker) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// checkPDF tells whether a PDF was written to its end and opens, and counts its pages.
func checkPDF(ctx context.Context, f io.ReaderAt, size int64) (pages int, err error) {
	defer pdf.Recovered(&err)
	d, err := pdf.Open(ctx, f, size)
	if err != nil {
		return 0, err
	}
	return d.Count()
}

// checkFolder hashes a folder: its files' names and contents, in order.
func checkFolder(ctx context.Context, top, dir string) (Artifact, error) {
	below, err := filepath.Rel(top, dir)
	if err != nil {
		return Artifact{}, err
	}
	root, err := fsx.OpenRoot(top)
	if err != nil {
		return Artifact{}, err
	}
	defer root.Close()
	var names []string
	err = root.Walk(filepath.ToSlash(below), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return cmp.Or(err, context.Cause(ctx))
	})
	if err != nil {
		return Artifact{}, err
	}
	if len(names) == 0 {
		return Artifact{}, fmt.Errorf("%s is empty", filepath.Base(dir))
	}
	sort.Strings(names)
	var a Artifact
	all := sha256.New()
	for _, name := range names {
		f, err := root.Open(name)
		if err != nil {
			return Artifact{}, err
		}
		sum, err := hashFile(f)
		st, serr := f.Stat()
		f.Close()
		if err = errors.Join(err, serr); err != nil {
			return Artifact{}, err
		}
		fmt.Fprintf(all, "%s %q\n", sum, strings.TrimPrefix(name, filepath.ToSlash(below)+"/"))
		a.Bytes += st.Size()
	}
	a.SHA256 = hex.EncodeToString(all.Sum(nil))
	return a, nil
}
