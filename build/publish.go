package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// stagingPrefix begins the names of folders in which artifacts are completed.
// They lie beside the artifacts, so that the last step is a rename.
const stagingPrefix = ".bookci-"

// staging is a folder for artifacts that are not yet whole.
type staging struct {
	b   *Builder
	dir string
}

func (b *Builder) newStaging() (*staging, error) {
	dir := filepath.Join(b.Artifacts, stagingPrefix+rand.Text()[:8])
	if err := b.Reaper.Remove(dir); err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, errors.Join(fault.Environmentf("", "preparing the artifacts folder: %w", err), b.Reaper.Keep(dir))
	}
	return &staging{b: b, dir: dir}, nil
}

func (s *staging) remove() {
	if fsx.RemoveAll(s.dir) == nil {
		_ = s.b.Reaper.Keep(s.dir) // if that fails, the reaper finds nothing to remove
	}
}

// abandoned is how old a staging folder is that nobody works in any more: it is
// filled and emptied within seconds, and a large artifact within minutes.
const abandoned = time.Hour

// sweep removes what a bookci left that was killed, and whose reaper was too, say
// with the machine. What is younger among the artifacts may be that of another
// root, whose artifacts go to the same place; the rest is this root's alone.
func (b *Builder) sweep() {
	now := b.Now()
	fsx.SweepUnfinished(b.State, "", now)
	fsx.SweepUnfinished(filepath.Join(b.State, "state"), "", now)
	_ = fsx.RemoveAll(b.picturesComing())                               // in nobody's way
	fsx.SweepUnfinished(b.Artifacts, ManifestName, now.Add(-abandoned)) // the folder may be the user's
	entries, err := os.ReadDir(b.Artifacts)
	if err != nil {
		return // publishing will tell the same
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), stagingPrefix) {
			continue
		}
		if st, err := e.Info(); err == nil && now.Sub(st.ModTime()) > abandoned {
			_ = fsx.RemoveAll(filepath.Join(b.Artifacts, e.Name()))
		}
	}
}

// publish makes the artifact at made, on the same file system, durable and
// then visible as name below the artifacts folder, in one step. It returns its
// slash path below the root, or its absolute path when it lies elsewhere.
func (b *Builder) publish(made, name string) (string, error) {
	to := filepath.Join(b.Artifacts, name)
	if err := fsx.MakeOwnFolder(b.Artifacts, filepath.Dir(to)); err != nil {
		return "", fmt.Errorf("publishing %s: %w", name, err)
	}
	if err := syncTree(made); err != nil {
		return "", fault.Environmentf("the last good artifact is kept", "publishing %s: %w", name, err)
	}
	if err := fsx.Replace(made, to); err != nil {
		if _, serr := os.Lstat(to); serr == nil && fsx.IsInUse(err) {
			return "", b.publishBeside(made, name, fsx.Holders(to))
		}
		return "", fault.Environmentf("the last good artifact is kept", "publishing %s: %w", name, err)
	}
	b.removeBeside(name)
	if err := fsx.Sync(filepath.Dir(to)); err != nil {
		return "", fault.Environmentf("", "publishing %s: %w", name, err)
	}
	return b.pathOf(name), nil
}

// pathOf is the Artifact.Path of the artifact named name below the artifacts folder.
func (b *Builder) pathOf(name string) string {
	to := filepath.Join(b.Artifacts, name)
	if rel, err := filepath.Rel(b.Root, to); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(to)
}

// syncTree flushes a file, or a folder and all below it, to the disk.
func syncTree(name string) error {
	return filepath.WalkDir(name, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return fsx.Sync(p)
	})
}

// getFolder takes the folder name below dir out of a session and puts it in
// the place of to.
func getFolder(ctx context.Context, s engine.Session, dir, name, to string) error {
	part := to + ".new"
	if err := errors.Join(fsx.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return err
	}
	defer fsx.RemoveAll(part)
	if err := takeOut(ctx, s, dir, []source.Part{{Name: name, Bytes: source.MostLearnt, Entries: source.MostLearntFiles}}, part); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	from := filepath.Join(part, name)
	if _, err := os.Lstat(from); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return moveFolder(from, to)
}

// moveFolder puts the folder from in the place of to, which may lie on another
// file system.
func moveFolder(from, to string) error {
	if err := fsx.RemoveAll(to); err != nil {
		return err
	}
	err := fsx.Rename(from, to)
	if fsx.IsCrossDevice(err) {
		return os.CopyFS(to, os.DirFS(from))
	}
	return err
}
