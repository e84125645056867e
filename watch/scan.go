package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// scanner looks at a scope.
type scanner struct {
	scope  Scope
	ignore func(path string, isDir bool) bool
	clock  Clock
	buf    []byte
}

// look is one look in progress.
type look struct {
	*scanner
	ctx   context.Context
	prev  *snapshot // sums are taken over from it; nil: leave sums to be filled in later
	snap  *snapshot
	real  []string            // the folders of the scope with links resolved
	seen  map[folderID]string // where each folder was walked, to end cycles of links
	start time.Time           // wall time at Clock.Mono zero
}

// errMoved: a file was another one, or written to, while it was being read.
var errMoved = errors.New("changed while it was read")

// scan looks at everything. Only ctx's end makes it fail: what cannot be read is
// itself a state that may change. Files whose stamp is not prev's are read.
func (s *scanner) scan(ctx context.Context, prev *snapshot) (*snapshot, error) {
	l := &look{scanner: s, ctx: ctx, prev: prev, seen: map[folderID]string{}}
	l.start = s.clock.Wall().Add(-s.clock.Mono())
	l.snap = &snapshot{files: map[string]*entry{}, folders: map[string]folderID{}, beside: map[string]map[string]bool{}}
	if prev != nil {
		l.snap.files = make(map[string]*entry, len(prev.files))
	}
	for _, dir := range s.scope.Folders {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			l.real = append(l.real, real)
		}
	}
	for i, dir := range s.scope.Folders {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			l.snap.gone = l.snap.gone || i == 0
			l.await(dir)
			continue
		}
		l.folder(dir)
	}
	for _, path := range s.scope.Files {
		l.file(path, nil)
		l.await(path)
	}
	return l.snap, ctx.Err()
}

// folder walks dir. A folder that vanishes or cannot be read holds nothing.
func (l *look) folder(dir string) {
	if l.ctx.Err() != nil {
		return
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return
	}
	id := folderIDOf(dir, info)
	if _, again := l.seen[id]; again {
		return
	}
	l.seen[id] = dir
	l.snap.folders[dir] = id
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		l.snap.moving = true
	}
	for _, e := range entries {
		name := e.Name()
		path := dir + string(filepath.Separator) + name
		if versionControl(name) || Transient(name) || l.ignored(path, e.IsDir()) {
			continue
		}
		if e.IsDir() {
			l.folder(path)
			continue
		}
		info, err := e.Info()
		if err != nil {
			l.snap.moving = true
			continue
		}
		l.file(path, info)
	}
}

func (l *look) ignored(path string, isDir bool) bool {
	return l.ignore != nil && l.ignore(path, isDir)
}

// file notes one file. info is its own (not a link's target's), nil when not yet asked for.
func (l *look) file(path string, info fs.FileInfo) {
	if l.ctx.Err() != nil {
		return
	}
	if info == nil {
		var err error
		if info, err = os.Lstat(path); err != nil {
			return
		}
	}
	e := &entry{seen: l.clock.Mono()}
	if info.Mode()&fs.ModeSymlink != 0 {
		e.link, _ = os.Readlink(path)
		target, err := os.Stat(path)
		if err == nil && target.IsDir() {
			l.linkedFolder(path, e)
			return
		}
		l.linkedFile(path, e.link)
		if err != nil { // dangling: the link itself is all there is
			e.stamp, e.known = stampOf(info), true
			l.snap.files[path] = e
			return
		}
		info = target
	} else if info.IsDir() {
		return
	}
	e.stamp = stampOf(info)
	l.snap.files[path] = e
	if !e.stamp.mode.IsRegular() {
		e.known = true // a FIFO or device has no content to compare
		return
	}
	var old *entry
	if l.prev != nil {
		old = l.prev.files[path]
	}
	if old != nil && old.stamp == e.stamp && old.link == e.link && !old.torn && (!old.known || old.settled(l.start)) {
		l.snap.files[path] = old
		return
	}
	if l.prev == nil {
		return
	}
	if old != nil && old.stamp == e.stamp {
		e.seen = old.seen
	}
	switch err := l.hash(path, e); {
	case errors.Is(err, errMoved):
		l.snap.moving, e.torn = true, true
	case err != nil: // unreadable: known by its stamp, which chmod changes
		e.known = false
	}
}

// linkedFolder walks the folder that path points to, unless the scope holds it already.
func (l *look) linkedFolder(path string, e *entry) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		l.snap.moving = true
		return
	}
	// The link itself counts, as which folder it names.
	e.stamp, e.known = stamp{mode: fs.ModeSymlink}, true
	l.snap.files[path] = e
	for _, dir := range l.real {
		if within(real, dir) {
			return
		}
	}
	l.folder(path)
}

// linkedFile sees to it that events of a link's target are listened to.
func (l *look) linkedFile(path, link string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = link
		if !filepath.IsAbs(real) {
			real = filepath.Join(filepath.Dir(path), real)
		}
	}
	for _, dir := range l.real {
		if within(real, dir) {
			return
		}
	}
	l.await(real)
}

// await listens for path, which may not exist, in the nearest folder above it that does.
func (l *look) await(path string) {
	for {
		dir, name := filepath.Dir(path), filepath.Base(path)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			if l.snap.beside[dir] == nil {
				l.snap.beside[dir] = map[string]bool{}
			}
			l.snap.beside[dir][name] = true
			return
		}
		if dir == path {
			return
		}
		path = dir
	}
}

// hash reads the file into e.sum. It gives errMoved when the file read was not
// the one that e.stamp is of, or was written to meanwhile.
func (s *scanner) hash(path string, e *entry) error {
	f, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errMoved
	}
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	defer f.Close() // read only: nothing to lose
	if s.buf == nil {
		s.buf = make([]byte, 64<<10)
	}
	at := s.clock.Mono()
	h := sha256.New()
	// The wrapper hides ReadFrom and WriteTo, which would pass the buffer by.
	n, err := io.CopyBuffer(h, struct{ io.Reader }{f}, s.buf)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if stampOf(info) != e.stamp || n != e.stamp.size {
		return errMoved
	}
	h.Sum(e.sum[:0])
	e.known, e.hashed = true, at
	return nil
}

// within says that path is dir or lies below it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}
