package cache

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/bookci/bookci/internal/fsx"
)

// buildContext is the files that are sent to build an image.
type buildContext struct {
	dir   string
	files []contextFile // in order of path
}

type contextFile struct {
	path string // slash path below dir
	info fs.FileInfo
	link string
}

// readContext lists a context folder, less what its .dockerignore leaves out.
// As with docker, NAME.dockerignore beside a Dockerfile NAME goes before
// .dockerignore, and the Dockerfile is always sent.
func readContext(opts BuildOptions) (*buildContext, error) {
	dir, dockerfile := opts.Context, opts.dockerfile()
	if !fs.ValidPath(dockerfile) || dockerfile == "." {
		return nil, fmt.Errorf("dockerfile %q is not below the context", dockerfile)
	}
	f, err := opts.open(dockerfile)
	if err != nil {
		return nil, err
	}
	f.Close() // only looked at
	patterns, ignoreName, err := readIgnore(opts)
	if err != nil {
		return nil, err
	}
	ignore, err := patternmatcher.New(append(patterns, opts.Exclude...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ignoreName, err)
	}
	c := &buildContext{dir: dir}
	err = c.walk(ignore, dockerfile)
	slices.SortFunc(c.files, func(a, b contextFile) int { return strings.Compare(a.path, b.path) })
	return c, err
}

func readIgnore(opts BuildOptions) (patterns []string, name string, err error) {
	for _, name = range []string{opts.dockerfile() + ".dockerignore", ".dockerignore"} {
		f, err := opts.open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, name, err
		}
		patterns, err = ignorefile.ReadAll(io.LimitReader(f, maxDockerfile))
		f.Close() // only read
		if err != nil {
			return nil, name, fmt.Errorf("%s: %w", name, err)
		}
		return patterns, name, nil
	}
	return nil, "", nil
}

func (c *buildContext) walk(ignore *patternmatcher.PatternMatcher, dockerfile string) error {
	parents := map[string]patternmatcher.MatchInfo{}
	return filepath.WalkDir(c.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.dir, name)
		if err != nil || rel == "." {
			return err
		}
		slash := filepath.ToSlash(rel)
		out, info, err := ignore.MatchesUsingParentResults(rel, parents[path.Dir(slash)])
		if err != nil {
			return err
		}
		if d.IsDir() {
			parents[slash] = info
		}
		needed := slash == dockerfile || d.IsDir() && strings.HasPrefix(dockerfile, slash+"/")
		if out && !needed {
			if d.IsDir() && !ignore.Exclusions() {
				return fs.SkipDir
			}
			return nil
		}
		return c.add(slash, d)
	})
}

// add adds a file, folder or link. Sockets and the like are left out, as docker does.
func (c *buildContext) add(slash string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	f := contextFile{path: slash, info: info}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		f.link, err = os.Readlink(filepath.Join(c.dir, filepath.FromSlash(slash)))
		f.link = filepath.ToSlash(f.link)
	case !info.IsDir() && !info.Mode().IsRegular():
		return nil
	}
	c.files = append(c.files, f)
	return err
}

// permissions are what of a file's mode counts. Git keeps no more than the
// executable bit, and umasks differ, so that more would give each machine its own hash.
func (f contextFile) permissions() int64 {
	if f.info.IsDir() || f.info.Mode()&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// hash is the content hash of the context and of all else that goes into the image, in hex.
func (c *buildContext) hash(opts BuildOptions) (string, error) {
	sum := sha256.New()
	// %q keeps the fields apart, whatever they hold.
	fmt.Fprintf(sum, "bookci image 1\ndockerfile %q\nplatform %q\n", opts.dockerfile(), opts.Platform)
	for _, k := range slices.Sorted(maps.Keys(opts.Args)) {
		fmt.Fprintf(sum, "arg %q %q\n", k, opts.Args[k])
	}
	list, err := readDockerfile(opts)
	if err != nil {
		return "", err
	}
	if opts.Lock != nil {
		bases, err := baseImages(list, opts.Args)
		if err != nil {
			return "", fmt.Errorf("%s: %w", opts.dockerfile(), err)
		}
		for _, base := range bases {
			if pin := opts.Lock.Pin(base); pin != nil {
				fmt.Fprintf(sum, "base %q %q\n", base, pin.identity())
			}
		}
	}
	copies := copiesFiles(list)
	for _, f := range c.files {
		if !copies && f.path != path.Clean(opts.dockerfile()) {
			continue
		}
		fmt.Fprintf(sum, "%q %o %q ", f.path, f.permissions(), f.link)
		if f.info.Mode().IsRegular() {
			of := sha256.New()
			if err := c.copy(of, f); err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "%x", of.Sum(nil))
		}
		fmt.Fprintln(sum)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copy copies a file's content: exactly the size that was listed.
func (c *buildContext) copy(w io.Writer, f contextFile) error {
	r, err := fsx.OpenBelow(c.dir, filepath.Join(c.dir, filepath.FromSlash(f.path)))
	if err != nil {
		return err
	}
	defer r.Close() // only read
	n, err := io.Copy(w, io.LimitReader(r, f.info.Size()))
	if err == nil && n != f.info.Size() {
		err = fmt.Errorf("%s changed while it was read", f.path)
	}
	return err
}

// tar writes the context as a tar without owners and times, so that the
// builder's own cache finds equal files equal.
func (c *buildContext) tar(w io.Writer) error {
	tw := tar.NewWriter(w)
	for _, f := range c.files {
		h := &tar.Header{Name: f.path, Mode: f.permissions(), Typeflag: tar.TypeReg, Size: f.info.Size(), Format: tar.FormatPAX}
		switch {
		case f.info.IsDir():
			h.Name, h.Typeflag, h.Size = f.path+"/", tar.TypeDir, 0
		case f.link != "":
			h.Typeflag, h.Size, h.Linkname = tar.TypeSymlink, 0, f.link
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg {
			if err := c.copy(tw, f); err != nil {
				return err
			}
		}
	}
	return tw.Close()
}
