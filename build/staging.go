package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"golang.org/x/sys/unix"
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
		_ = s.b.Reaper.Keep(s.dir) // it is gone: removing it again does nothing
	}
}

// sweepStaging removes what a bookci left that lost its machine's power.
func (b *Builder) sweepStaging() {
	entries, err := os.ReadDir(b.Artifacts)
	if err != nil {
		return // found out again when something is published
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), stagingPrefix) {
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
	if err := replace(made, to); err != nil {
		return "", fault.Environmentf("the last good artifact is kept", "publishing %s: %w", name, err)
	}
	if err := syncPath(filepath.Dir(to)); err != nil {
		return "", fault.Environmentf("", "publishing %s: %w", name, err)
	}
	return b.pathOf(name), nil
}

// pathOf is what is said of the artifact named name below the artifacts folder.
func (b *Builder) pathOf(name string) string {
	to := filepath.Join(b.Artifacts, name)
	if rel, err := filepath.Rel(b.Root, to); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(to)
}

// replace puts made in the place of to. A folder cannot be renamed over one
// that holds files: the two are exchanged, and the old one goes with the
// staging folder.
func replace(made, to string) error {
	err := os.Rename(made, to)
	if err == nil || !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.EISDIR) {
		return err
	}
	if err := fsx.Exchange(made, to); !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// Between these two, nothing stands at to: the best that such a file system offers.
	old := made + ".old"
	if err := os.Rename(to, old); err != nil {
		return err
	}
	if err := os.Rename(made, to); err != nil {
		return errors.Join(err, os.Rename(old, to))
	}
	return nil
}

// syncTree flushes a file, or a folder and all below it, to the disk.
func syncTree(name string) error {
	return filepath.WalkDir(name, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(p)
	})
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // a file system that cannot
	}
	return errors.Join(err, f.Close())
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// getFolder takes the folder name below dir out of a session and puts it in
// the place of to.
func getFolder(ctx context.Context, s engine.Session, dir, name, to string) error {
	part := to + ".new"
	if err := errors.Join(fsx.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return err
	}
	defer fsx.RemoveAll(part)
	if err := takeOut(ctx, s, dir, []source.Part{{Name: name, Bytes: maxLearnt, Entries: maxKept}}, part); err != nil {
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
	err := os.Rename(from, to)
	if errors.Is(err, unix.EXDEV) {
		return os.CopyFS(to, os.DirFS(from))
	}
	return err
}

// maxLearnt bounds what is kept between builds: TeX's files are small, its
// font caches some 20 MB.
const maxLearnt = 512 << 20
