package enginetest

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/engine/host"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/internal/standin"
	"github.com/docker/docker/client"
)

// Contender is an engine under test.
type Contender struct {
	name   string
	Docker bool // commands run in a container
	Task   bool // which is a task of Fargate's stand-in
	Engine func(t testing.TB) engine.Engine
}

// Contenders lists the engines that this machine can run.
func Contenders(t *testing.T) []Contender {
	list := []Contender{{name: "host", Engine: func(t testing.TB) engine.Engine {
		path := strings.Join(append(standin.Programs(t), "/usr/bin", "/bin"), ":")
		reaper, err := reaper.Start("", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := reaper.Close(); err != nil {
				t.Error(err)
			}
		})
		return &host.Engine{Environ: []string{"PATH=" + path}, TempDir: t.TempDir(), Reaper: reaper}
	}}}
	for _, image := range []string{"stand-in", standin.RealImage} {
		for _, transport := range []docker.Transport{docker.Bind, docker.Copy} {
			list = append(list, Contender{name: fmt.Sprintf("docker %s %s", transport, image), Docker: true, Engine: func(t testing.TB) engine.Engine {
				api := standin.Docker(t)
				return DockerEngine(t, api, api, image, transport)
			}})
		}
	}
	for _, image := range []string{"stand-in", standin.RealImage} {
		list = append(list, Contender{name: "fargate " + image, Docker: true, Task: true, Engine: func(t testing.TB) engine.Engine {
			e, _, _ := FargateEngine(t, image)
			return e
		}})
	}
	return list
}

// FargateEngine is an engine whose tasks are containers of this machine and
// whose bucket is on a server of this machine. When the test is over, neither a
// task nor an object may be left.
func FargateEngine(t testing.TB, image string) (*fargate.Engine, *ecsstandin.Server, *s3server.Server) {
	t.Helper()
	api := standin.Docker(t)
	if image == "stand-in" {
		image = standin.ImageWithCurl(t, api)
	} else if _, err := api.ImageInspect(context.Background(), image); err != nil {
		t.Skipf("not on this machine: %v", err)
	}
	bucket := s3server.Start(t)
	bucket.Bucket(t, "books")
	cloud := ecsstandin.Start(t, api)
	e := &fargate.Engine{
		Place: fargate.Place{
			Region: s3server.Region, Cluster: ecsstandin.Cluster, Bucket: "books", Prefix: "ci",
			Subnets: []string{"subnet-1"}, ExecutionRole: "arn:aws:iam::123456789012:role/books", LogGroup: ecsstandin.LogGroup,
			Endpoint: bucket.Endpoint, ECS: cloud.Endpoint, PathStyle: true,
		},
		Size: fargate.Size{CPU: 1024, Memory: 2048}, Image: image, Mount: "/work",
		Owner: fargate.Owner{Machine: "conformance", Token: "conformance/" + strconv.Itoa(os.Getpid())},
		Clock: fargate.RealClock{}, Patience: 5 * time.Minute, TempDir: t.TempDir(),
	}
	if err := e.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if left := bucket.List("books"); len(left) > 0 {
			t.Errorf("objects are left: %q", left)
		}
	})
	return e, cloud, bucket
}

// DockerEngine is an engine that talks to api; the image is looked for with direct.
func DockerEngine(t testing.TB, api docker.API, direct *client.Client, image string, transport docker.Transport) *docker.Engine {
	if image == "stand-in" {
		image = standin.Image(t, direct)
	}
	found, err := direct.ImageInspect(context.Background(), image)
	if err != nil {
		t.Skipf("not on this machine: %v", err)
	}
	if host := direct.DaemonHost(); transport == docker.Bind && !strings.HasPrefix(host, "unix://") {
		t.Skipf("the daemon at %s does not see this machine's files", host)
	}
	return &docker.Engine{
		API: api, Image: found.ID, Mount: "/work", Transport: transport, Network: "none",
		Limits: docker.Limits{Memory: 512 << 20, PIDs: 128},
		Owner:  docker.Owner{UID: os.Getuid(), GID: os.Getgid(), Token: "conformance/" + strconv.Itoa(os.Getpid())},
		Now:    time.Now,
	}
}

// Everywhere runs a test on all contenders.
func Everywhere(t *testing.T, test func(t *testing.T, c Contender)) {
	for _, c := range Contenders(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// Open opens a session on a root with the files of tree, not yet synced.
func Open(t testing.TB, e engine.Engine, root string) engine.Session {
	t.Helper()
	return OpenTelling(t, e, root, t.Logf)
}

// OpenTelling opens one that tells note what the user may want to know.
func OpenTelling(t testing.TB, e engine.Engine, root string, note func(format string, args ...any)) engine.Session {
	t.Helper()
	if d, ok := e.(*docker.Engine); ok && d.State == "" {
		d.State = filepath.Join(root, ".bookci")
		if err := os.MkdirAll(d.State, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Secret.txt stands for what a user excludes. Some tests have sources that
	// cannot be listed; those hide nothing.
	var hidden []string
	if found, err := source.Find(t.Context(), root, source.Options{Exclude: []string{"**/secret.txt"}}); err == nil {
		hidden = found.Hidden
	}
	s, err := e.Open(t.Context(), engine.SessionOptions{Root: root, Hidden: hidden, Env: []string{"GREETING=hello  there"}, Note: note})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// List lists the files below root as engine.Session wants them.
func List(t testing.TB, root string) []source.File {
	t.Helper()
	var files []source.File
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil || rel == "." {
			return err
		}
		if rel == ".bookci" || rel == ".git" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := source.File{Path: filepath.ToSlash(rel), Mode: info.Mode(), MTime: info.ModTime().UnixNano()}
		switch {
		case d.IsDir():
			if entries, err := os.ReadDir(name); err != nil || len(entries) > 0 {
				return err
			}
			f.MTime = 0
		case info.Mode()&fs.ModeSymlink != 0:
			f.Link, err = os.Readlink(name)
		default:
			f.Size = info.Size()
		}
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Put writes files below root: content by name; "-> x" makes a link, "/" a folder.
func Put(t testing.TB, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		link, isLink := strings.CutPrefix(text, "-> ")
		switch {
		case err != nil:
		case isLink:
			err = os.Symlink(link, name)
		case text == "/":
			err = os.Mkdir(name, 0o755)
		default:
			err = os.WriteFile(name, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tree reads the work tree back, in the form that put takes.
func tree(t testing.TB, s engine.Session) map[string]string {
	t.Helper()
	got := map[string]string{}
	for h, text := range Get(t, s, s.Paths().Work, ".") {
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeSymlink:
			got[name] = "-> " + h.Linkname
		case tar.TypeReg:
			got[name] = text
		case tar.TypeDir:
			if name != "." {
				got[name] = "/"
			}
		}
	}
	for name := range got {
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			delete(got, dir) // a folder that is not empty
		}
	}
	return got
}

func Get(t testing.TB, s engine.Session, dir string, names ...string) map[*tar.Header]string {
	t.Helper()
	var stream bytes.Buffer
	if err := s.Get(t.Context(), dir, names, &stream); err != nil {
		t.Fatalf("Get %q: %v", names, err)
	}
	got := map[*tar.Header]string{}
	for tr := tar.NewReader(&stream); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		got[h] = string(text)
	}
}

func WantTree(t testing.TB, s engine.Session, want map[string]string) {
	t.Helper()
	got := tree(t, s)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%q holds %q, want %q", name, got[name], text)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q should not be there", name)
		}
	}
}

func Sync(t testing.TB, s engine.Session, root string) {
	t.Helper()
	if err := s.Sync(t.Context(), List(t, root)); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

// Sh runs a script in the work tree and returns its output.
func Sh(t testing.TB, s engine.Session, script string) (stdout string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status, err := s.Run(t.Context(), engine.Command{Argv: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, errs.String())
	}
	if errs.Len() > 0 {
		t.Logf("%s", errs.String())
	}
	return out.String(), status
}

type WriterFunc func([]byte) (int, error)

func (w WriterFunc) Write(p []byte) (int, error) { return w(p) }

func InContainers(t *testing.T, test func(t *testing.T, c Contender)) {
	Everywhere(t, func(t *testing.T, c Contender) {
		if !c.Docker {
			t.Skip("the host is no sandbox")
		}
		if c.Task {
			t.Skip("a task's limits are Fargate's")
		}
		test(t, c)
	})
}
