// Package standin is a small image that behaves like the real one: the makers,
// TeX and its companions as shell scripts over a static busybox. Tests build
// it in a second, and its programs misbehave when a manuscript asks for it.
package standin

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

//go:embed image
var files embed.FS

// Repository is the name of the stand-in images; the tag says what is in one.
const Repository = "bookci-test/review"

// gemDir is where the real image has the style files.
const gemDir = "var/lib/gems/3.0.0/gems/review-5.9.0"

// API is the part of the Engine API that the image is made with.
type API interface {
	ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error)
	ImageImport(ctx context.Context, source image.ImportSource, ref string, opts image.ImportOptions) (io.ReadCloser, error)
}

// Busybox finds a static busybox on this machine.
func Busybox() (string, error) {
	found, _ := exec.LookPath("busybox") // "" where PATH has none
	for _, name := range []string{found, "/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static", "/usr/lib/initcpio/busybox"} {
		if name != "" && isStatic(name) {
			return name, nil
		}
	}
	return "", errors.New("no static busybox on this machine (`go run ./internal/tests` fetches it)")
}

func isStatic(name string) bool {
	f, err := elf.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

// Build puts the image into the daemon, unless it has it, and returns its name.
func Build(ctx context.Context, api API) (ref string, err error) {
	return buildWith(ctx, api, "5.9-", nil)
}

// buildWith makes the image, whose tag begins with tag. more are files of this
// machine that it has too, by their path in the image.
func buildWith(ctx context.Context, api API, tag string, more map[string]string) (ref string, err error) {
	busybox, err := Busybox()
	if err != nil {
		return "", err
	}
	var content bytes.Buffer
	if err := write(&content, busybox, more); err != nil {
		return "", fmt.Errorf("making the stand-in image: %w", err)
	}
	sum := sha256.Sum256(content.Bytes())
	ref = Repository + ":" + tag + hex.EncodeToString(sum[:6])
	if _, err := api.ImageInspect(ctx, ref); err == nil || !errdefs.IsNotFound(err) {
		return ref, err
	}
	body, err := api.ImageImport(ctx, image.ImportSource{Source: &content, SourceName: "-"}, ref, image.ImportOptions{
		Changes: []string{"ENV PATH=/usr/local/bin:/bin", "CMD [\"/bin/sh\"]"},
	})
	if err != nil {
		return "", fmt.Errorf("making the stand-in image: %w", err)
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return "", fmt.Errorf("making the stand-in image: %w", err)
	}
	_, err = api.ImageInspect(ctx, ref) // a failure inside the daemon's account shows here
	return ref, err
}

// Unpack writes the programs below dir, for the host engine, and returns the
// folders that a PATH needs. Busybox comes before the machine's own tools, so
// that the programs find the same as in the image.
func Unpack(dir string) (bins []string, err error) {
	busybox, err := Busybox()
	if err != nil {
		return nil, err
	}
	err = each(func(name string, mode fs.FileMode, text []byte) error {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, text, mode)
	})
	if err != nil {
		return nil, err
	}
	tools := filepath.Join(dir, "bin")
	if err := os.MkdirAll(tools, 0o755); err != nil {
		return nil, err
	}
	names, err := applets(busybox)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := os.Symlink(busybox, filepath.Join(tools, name)); err != nil {
			return nil, err
		}
	}
	return []string{filepath.Join(dir, "usr/local/bin"), tools}, nil
}

// each calls put for every program, with its path in the image.
func each(put func(name string, mode fs.FileMode, text []byte) error) error {
	return fs.WalkDir(files, "image", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		kind, rest, _ := strings.Cut(strings.TrimPrefix(name, "image/"), "/")
		switch kind {
		case "bin":
			return put("usr/local/bin/"+rest, 0o755, text)
		case "lib":
			return put("usr/local/lib/standin/"+rest, 0o644, text)
		default:
			return put(gemDir+"/"+rest, 0o644, text)
		}
	})
}

// applets are the names of the programs that busybox can be, without its own.
func applets(busybox string) ([]string, error) {
	out, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("asking busybox for its programs: %w", err)
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		if name != "busybox" {
			names = append(names, name)
		}
	}
	return names, nil
}

// write writes the image's file system as a tar: the same bytes for the same
// content.
func write(w io.Writer, busybox string, more map[string]string) error {
	tw := tar.NewWriter(w)
	made := map[string]bool{}
	var folder func(name string, mode int64) error
	folder = func(name string, mode int64) error {
		if name == "." || made[name] {
			return nil
		}
		if err := folder(path.Dir(name), 0o755); err != nil {
			return err
		}
		made[name] = true
		return tw.WriteHeader(&tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode})
	}
	put := func(name string, mode fs.FileMode, text []byte) error {
		if err := folder(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err := tw.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: int64(mode), Size: int64(len(text))}); err != nil {
			return err
		}
		_, err := tw.Write(text)
		return err
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	names, err := applets(busybox)
	if err != nil {
		return err
	}
	if err := put("bin/busybox", 0o755, program); err != nil {
		return err
	}
	for _, name := range names {
		if err := tw.WriteHeader(&tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}); err != nil {
			return err
		}
	}
	if err := errors.Join(folder("tmp", 0o1777), folder("root", 0o700), folder("mnt", 0o755),
		put("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n")), each(put)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		text, err := os.ReadFile(more[name])
		if err != nil {
			return err
		}
		if err := put(name, 0o755, text); err != nil {
			return err
		}
	}
	return tw.Close()
}
