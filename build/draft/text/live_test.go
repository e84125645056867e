package text_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
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
	api := dockerWithImage(t)
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
			files := text.Files(tree)
			if len(files) != len(printed) {
				t.Errorf("%d files, the image prints %d", len(files), len(printed))
			}
			for _, f := range files {
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

// Chapters that have been mutilated at random, always in the same way: what
// Re:VIEW refuses the reader refuses, and what it takes comes out equal.
func TestMutilatedChaptersAreTakenAsTheRealImageTakesThem(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the real image")
	}
	api := dockerWithImage(t)
	const cases = 10
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	chapters, err := filepath.Glob(filepath.Join("testdata", "book", "*.re"))
	if err != nil || len(chapters) == 0 {
		t.Fatal("no chapters: ", err)
	}
	for i := range cases {
		data, err := os.ReadFile(chapters[random.IntN(len(chapters))])
		if err != nil {
			t.Fatal(err)
		}
		one := filepath.Join(dir, strconv.Itoa(i))
		write := func(name, text string) {
			if err := os.MkdirAll(one, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(one, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write("x.re", mutilated(random, string(data)))
		write("catalog.yml", "CHAPS:\n  - x.re\n")
		write("config.yml", "review_version: 5.0\nbookname: b\nlanguage: ja\n")
	}
	left := inImage(t, api, dir, `for d in */; do (cd $d; review-textmaker -n config.yml >log 2>&1; echo $? >status); done`)
	refused := 0
	for i := range cases {
		one := filepath.Join(dir, strconv.Itoa(i))
		tree := read(t, one, "config.yml")
		var faults []string
		for _, f := range tree.Faults {
			if f.Severity == book.Error {
				faults = append(faults, f.String())
			}
		}
		name := "book/" + strconv.Itoa(i) + "/"
		source, _ := os.ReadFile(filepath.Join(one, "x.re"))
		switch taken := strings.TrimSpace(left[name+"status"]) == "0"; {
		case taken != (len(faults) == 0):
			t.Errorf("case %d: Re:VIEW says %q, the reader %q, of\n%s", i, left[name+"log"], faults, source)
		case !taken:
			refused++
		default:
			got := text.Files(tree)[0].Text
			if e, n := compare(t, name, got, left[name+"b-text/x.txt"]); e != n {
				t.Errorf("case %d: %d of %d lines are equal, of\n%s", i, e, n, source)
			}
		}
	}
	if refused == 0 || refused == cases {
		t.Errorf("%d of %d chapters were refused: they prove nothing", refused, cases)
	}
}

// mutilated is a piece of a chapter with some lines and characters lost, moved
// or added.
func mutilated(random *rand.Rand, chapter string) string {
	scraps := []string{"//}", "//{", "@<b>{", "}", "$", "|", "[", "]", "//list[a][b]{", "===[column] c", "===[/column]", " * x", " *** y", "//beginchild",
		"//endchild", "#@# c", "\\", "== ", "\t", "//footnote[n][x]", "@<fn>{n}", "@<list>{a}", "@<hd>{h}", "//table[t][c]{", "------------",
		"//image[i][c]", "//emlist", "//quote{", " 1. a", " : d", "@<zz>{q}", "//embed{", "//printendnotes", "@<chapref>{x}"}
	lines := strings.Split(chapter, "\n")
	from := random.IntN(len(lines))
	lines = append([]string{"= 題", ""}, lines[from:min(from+3+random.IntN(30), len(lines))]...)
	for range 1 + random.IntN(3) {
		n := random.IntN(len(lines))
		scrap := scraps[random.IntN(len(scraps))]
		switch random.IntN(4) {
		case 0:
			lines = slices.Delete(lines, n, n+1)
		case 1:
			lines = slices.Insert(lines, n, scrap)
		case 2:
			lines[n] += scrap
		case 3:
			m := random.IntN(len(lines))
			lines[n], lines[m] = lines[m], lines[n]
		}
		if len(lines) == 0 {
			lines = []string{scrap}
		}
	}
	text := strings.Join(lines, "\n") + "\n"
	if strings.Contains(text, "//note") || strings.Contains(text, "//graph") {
		return "= 題\n" // notes that are never closed pass in plain text; graphs need their tools
	}
	return text
}

// dockerWithImage is a Docker that has the real image; without one the test is skipped.
func dockerWithImage(t *testing.T) *client.Client {
	t.Helper()
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Skip("no Docker: ", err)
	}
	t.Cleanup(func() { _ = api.Close() })
	if _, err := api.ImageInspect(t.Context(), realImage); err != nil {
		t.Skip(realImage, " is not to be had: ", err)
	}
	return api
}

// printByImage runs review-textmaker -n and returns the files that it leaves.
func printByImage(t *testing.T, api *client.Client, dir, config string) map[string]string {
	t.Helper()
	printed := map[string]string{}
	for name, data := range inImage(t, api, dir, "review-textmaker -n "+config) {
		if strings.HasSuffix(path.Dir(name), "-text") {
			printed[path.Base(name)] = data
		}
	}
	return printed
}

// inImage runs a shell command on a copy of a folder and returns all files that
// are there in the end, below "book/".
func inImage(t *testing.T, api *client.Client, dir, command string) map[string]string {
	t.Helper()
	ctx := t.Context()
	created, err := api.ContainerCreate(ctx, &container.Config{
		Image: realImage, WorkingDir: "/book", NetworkDisabled: true, Cmd: []string{"/bin/bash", "-lc", command},
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
			t.Fatalf("%s: exit status %d\n%s", command, s.StatusCode, log)
		}
	}
	r, _, err := api.CopyFromContainer(ctx, created.ID, "/book")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	left := map[string]string{}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err == io.EOF {
			return left
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			data, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			left[h.Name] = string(data)
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
