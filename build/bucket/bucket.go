// Package bucket gives artifacts a second place: an S3 bucket, which several
// machines share.
//
// The names are those that they have in the artifacts folder, and the manifest
// bookci.json is what it is there, with each path as seen from the manifest. An
// object appears whole. The manifest is written last, and only over the one that
// was read: of several machines at once, each finds what the others wrote.
//
// What somebody made of newer sources stays. Newer is what has a later source
// date, the date of the last commit that touched the book. Of equal dates, who
// comes last prevails.
package bucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/objects"
)

// Shelf is where artifacts go.
type Shelf struct {
	store   *objects.S3
	version string // of bookci
	Force   bool   // also what was made of newer sources is replaced

	mu       sync.Mutex      // held by the one who reads or writes the manifest
	lastSeen *build.Manifest // nil before; mu guards it

	queue   sync.Mutex
	waiting []*wanted // for mu: who has it next writes them all; queue guards it
}

// New is a shelf in store. version is bookci's, for the manifest.
func New(store *objects.S3, version string) *Shelf { return &Shelf{store: store, version: version} }

// Reach finds out whether the store can be read, before something is made for it.
func (s *Shelf) Reach(ctx context.Context) error {
	if _, err := s.look(ctx); err != nil && context.Cause(ctx) == nil {
		return s.fault("artifacts", err)
	}
	return context.Cause(ctx)
}

// tries is how often an artifact or the manifest is written anew because somebody
// else came first.
const tries = 20

// Deliver brings the artifact at file, a file or a folder, to the shelf as name, and
// returns its address. e is what the manifest will say of it; without listed the
// manifest stays as it is.
func (s *Shelf) Deliver(ctx context.Context, e build.Entry, name, file string, listed bool) (string, error) {
	name = filepath.ToSlash(name)
	at := s.store.String() + "/" + name
	e.Path = name
	text, err := s.deliver(ctx, e, file, listed)
	switch {
	case context.Cause(ctx) != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", s.fault(name, err)
	case text != "":
		return "", fault.Environmentf("build what is newest, or use --force", "%s stays: %s", at, text)
	}
	return at, nil
}

func (s *Shelf) fault(name string, err error) error {
	hint := "run the command again"
	switch {
	case errors.Is(err, objects.ErrDenied):
		hint = "are the AWS credentials there, in date, and allowed to read, write and delete there?"
	case errors.Is(err, objects.ErrNoBucket):
		hint = "make the bucket, or name another one with --artifacts"
	}
	return fault.Environmentf(hint, "bringing %s to %s: %w", name, s.store, err)
}

// deliver returns why the shelf keeps what it has, "" when it has the artifact now.
func (s *Shelf) deliver(ctx context.Context, e build.Entry, file string, listed bool) (newer string, err error) {
	st, err := os.Lstat(file)
	if err != nil {
		return "", err
	}
	for range tries {
		there, err := s.look(ctx)
		if err != nil {
			return "", err
		}
		old := find(there, e)
		if listed && old != nil && same(*old, e) {
			if held, err := s.holds(ctx, e.Path, st.IsDir()); held || err != nil {
				return "", err
			}
		}
		if listed && st.IsDir() && old != nil {
			if newer := s.newer(old.SourceDate, e); newer != "" {
				return newer, nil
			}
		}
		w := &wanted{entry: e, folder: st.IsDir()}
		if st.IsDir() {
			w.files, err = s.putFolder(ctx, e.Path, file)
		} else {
			w.version, newer, err = s.putFile(ctx, e, file)
		}
		if errors.Is(err, objects.ErrChanged) || errors.Is(err, objects.ErrExists) {
			continue // somebody was faster
		}
		if err != nil || newer != "" || !listed {
			return newer, err
		}
		if err := s.list(ctx, w); err != nil || !w.overtaken {
			return w.newer, err
		}
	}
	return "", errors.New("others write there all the time")
}

// holds reports whether there is an object of this name, or one below it for a
// folder: the manifest still lists what somebody has deleted.
func (s *Shelf) holds(ctx context.Context, name string, folder bool) (held bool, err error) {
	if folder {
		s.store.List(ctx, name+"/")(func(_ objects.Info, first error) bool {
			held, err = first == nil, first
			return false
		})
		return held, err
	}
	if _, err = s.store.Head(ctx, name); errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// same reports whether two entries tell of the same artifact, made of the same
// sources.
func same(old, e build.Entry) bool {
	return old.SHA256 == e.SHA256 && old.Fingerprint == e.Fingerprint && old.Fingerprint != ""
}

// newer tells why e does not replace what was made of sources of the date there, in
// seconds since 1970; "" if it does.
func (s *Shelf) newer(there int64, e build.Entry) string {
	if s.Force || there <= e.SourceDate {
		return ""
	}
	day := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05") }
	return fmt.Sprintf("it was made of sources of %s, these are of %s", day(there), day(e.SourceDate))
}

// find is what the manifest says of e's path, nil for nothing.
func find(m *build.Manifest, e build.Entry) *build.Entry {
	for i, old := range m.Artifacts {
		if old.Path == e.Path {
			return &m.Artifacts[i]
		}
	}
	return nil
}

// look is the manifest as it was last seen. A stale one costs a try.
func (s *Shelf) look(ctx context.Context) (*build.Manifest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastSeen == nil {
		if _, _, err := s.read(ctx); err != nil {
			return nil, err
		}
	}
	return s.lastSeen, nil
}

// read reads the manifest. A damaged one is an error: what it listed is not to
// be forgotten. The caller holds mu.
func (s *Shelf) read(ctx context.Context) (m build.Manifest, version string, err error) {
	text, info, err := objects.ReadAll(ctx, s.store, build.ManifestName, build.MaxManifest)
	if errors.Is(err, objects.ErrNotFound) {
		s.lastSeen = &build.Manifest{}
		return build.Manifest{}, "", nil
	}
	if err != nil {
		return m, "", err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, "", fmt.Errorf("%s/%s is no manifest of bookci's: %w", s.store, build.ManifestName, err)
	}
	seen := build.Manifest{Version: m.Version, Artifacts: slices.Clone(m.Artifacts)}
	s.lastSeen = &seen
	return m, info.Version, nil
}

// putFile uploads a file over what is there now and nothing else. The object bears
// its date itself: the manifest may lag behind it.
func (s *Shelf) putFile(ctx context.Context, e build.Entry, file string) (version, newer string, err error) {
	opts := objects.PutOptions{ContentType: contentType(e.Path), Note: strconv.FormatInt(e.SourceDate, 10)}
	there, err := s.store.Head(ctx, e.Path)
	switch {
	case err == nil:
		date, _ := strconv.ParseInt(there.Note, 10, 64) // one without a date is as old as can be
		if newer := s.newer(date, e); newer != "" {
			return "", newer, nil
		}
		opts.IfMatch = there.Version
	case errors.Is(err, objects.ErrNotFound):
		opts.IfAbsent = true
	default:
		return "", "", err
	}
	f, err := fsx.OpenBelow(filepath.Dir(file), file)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	info, err := s.store.Put(ctx, e.Path, f, opts)
	return info.Version, "", err
}

// atOnce is how many files of a folder go up at a time.
const atOnce = 8

// putFolder uploads the files of a folder. They are not one object, so readers may
// find some of them new and some old until the manifest tells of all.
func (s *Shelf) putFolder(ctx context.Context, name, dir string) (files []string, err error) {
	root, err := fsx.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	err = root.Walk(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		object := path.Join(name, file)
		files = append(files, object)
		g.Go(func() error {
			f, err := root.Open(file)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = s.store.Put(ctx, object, f, objects.PutOptions{ContentType: contentType(object)})
			return err
		})
		return nil
	})
	return files, errors.Join(err, g.Wait())
}

var contentTypes = map[string]string{
	".pdf": "application/pdf", ".epub": "application/epub+zip", ".html": "text/html; charset=utf-8", ".css": "text/css",
	".js": "text/javascript", ".txt": "text/plain; charset=utf-8", ".xml": "application/xml", ".json": "application/json",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml",
}

func contentType(name string) string { return contentTypes[strings.ToLower(path.Ext(name))] }

// wanted is an artifact that is there and shall be in the manifest.
type wanted struct {
	entry   build.Entry
	version string // of its object
	folder  bool
	files   []string // of a folder

	done      bool
	err       error
	newer     string // why it is not listed
	overtaken bool   // another one has come into its place meanwhile
}

// list puts an entry into the manifest. Those who wait for mu have their entries
// written by whoever gets it first.
func (s *Shelf) list(ctx context.Context, w *wanted) error {
	s.queue.Lock()
	s.waiting = append(s.waiting, w)
	s.queue.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.done {
		return w.err
	}
	s.queue.Lock()
	batch := s.waiting
	s.waiting = nil
	s.queue.Unlock()
	err := s.write(ctx, batch)
	for _, one := range batch {
		one.done, one.err = true, err
	}
	return w.err
}

// write merges entries into the manifest. The caller holds mu.
func (s *Shelf) write(ctx context.Context, batch []*wanted) error {
	for try := range tries {
		m, version, err := s.read(ctx)
		if err != nil {
			return err
		}
		m.Version = s.version
		for _, w := range batch {
			if err := s.merge(ctx, &m, w); err != nil {
				return err
			}
		}
		slices.SortFunc(m.Artifacts, func(a, b build.Entry) int { return strings.Compare(a.Path, b.Path) })
		text, err := build.ManifestText(m)
		if err != nil {
			return err
		}
		opts := objects.PutOptions{IfMatch: version, IfAbsent: version == "", ContentType: contentTypes[".json"]}
		_, err = s.store.Put(ctx, build.ManifestName, bytes.NewReader(text), opts)
		switch {
		case err == nil:
			s.lastSeen = &m
			return s.prune(ctx, batch)
		case !errors.Is(err, objects.ErrChanged) && !errors.Is(err, objects.ErrExists) || try == tries-1:
			return err
		}
	}
	return nil
}

// merge puts one entry in, unless somebody else's artifact is there by now.
func (s *Shelf) merge(ctx context.Context, m *build.Manifest, w *wanted) error {
	w.newer, w.overtaken = "", false
	if w.folder {
		if old := find(m, w.entry); old != nil {
			w.newer = s.newer(old.SourceDate, w.entry)
		}
	} else {
		now, err := s.store.Head(ctx, w.entry.Path)
		if err != nil && !errors.Is(err, objects.ErrNotFound) {
			return err
		}
		w.overtaken = now.Version != w.version
	}
	if w.newer != "" || w.overtaken {
		return nil
	}
	m.Artifacts = slices.DeleteFunc(m.Artifacts, func(old build.Entry) bool { return old.Path == w.entry.Path })
	m.Artifacts = append(m.Artifacts, w.entry)
	return nil
}

// prune removes the files of a folder that its last state had and this one lacks.
func (s *Shelf) prune(ctx context.Context, batch []*wanted) error {
	for _, w := range batch {
		if !w.folder || w.newer != "" {
			continue
		}
		var gone []string
		for info, err := range s.store.List(ctx, w.entry.Path+"/") {
			if err != nil {
				return err
			}
			if !slices.Contains(w.files, info.Name) {
				gone = append(gone, info.Name)
			}
		}
		if len(gone) == 0 {
			continue
		}
		if err := s.store.Delete(ctx, gone...); err != nil {
			return err
		}
	}
	return nil
}
