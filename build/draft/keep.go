package draft

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/draft/picture"
	"github.com/bookci/bookci/internal/fsx"
)

// folder keeps what was worked out for images in files. Each begins with the hash of
// its content: a damaged one counts as none.
type folder string

// KeepIn keeps images below a folder, which is made when it is needed.
func KeepIn(dir string) picture.Keep { return folder(dir) }

// keptEnd ends the names of the files.
const keptEnd = ".image"

// maxKept is far above what an image of the largest size that is read takes.
const maxKept = 1 << 30

func (f folder) path(key string) string { return filepath.Join(string(f), key+keptEnd) }

func (f folder) Get(key string) []byte {
	data, err := fsx.ReadBelow(string(f), f.path(key), maxKept)
	if err != nil || len(data) <= sha256.Size {
		return nil
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	return data[sha256.Size:]
}

// Put keeps data. What cannot be kept costs time the next time and no more.
func (f folder) Put(key string, data []byte) {
	// Its parent is .bookci, which bookci has made.
	if fsx.MakeOwnFolder(filepath.Dir(string(f)), string(f)) != nil {
		return
	}
	part, err := os.CreateTemp(string(f), "part-*")
	if err != nil {
		return
	}
	sum := sha256.Sum256(data)
	_, err1 := part.Write(sum[:])
	_, err2 := part.Write(data)
	err3 := part.Close()
	if err1 != nil || err2 != nil || err3 != nil || fsx.Rename(part.Name(), f.path(key)) != nil {
		os.Remove(part.Name())
	}
}

// Prune removes files from a folder of images until the newest are left, limit bytes
// in all, and what a crash left half written more than an hour before now.
func Prune(dir string, limit int64, now time.Time) {
	if st, err := os.Lstat(dir); err != nil || !st.IsDir() {
		return // a link may have come with the sources
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type file struct {
		name string
		size int64
		time time.Time
	}
	var files []file
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), keptEnd):
			files = append(files, file{name, info.Size(), info.ModTime()})
		case strings.HasPrefix(e.Name(), "part-") && now.Sub(info.ModTime()) > time.Hour:
			os.Remove(name)
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.time.Compare(a.time) })
	for _, f := range files {
		if limit -= f.size; limit < 0 {
			os.Remove(f.name)
		}
	}
}
