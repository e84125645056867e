package build

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// CommandJob is a command of the user's to run where the makers run.
type CommandJob struct {
	Job            // of the variant in whose session and folder it runs
	Argv           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Write brings what the command changed back into the source folder. DryRun
	// only lists in the result what Write would bring.
	Write, DryRun bool
	// Reports are patterns, as in a .dockerignore, of files that the command
	// writes and that come back into Builder.Artifacts.
	Reports func(name string) bool
}

// CommandResult says what a command left.
type CommandResult struct {
	Status  int
	Written []string // slash paths below the root that were changed or made
	Removed []string // and that were removed
	Refused []string // that do not come back, each with the reason: "hooks/x: would be executable"
	Reports []string // slash paths below the artifacts folder
}

// Run runs a command in a fresh work tree.
func (b *Builder) Run(ctx context.Context, job CommandJob) (res CommandResult, err error) {
	if err := b.setup(); err != nil {
		return res, err
	}
	if b.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, b.Timeout, ErrTimeout)
		defer cancel()
	}
	code, err := b.code(job.Job)
	if err != nil {
		return res, source.OrChanged(err, b.Root, job.Inputs)
	}
	s, _, err := b.session(ctx, job.Job, code, "")
	if err != nil {
		return res, err
	}
	if err := s.Sync(ctx, job.Tree); err != nil {
		return res, err
	}
	own := s.Paths().Own
	res.Status, err = s.Run(ctx, engine.Command{
		// The shell puts the image's own PATH and bookci's folder together.
		Argv:  append([]string{"/bin/sh", "-c", `exec "$@"`, "bookci"}, job.Argv...),
		Dir:   job.Book.Dir,
		Env:   append(b.dates(), "BOOKCI_STATE="+own+"/state/run"),
		Stdin: job.Stdin, Stdout: job.Stdout, Stderr: job.Stderr,
	})
	if err != nil || !job.Write && job.Reports == nil {
		return res, err
	}
	staging, err := b.newStaging()
	if err != nil {
		return res, err
	}
	defer staging.remove()
	changes, err := b.readChanges(ctx, s, staging.dir, job)
	if err != nil {
		return res, fmt.Errorf("reading what the command changed: %w", err)
	}
	if res.Reports, err = b.keepReports(staging.dir, changes.reports); err != nil {
		return res, err
	}
	res.Refused = changes.refused
	switch {
	case job.DryRun:
		res.Written, res.Removed = changes.written, changes.removed
	case job.Write:
		res.Written, res.Removed, err = b.writeBack(staging.dir, job.Tree, changes)
	}
	return res, err
}

// changes are what a command left in its work tree; their contents lie in a staging folder.
type changes struct {
	written []string // new, or other than the source
	removed []string
	reports []string
	refused []string
}

// refusal tells why a file that a command wrote does not come back, "" for one
// that does. Only the book's own files come back: none in folders of version
// control or bookci, no artifact, and none that is executable now and was not.
func (b *Builder) refusal(name string, mode int64, known bool, f source.File) string {
	if fsx.LiesInKept(name) {
		return "lies in a folder that is no source"
	}
	if rel, err := filepath.Rel(b.Root, b.Artifacts); err == nil && filepath.IsLocal(rel) {
		if below := filepath.ToSlash(rel); below != "." && (name == below || strings.HasPrefix(name, below+"/")) {
			return "lies among the artifacts"
		}
	}
	if mode&0o111 != 0 && (!known || f.Mode&0o111 == 0) {
		return "would be executable, which it was not before"
	}
	return ""
}

// Bounds of what a session sends after a command: the root's own files, too.
const (
	maxChanges      = 8 << 30
	maxChangedFiles = 200_000
)

// readChanges compares the work tree with the source and stages what differs.
// Nothing is written to the source before all of it has been read.
func (b *Builder) readChanges(ctx context.Context, s engine.Session, staging string, job CommandJob) (c changes, err error) {
	missing := map[string]source.File{}
	for _, f := range job.Tree {
		if !f.Mode.IsDir() {
			missing[f.Path] = f
		}
	}
	src, err := fsx.OpenRoot(b.Root)
	if err != nil {
		return c, err
	}
	defer src.Close()
	staged, err := fsx.OpenRoot(staging)
	if err != nil {
		return c, err
	}
	defer staged.Close()
	dst, err := os.OpenRoot(staging)
	if err != nil {
		return c, err
	}
	defer dst.Close()
	out := getting(ctx, s, s.Paths().Work, ".")
	defer out.Close() // a failure shows in the reading below
	tr := tar.NewReader(out)
	bytesLeft, filesLeft := int64(maxChanges), maxChangedFiles
	var folders source.Folders
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, err
		}
		name := path.Clean(h.Name)
		local := filepath.FromSlash(name)
		if name == "." || !filepath.IsLocal(local) {
			continue
		}
		if err := source.CheckName(name); err != nil {
			return c, err
		}
		f, known := missing[name]
		delete(missing, name)
		if h.Typeflag != tar.TypeReg {
			continue // links and folders are not brought back
		}
		report := job.Reports != nil && job.Reports(name)
		if !report && !job.Write {
			continue
		}
		if why := b.refusal(name, h.Mode, known, f); why != "" && !report {
			c.refused = append(c.refused, name+": "+why)
			continue
		}
		if bytesLeft -= h.Size; bytesLeft < 0 {
			return c, fmt.Errorf("%s: the command wrote more than %d GiB", name, maxChanges>>30)
		}
		if filesLeft -= 1 + folders.Add(path.Dir(name), "."); filesLeft < 0 {
			return c, fmt.Errorf("%s: the command wrote more than %d files", name, maxChangedFiles)
		}
		if err := source.ExtractFile(dst, local, h, tr); err != nil {
			return c, err
		}
		if report {
			c.reports = append(c.reports, name)
		}
		if known && f.Mode.IsRegular() {
			same, err := sameContent(src, staged, name)
			if err != nil {
				return c, err
			}
			if same {
				continue
			}
		}
		if !report || known {
			c.written = append(c.written, name)
		}
	}
	for name := range missing {
		c.removed = append(c.removed, name)
	}
	slices.Sort(c.removed)
	slices.Sort(c.written)
	return c, nil
}

func sameContent(a, b *fsx.Root, name string) (bool, error) {
	x, err := a.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := b.Open(name)
	if err != nil {
		return false, err
	}
	defer y.Close()
	p, q := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errX := io.ReadFull(x, p)
		m, errY := io.ReadFull(y, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		if errX != nil || errY != nil {
			return true, nil // both ended: the parts before were equal
		}
	}
}

// writeBack puts the staged changes into the source folder, each by rename. A
// source that changed while the command ran is left alone: the author's edit wins.
func (b *Builder) writeBack(staging string, tree []source.File, c changes) (written, removed []string, err error) {
	before := map[string]source.File{}
	for _, f := range tree {
		before[f.Path] = f
	}
	dir, err := os.OpenRoot(b.Root)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	var errs []error
	for _, name := range c.written {
		local := filepath.FromSlash(name)
		if err := unchangedSince(dir, local, before[name]); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := b.putBack(dir, filepath.Join(staging, local), local, before[name]); err != nil {
			errs = append(errs, fmt.Errorf("writing %s: %w", name, err))
			continue
		}
		written = append(written, name)
	}
	for _, name := range c.removed {
		local := filepath.FromSlash(name)
		if err := unchangedSince(dir, local, before[name]); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := dir.Remove(local); err != nil {
			errs = append(errs, fmt.Errorf("removing %s: %w", name, err))
			continue
		}
		removed = append(removed, name)
	}
	return written, removed, errors.Join(errs...)
}

// unchangedSince checks that a source is as it was when the work tree was filled.
func unchangedSince(dir *os.Root, local string, f source.File) error {
	st, err := dir.Lstat(local)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f.Path == "" {
			return nil
		}
	case err != nil:
		return err
	case f.Path != "" && st.ModTime().UnixNano() == f.MTime && (st.Size() == f.Size || f.Mode&fs.ModeSymlink != 0):
		return nil
	}
	return fmt.Errorf("%s changed while the command ran: the command's version is left out", filepath.ToSlash(local))
}

func (b *Builder) putBack(dir *os.Root, from, local string, old source.File) error {
	if parent := filepath.Dir(local); parent != "." {
		if err := dir.MkdirAll(parent, 0o755); err != nil {
			return err
		}
	}
	in, err := fsx.OpenBelow(filepath.Dir(from), from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	perm := st.Mode().Perm()
	if old.Path != "" && old.Mode.IsRegular() {
		perm = old.Mode.Perm()
	}
	// The random name is none of the author's. The reaper removes the file should
	// bookci be killed before the rename.
	temp := filepath.Join(filepath.Dir(local), stagingPrefix+rand.Text())
	full := filepath.Join(b.Root, temp)
	if err := b.Reaper.Remove(full); err != nil {
		return err
	}
	defer func() { _ = b.Reaper.Keep(full) }() // renamed or removed: nothing is left there
	out, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err == nil {
		err = dir.Rename(temp, local)
	}
	if err != nil {
		return errors.Join(err, dir.Remove(temp))
	}
	return nil
}

// keepReports moves reports below the artifacts folder, where CI looks for them.
func (b *Builder) keepReports(staging string, names []string) ([]string, error) {
	for _, name := range names {
		to := filepath.Join(b.Artifacts, filepath.FromSlash(name))
		if err := fsx.MakeOwnFolder(b.Artifacts, filepath.Dir(to)); err != nil {
			return nil, fmt.Errorf("keeping the report %s: %w", name, err)
		}
		from := filepath.Join(staging, filepath.FromSlash(name))
		// Jenkins and others refuse reports that are older than the job.
		now := b.Now()
		if err := errors.Join(os.Chtimes(from, time.Time{}, now), fsx.Rename(from, to)); err != nil {
			return nil, fault.Environmentf("", "keeping the report %s: %w", name, err)
		}
	}
	return names, nil
}
