package pictures

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// Limit is how many bytes the memories of one root may take together: a book of
// 300 large screenshots takes a tenth of that.
const Limit = 512 << 20

// MaxEntries bounds the number of entries of all memories of one root, and of those
// that one build adds.
const MaxEntries = 20000

// maxMemories is how many memories are kept beside each other: of the books of a
// root that run other programs, and of the image before the last.
const maxMemories = 3

// Memory is the entries that belong to one set of programs.
type Memory struct {
	Dir   string // the folder of all memories of a root
	Bound string // the hash of the programs, in hexadecimal
	Now   func() time.Time
}

// Folder is where the entries lie.
func (m Memory) Folder() string { return filepath.Join(m.Dir, m.Bound[:16]) }

// entryName is what remember.c calls an entry: hash and length of the source, level.
var entryName = regexp.MustCompile(`^[0-9a-f]{16}-([0-9a-f]{16})-[0-9]$`)

// usedFile lists the entries that served a build, in the folder that a session
// leaves.
const usedFile = "used"

// Adopt takes in what a session left in the folder from: entries, and the list of
// those that served. It moves the entries out of that folder, or copies them, and
// leaves what is no entry. Then entries that have not served for longest go, until
// the memories of the root are within Limit.
func (m Memory) Adopt(from string) error {
	// A link that came with the sources would have what is elsewhere pruned.
	if err := fsx.MakeOwnFolder(filepath.Dir(m.Dir), m.Folder()); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	taken := 0
	for _, f := range files {
		if taken == MaxEntries || !isEntry(filepath.Join(from, f.Name()), f.Name()) {
			continue
		}
		if err := move(filepath.Join(from, f.Name()), filepath.Join(m.Folder(), f.Name())); err != nil {
			return err
		}
		taken++
	}
	if err := m.touch(filepath.Join(from, usedFile)); err != nil {
		return err
	}
	return m.prune(Limit)
}

// isEntry reports whether a file has the form of an entry of this name.
func isEntry(file, name string) bool {
	const header = 48
	parts := entryName.FindStringSubmatch(name)
	if parts == nil {
		return false
	}
	f, err := fsx.OpenBelow(filepath.Dir(file), file)
	if err != nil {
		return false
	}
	defer f.Close()
	var h [header]byte
	st, err := f.Stat()
	if err != nil {
		return false
	}
	if _, err := io.ReadFull(f, h[:]); err != nil {
		return false
	}
	source, err := strconv.ParseUint(parts[1], 16, 64)
	return err == nil && string(h[:8]) == "bkbimgs1" && binary.LittleEndian.Uint64(h[8:]) == source &&
		binary.LittleEndian.Uint64(h[16:]) == uint64(st.Size()-header)
}

// move puts the file from in the place of to; the two may lie on different file
// systems.
func move(from, to string) error {
	// What is no file stands there for as long as nobody removes it.
	if st, err := os.Lstat(to); err == nil && !st.Mode().IsRegular() {
		if err := fsx.RemoveAll(to); err != nil {
			return err
		}
	}
	err := fsx.Rename(from, to)
	var link *os.LinkError
	if err == nil || !errors.As(err, &link) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := fsx.ReadBelow(filepath.Dir(from), from, Limit)
	if err != nil {
		return err
	}
	return fsx.WriteFile(to, text, 0o644)
}

// touch gives the entries that a list names the time of this build, and the
// folder too.
func (m Memory) touch(list string) error {
	now := m.Now()
	if err := os.Chtimes(m.Folder(), now, now); err != nil {
		return err
	}
	f, err := fsx.OpenBelow(filepath.Dir(list), list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, MaxEntries*64))
	for lines.Scan() {
		name := filepath.Join(m.Folder(), lines.Text())
		if !entryName.MatchString(lines.Text()) {
			continue
		}
		// A link would have the time of something else changed.
		if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
			_ = os.Chtimes(name, now, now) // that of one which has gone meanwhile costs nothing
		}
	}
	return lines.Err()
}

// stored is a file of a memory.
type stored struct {
	path   string
	size   int64
	served int64 // when it last served a build, or came: nanoseconds since 1970
}

// prune removes the memories and the entries that have not served for longest, until
// there are maxMemories, MaxEntries and limit bytes at most.
func (m Memory) prune(limit int64) error {
	folders, err := os.ReadDir(m.Dir)
	if err != nil {
		return err
	}
	slices.SortFunc(folders, func(a, b fs.DirEntry) int { return cmp.Compare(modified(b), modified(a)) })
	for _, f := range folders[min(maxMemories, len(folders)):] {
		if err := fsx.RemoveAll(filepath.Join(m.Dir, f.Name())); err != nil {
			return err
		}
	}
	files, total, err := list(m.Dir)
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b stored) int { return cmp.Compare(a.served, b.served) })
	for left := len(files); left > 0 && (total > limit || left > MaxEntries); left-- {
		oldest := files[len(files)-left]
		if err := os.Remove(oldest.path); err != nil {
			return err
		}
		total -= oldest.size
	}
	return nil
}

// modified is when a file was last written or touched, in nanoseconds since 1970.
func modified(f fs.DirEntry) int64 {
	st, err := f.Info()
	if err != nil {
		return 0
	}
	return st.ModTime().UnixNano()
}

// list lists the files of all memories below dir. total is their bytes.
func list(dir string) (files []stored, total int64, err error) {
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		files = append(files, stored{name, st.Size(), st.ModTime().UnixNano()})
		total += st.Size()
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return files, total, err
}

// Use says how much the memories below dir hold.
func Use(dir string) (entries int, bytes int64, err error) {
	files, total, err := list(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("looking at what pictures were compressed to: %w", err)
	}
	return len(files), total, nil
}
