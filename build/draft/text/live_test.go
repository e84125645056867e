package text_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/draft/text"
)

const realImage = "vvakame/review:5.9"

// TestTextIsWhatTheRealImagePrints compares whole books with what the real
// review-textmaker -n makes of them now: the recorded one, the repository's
// sample book, and those whose config files BOOKCI_BOOKS lists. It is skipped
// where the image is not to be had.
func TestTextIsWhatTheRealImagePrints(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the real image")
	}
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Skip("no Docker: ", err)
	}
	t.Cleanup(func() { _ = api.Close() })
	if _, err := api.ImageInspect(t.Context(), realImage); err != nil {
		t.Skip(realImage, " is not to be had: ", err)
	}
	configs := []string{
		filepath.Join("testdata", "book", "config.yml"),
		filepath.Join("..", "..", "..", "sample-book", "config.yml"),
	}
	configs = append(configs, strings.Fields(os.Getenv("BOOKCI_BOOKS"))...)
	for _, config := range configs {
		t.Run(filepath.Base(filepath.Dir(config)), func(t *testing.T) {
			dir, name := filepath.Split(config)
			tree := read(t, dir, name)
			for _, f := range tree.Faults {
				if f.Severity == book.Error {
					t.Error("a false alarm: ", f)
				}
			}
			printed := printByImage(t, api, dir, name)
			equal, total := 0, 0
			for _, f := range text.Files(tree) {
				want, ok := printed[f.Name]
				if !ok {
					t.Errorf("the image prints no %s", f.Name)
				}
				e, n := compare(t, f.Name, f.Text, want)
				equal, total = equal+e, total+n
			}
			t.Logf("%d of %d lines are equal", equal, total)
			if total == 0 || equal != total {
				t.Errorf("%d of %d lines are equal", equal, total)
			}
		})
	}
}

// printByImage runs review-textmaker -n in a container and returns the files
// that it leaves.
func printByImage(t *testing.T, api *client.Client, dir, config string) map[string]string {
	t.Helper()
	ctx := t.Context()
	created, err := api.ContainerCreate(ctx, &container.Config{
		Image: realImage, WorkingDir: "/book", NetworkDisabled: true,
		Cmd: []string{"/bin/bash", "-lc", "review-textmaker -n " + config},
	}, &container.HostConfig{NetworkMode: "none"}, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.ContainerRemove(context.Background(), created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			t.Error(err)
		}
	})
	if err := api.CopyToContainer(ctx, created.ID, "/", tarOf(t, dir, "book"), container.CopyToContainerOptions{}); err != nil {
		t.Fatal(err)
	}
	done, failed := api.ContainerWait(ctx, created.ID, container.WaitConditionNextExit)
	if err := api.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		t.Fatal(err)
	case s := <-done:
		if s.StatusCode != 0 {
			out, _ := api.ContainerLogs(ctx, created.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
			var log []byte
			if out != nil {
				log, _ = io.ReadAll(io.LimitReader(out, 1<<16))
			}
			t.Fatalf("review-textmaker: exit status %d\n%s", s.StatusCode, log)
		}
	}
	r, _, err := api.CopyFromContainer(ctx, created.ID, "/book")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	printed := map[string]string{}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err == io.EOF {
			return printed
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path.Dir(h.Name), "-text") {
			data, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			printed[path.Base(h.Name)] = string(data)
		}
	}
}

// tarOf is a folder as a tar, below name.
func tarOf(t *testing.T, dir, name string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || d.Name() == ".git" {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			return err
		}
		h := &tar.Header{Name: path.Join(name, filepath.ToSlash(rel)), Mode: 0o644, Size: info.Size()}
		if d.IsDir() {
			h.Typeflag, h.Mode, h.Size = tar.TypeDir, 0o755, 0
		}
		if err := w.WriteHeader(h); err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &b
}
