package inside

import (
	"archive/tar"
	"embed"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fsx"
)

// files holds the programs that work inside a session: bin comes first on
// PATH, lib is preloaded into Ruby.
//
//go:embed all:bin all:lib
var files embed.FS

// WriteOwn writes bookci's own folder, with the seeds in it, as a tar stream.
// seen tells where the session sees a folder of this machine, "" where it does
// not; nil: it sees none.
func WriteOwn(w io.Writer, seeds []engine.Seed, seen func(dir string) string) error {
	counter := &source.CountWriter{W: w}
	tw := tar.NewWriter(counter)
	write := func(name string, mode int64, text []byte) error {
		h := &tar.Header{Name: name, Mode: mode, Size: int64(len(text)), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		_, err := tw.Write(text)
		return err
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if path.Dir(name) == "bin" {
			mode = 0o755
		}
		return write(name, mode, text)
	})
	if err != nil {
		return err
	}
	shims, text, err := texShims()
	if err != nil {
		return err
	}
	for _, name := range shims {
		if err := write(name, 0o755, text); err != nil {
			return err
		}
	}
	// A session's own part of the memory of pictures begins empty.
	if err := tw.WriteHeader(&tar.Header{Name: "pictures/new/", Mode: 0o755, ModTime: time.Unix(0, 0), Typeflag: tar.TypeDir}); err != nil {
		return err
	}
	for _, seed := range seeds {
		if err := writeSeed(tw, seed, seen); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return source.PadRecord(counter)
}

// WriteSeeds writes seeds alone, for a session that has bookci's own folder.
func WriteSeeds(w io.Writer, seeds []engine.Seed) error {
	counter := &source.CountWriter{W: w}
	tw := tar.NewWriter(counter)
	for _, seed := range seeds {
		if err := writeSeed(tw, seed, nil); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return source.PadRecord(counter)
}

// writeSeed writes what can be read of a seed, or a link to where it is seen.
func writeSeed(tw *tar.Writer, seed engine.Seed, seen func(dir string) string) error {
	if seed.InPlace != engine.Copied {
		if seen != nil {
			if there := seen(seed.From); there != "" {
				return tw.WriteHeader(&tar.Header{
					Name: seed.To, Linkname: there, Mode: 0o777, ModTime: time.Unix(0, 0), Typeflag: tar.TypeSymlink,
				})
			}
		}
		if seed.InPlace == engine.OnlyInPlace {
			return nil
		}
	}
	dir, err := fsx.OpenRoot(seed.From)
	if err != nil {
		return nil
	}
	defer dir.Close()
	files, err := source.ListFolder(seed.From, source.MostLearnt, source.MostLearntFiles)
	if err != nil {
		return nil // what a build would not have kept is left out as a whole
	}
	if slices.ContainsFunc(files, func(f source.File) bool { return source.CheckName(path.Join(seed.To, f.Path)) != nil }) {
		return nil // it could not come home again
	}
	for _, f := range files {
		// Opened before its header is written: what cannot be read is left out.
		src, err := dir.Open(f.Path)
		if err != nil {
			continue
		}
		err = source.WriteOpened(tw, src, path.Join(seed.To, f.Path), f)
		src.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Env is what every command of a session sees.
func Env(p engine.Paths) []string {
	cache := p.Own + "/texmf-var"
	return []string{
		"BOOKCI_WORK=" + p.Work,
		"BOOKCI_OWN=" + p.Own,
		"HOME=" + p.Own + "/home",
		"TEXMFVAR=" + cache,
		"TEXMFCACHE=" + cache,
		"VARTEXFONTS=" + cache + "/fonts",
	}
}
