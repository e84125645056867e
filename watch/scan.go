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

	"github.com/bookci/bookci/internal/fsx"
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
	real  []string                // the folders of the scope with links resolved
	seen  map[fsx.FolderID]string // where each folder was walked, to end cycles of links
	start time.Time               // wall time at Clock.Mono zero
	path  []byte                  // where join puts paths together
}

// errMoved: a file was another one, or written to, while it was being read.
var errMoved = errors.New("changed while it was read")

// scan looks at everything. Only ctx's end makes it fail: what cannot be read is
// itself a state that may change. Files whose stamp is not prev's are read.
func (s *scanner) scan(ctx context.Context, prev *snapshot) (*snapshot, error) {
	l := &look{scanner: s, ctx: ctx, prev: prev, seen: map[fsx.FolderID]string{}}
	l.start = s.clock.Wall().Add(-s.clock.Mono())
	l.snap = &snapshot{folders: map[string]fsx.FolderID{}, beside: map[string]map[string]bool{}}
	size := 0
	if prev != nil {
		size = len(prev.files)
	}
	l.snap.files = make(map[string]*entry, size)
	for _, dir := range s.scope.Folders {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			l.real = append(l.real, real)
		}
	}
	for i, dir := range s.scope.Folders {
		st, err := fsx.StampAt(dir, true)
		if err != nil || !st.Mode.IsDir() {
			l.snap.gone = l.snap.gone || i == 0
			l.await(dir)
			continue
		}
		l.folder(dir, st)
	}
	for _, path := range s.scope.Files {
		if st, err := fsx.StampAt(path, false); err == nil && !st.Mode.IsDir() {
			l.file(path, st)
		}
		l.await(path)
	}
	return l.snap, ctx.Err()
}

// folder walks dir. A folder that vanishes or cannot be read holds nothing.
func (l *look) folder(dir string, st fsx.Stamp) {
	if l.ctx.Err() != nil {
		return
	}
	id := st.FolderID(dir)
	if _, again := l.seen[id]; again {
		return
	}
	l.seen[id] = dir
	l.snap.folders[dir] = id
	names, err := namesIn(dir)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		l.snap.moving = true
	}
	for _, name := range names {
		if versionControl(name) || Transient(name) {
			continue
		}
		path := l.join(dir, name)
		st, err := fsx.StampAt(path, false)
		switch {
		case err != nil:
			l.snap.moving = true
		case l.ignore != nil && l.ignore(path, st.Mode.IsDir()):
		case st.Mode.IsDir():
			l.folder(path, st)
		default:
			l.file(path, st)
		}
	}
}

func namesIn(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only: nothing to lose
	return f.Readdirnames(-1)
}

// join is dir/name: the string that prev has of it, if it can be.
func (l *look) join(dir, name string) string {
	l.path = append(append(append(l.path[:0], dir...), filepath.Separator), name...)
	if l.prev != nil {
		if old := l.prev.files[string(l.path)]; old != nil {
			return old.path
		}
	}
	return string(l.path)
}

// file notes one file, whose own stamp (not a link's target's) is st.
func (l *look) file(path string, st fsx.Stamp) {
	if l.ctx.Err() != nil {
		return
	}
	var old *entry
	if l.prev != nil {
		old = l.prev.files[path]
	}
	link := ""
	if st.Mode.Type() == fs.ModeSymlink {
		link, _ = os.Readlink(path)
		target, err := fsx.StampAt(path, true)
		if err == nil && target.Mode.IsDir() {
			l.linkedFolder(path, link, target)
			return
		}
		l.linkedFile(path, link)
		if err == nil { // a link that points nowhere keeps its own stamp
			st = target
		}
	}
	if old != nil && old.stamp == st && old.link == link && !old.torn &&
		(!old.known || !st.Mode.IsRegular() || old.settled(l.start)) {
		l.snap.files[path] = old
		return
	}
	e := &entry{path: path, stamp: st, link: link, seen: l.clock.Mono()}
	if old != nil && old.stamp == st {
		e.seen = old.seen
	}
	l.snap.files[path] = e
	if !st.Mode.IsRegular() {
		e.known = true // a FIFO, a device or a link to nowhere has no content to compare
		return
	}
	if l.prev == nil {
		return
	}
	switch err := l.hash(path, e); {
	case errors.Is(err, errMoved):
		l.snap.moving, e.torn = true, true
	case err != nil: // unreadable: known by its stamp, which chmod changes
		e.known = false
	}
}

// linkedFolder walks the folder that path points to, unless the scope holds it already.
func (l *look) linkedFolder(path, link string, target fsx.Stamp) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		l.snap.moving = true
		return
	}
	// The link counts as a file whose content is the folder's name.
	l.snap.files[path] = &entry{path: path, stamp: fsx.Stamp{Mode: fs.ModeSymlink}, link: link, known: true}
	for _, dir := range l.real {
		if within(real, dir) {
			return
		}
	}
	l.folder(path, target)
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
		if st, err := fsx.StampAt(dir, true); err == nil && st.Mode.IsDir() {
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
	f, err := fsx.OpenNamed(path)
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
	st, err := fsx.StampOfOpen(f)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if st != e.stamp || n != e.stamp.Size {
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
