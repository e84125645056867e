package cache

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/internal/standin"
)

// The tests run against real engines: the one of DOCKER_HOST and those that
// BOOKCI_TEST_ENGINES names (URLs, separated by commas). They make and remove
// images named bookci-test/... only.
func engines(t testing.TB) []*client.Client {
	t.Helper()
	hosts := []string{""}
	if more := os.Getenv("BOOKCI_TEST_ENGINES"); more != "" {
		hosts = append(hosts, strings.Split(more, ",")...)
	}
	var list []*client.Client
	for _, host := range hosts {
		opts := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
		if host != "" {
			opts = append(opts, client.WithHost(host))
		}
		c, err := client.NewClientWithOpts(opts...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Ping(t.Context()); err != nil {
			if host == "" {
				t.Skip("no Docker Engine: ", err)
			}
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		list = append(list, c)
	}
	return list
}

// eachEngine runs a test on every engine.
func eachEngine(t *testing.T, f func(t *testing.T, c *client.Client)) {
	for _, c := range engines(t) {
		info, err := c.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		store := "classic"
		if keepsContentByManifest(info) {
			store = "containerd"
		}
		t.Run(info.ServerVersion+"-"+store, func(t *testing.T) { f(t, c) })
	}
}

// busybox is a static shell to put into images.
func busybox(t testing.TB) []byte {
	t.Helper()
	name, err := standin.Busybox()
	if err != nil {
		t.Skip(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// makeImage builds bookci-test/NAME from scratch: a layer with busybox, and one
// of about a megabyte for each seed. Equal seeds give equal layers, and the
// same prefix of seeds the same lowest layers.
func makeImage(t testing.TB, c *client.Client, name string, seeds ...string) string {
	t.Helper()
	ref := fmt.Sprintf("bookci-test/%s-%08x:1", name, rand.Uint32())
	files := map[string][]byte{"busybox": busybox(t)}
	dockerfile := "FROM scratch\nCOPY busybox /bin/busybox\nENV BOOK=" + name + "\n"
	for i, seed := range seeds {
		file := fmt.Sprintf("layer%d", i)
		files[file] = noise(seed, 1<<20)
		dockerfile += fmt.Sprintf("COPY %s /%s\n", file, file)
	}
	dockerfile += "CMD [\"/bin/busybox\", \"sha256sum\", \"/layer0\"]\n"
	files["Dockerfile"] = []byte(dockerfile)
	buildImage(t, c, ref, files)
	return ref
}

// buildImage builds ref from the files of a context, until the test ends.
func buildImage(t testing.TB, c *client.Client, ref string, files map[string][]byte) {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for name, content := range files {
		fatal(t, tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := tw.Write(content)
		fatal(t, err)
	}
	fatal(t, tw.Close())
	resp, err := c.ImageBuild(t.Context(), &b, build.ImageBuildOptions{Tags: []string{ref}, Remove: true, Version: build.BuilderV1})
	fatal(t, err)
	defer resp.Body.Close()
	fatal(t, readStream(resp.Body, func(streamMessage) {}))
	t.Cleanup(func() { removeImage(t, c, ref) })
}

// noise is incompressible by half and the same for the same seed.
func noise(seed string, size int) []byte {
	r := rand.NewChaCha8(sha256.Sum256([]byte(seed)))
	b := make([]byte, size)
	for i := 0; i < size; i += 8192 {
		_, _ = r.Read(b[i:min(i+4096, size)])
	}
	return b
}

func removeImage(t testing.TB, c *client.Client, ref string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	_, err := c.ImageRemove(ctx, ref, image.RemoveOptions{Force: true, PruneChildren: true})
	if err != nil && !strings.Contains(err.Error(), "No such image") {
		t.Error(err)
	}
}

// runs runs the image's command and returns what it printed.
func runs(t testing.TB, c *client.Client, ref string) string {
	t.Helper()
	made, err := c.ContainerCreate(t.Context(), &container.Config{Image: ref, Tty: true}, &container.HostConfig{NetworkMode: "none"}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, container.RemoveOptions{Force: true})
	if err := c.ContainerStart(t.Context(), made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	done, failed := c.ContainerWait(t.Context(), made.ID, container.WaitConditionNotRunning)
	select {
	case <-done:
	case err := <-failed:
		t.Fatal(err)
	}
	logs, err := c.ContainerLogs(t.Context(), made.ID, container.LogsOptions{ShowStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	out, err := io.ReadAll(logs)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// printed is what the image of makeImage prints.
func printed(seed string) string {
	sum := sha256.Sum256(noise(seed, 1<<20))
	return hex.EncodeToString(sum[:]) + "  /layer0"
}

func newStore(t testing.TB, c Daemon) *Store {
	t.Helper()
	return &Store{Dir: filepath.Join(t.TempDir(), "cache"), Daemon: c, Now: time.Now}
}

func imageID(t testing.TB, c *client.Client, ref string) string {
	t.Helper()
	img, err := c.ImageInspect(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return img.ID
}

// files lists a folder's files with their sizes and times.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		m[e.Name()] = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
	}
	return m
}

// makeTop builds ref from base with one more layer, and returns its ID.
func makeTop(t testing.TB, c *client.Client, base, ref string) string {
	t.Helper()
	buildImage(t, c, ref, map[string][]byte{"Dockerfile": []byte("FROM " + base + "\nCOPY top /top\n"), "top": noise("top", 1<<20)})
	return imageID(t, c, ref)
}

// boaster is a daemon that claims to have layers that it does not.
type boaster struct {
	*client.Client
	layers []string
}

func (b *boaster) ImageList(context.Context, image.ListOptions) ([]image.Summary, error) {
	return []image.Summary{{ID: "boast"}}, nil
}

func (b *boaster) ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error) {
	if ref == "boast" {
		return image.InspectResponse{ID: "boast", RootFS: image.RootFS{Layers: b.layers}}, nil
	}
	return b.Client.ImageInspect(ctx, ref, opts...)
}

// wholeBody notes whether a load's body was read to its end.
type wholeBody struct {
	*client.Client
	ended bool
}

func (w *wholeBody) ImageLoad(ctx context.Context, r io.Reader, opts ...client.ImageLoadOption) (image.LoadResponse, error) {
	return w.Client.ImageLoad(ctx, readerFunc(func(b []byte) (int, error) {
		n, err := r.Read(b)
		if err == io.EOF {
			w.ended = true
		}
		return n, err
	}), opts...)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
