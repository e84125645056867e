package build_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/internal/standin"
)

// Every engine, with every transport, keeps the same contract: that of
// build.Session. The suite runs on the stand-in image and on the host with the
// stand-in's programs, and on the real image where the machine has it.

// contender is an engine under test.
type contender struct {
	name   string
	docker bool
	engine func(t testing.TB) build.Engine
}

// contenders lists the engines that this machine can run.
func contenders(t *testing.T) []contender {
	list := []contender{{name: "host", engine: func(t testing.TB) build.Engine {
		path := strings.Join(append(standin.Programs(t), "/usr/bin", "/bin"), ":")
		reaper, err := build.StartReaper("")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := reaper.Close(); err != nil {
				t.Error(err)
			}
		})
		return &build.HostEngine{Environ: []string{"PATH=" + path}, TempDir: t.TempDir(), Reaper: reaper}
	}}}
	for _, image := range []string{"stand-in", standin.RealImage} {
		for _, transport := range []build.Transport{build.Bind, build.Copy} {
			list = append(list, contender{name: fmt.Sprintf("docker %s %s", transport, image), docker: true, engine: func(t testing.TB) build.Engine {
				api := standin.Docker(t)
				return dockerEngine(t, api, api, image, transport)
			}})
		}
	}
	return list
}

// dockerEngine is an engine that talks to api; the image is looked for with direct.
func dockerEngine(t testing.TB, api build.DockerAPI, direct *client.Client, image string, transport build.Transport) *build.DockerEngine {
	if image == "stand-in" {
		image = standin.Image(t, direct)
	}
	found, err := direct.ImageInspect(context.Background(), image)
	if err != nil {
		t.Skipf("not on this machine: %v", err)
	}
	if host := direct.DaemonHost(); transport == build.Bind && !strings.HasPrefix(host, "unix://") {
		t.Skipf("the daemon at %s does not see this machine's files", host)
	}
	return &build.DockerEngine{
		API: api, Image: found.ID, Mount: "/work", Transport: transport, Network: "none",
		Limits: build.Limits{Memory: 512 << 20, PIDs: 128},
		Owner:  build.Owner{UID: os.Getuid(), GID: os.Getgid(), Token: "conformance/" + strconv.Itoa(os.Getpid())},
		Now:    time.Now,
	}
}

// everywhere runs a test on all contenders.
func everywhere(t *testing.T, test func(t *testing.T, c contender)) {
	for _, c := range contenders(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// open opens a session on a root with the files of tree, not yet synced.
func open(t testing.TB, e build.Engine, root string) build.Session {
	t.Helper()
	return openTelling(t, e, root, t.Logf)
}

// openTelling opens one that tells note what the user may want to know.
func openTelling(t testing.TB, e build.Engine, root string, note func(format string, args ...any)) build.Session {
	t.Helper()
	if d, ok := e.(*build.DockerEngine); ok && d.State == "" {
		d.State = filepath.Join(root, ".bookci")
		if err := os.MkdirAll(d.State, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s, err := e.Open(t.Context(), build.SessionOptions{Root: root, Env: []string{"GREETING=hello  there"}, Note: note})
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

// list lists the files below root as build.Session wants them.
func list(t testing.TB, root string) []build.File {
	t.Helper()
	var files []build.File
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
		f := build.File{Path: filepath.ToSlash(rel), Mode: info.Mode(), MTime: info.ModTime().UnixNano()}
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

// put writes files below root: content by name; "-> x" makes a link, "/" a folder.
func put(t testing.TB, root string, files map[string]string) {
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
func tree(t testing.TB, s build.Session) map[string]string {
	t.Helper()
	got := map[string]string{}
	for h, text := range get(t, s, s.Paths().Work, ".") {
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

func get(t testing.TB, s build.Session, dir string, names ...string) map[*tar.Header]string {
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

func wantTree(t testing.TB, s build.Session, want map[string]string) {
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

func sync(t testing.TB, s build.Session, root string) {
	t.Helper()
	if err := s.Sync(t.Context(), list(t, root)); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

// sh runs a script in the work tree and returns its output.
func sh(t testing.TB, s build.Session, script string) (stdout string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status, err := s.Run(t.Context(), build.Command{Argv: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, errs.String())
	}
	if errs.Len() > 0 {
		t.Logf("%s", errs.String())
	}
	return out.String(), status
}

var oddTree = map[string]string{
	"config.yml":                         "bookname: book\n",
	"a b/c  d.re":                        "spaces",
	"第一章/原稿.re":                          "日本語",
	"-rf":                                "a leading dash",
	"--":                                 "two",
	"-- /-x":                             "in a folder",
	"*":                                  "a star",
	"$(id)`id`\"'\\":                     "what shells would run",
	"line\nbreak":                        "two lines",
	"empty":                              "",
	"no files here":                      "/",
	"inside":                             "-> a b/c  d.re",
	"outside":                            "-> /etc/hostname",
	"up":                                 "-> ../../../etc/hostname",
	"dangling":                           "-> nowhere",
	"folder link":                        "-> 第一章",
	strings.Repeat("n", 250):             "a long name",
	strings.Repeat("deep/", 40) + "file": "a long path",
}

func TestTheWorkTreeIsACopyOfTheSources(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		put(t, root, oddTree)
		s := open(t, c.engine(t), root)
		sync(t, s, root)
		wantTree(t, s, oddTree)
	})
}

func TestReadOnlySourcesBecomeWritable(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		put(t, root, map[string]string{"file": "x", "dir/file": "y", "script": "#!/bin/sh\necho ran\n"})
		when := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
		for name, mode := range map[string]fs.FileMode{"file": 0o444, "dir/file": 0o400, "script": 0o555, "dir": 0o555} {
			if err := errors.Join(os.Chtimes(filepath.Join(root, name), when, when), os.Chmod(filepath.Join(root, name), mode)); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "dir"), 0o755) })
		s := open(t, c.engine(t), root)
		sync(t, s, root)
		out, status := sh(t, s, `./script && date -u -r file +%Y-%m-%d && echo more >>file && echo more >>dir/file && rm script && cat file dir/file`)
		if out != "ran\n2020-02-29\nxmore\nymore\n" || status != 0 {
			t.Errorf("got %q, status %d", out, status)
		}
		sync(t, s, root)
		wantTree(t, s, map[string]string{"file": "x", "dir/file": "y", "script": "#!/bin/sh\necho ran\n"})
	})
}

func TestNothingThatAMakerWroteReachesTheNext(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		files := map[string]string{"keep.re": "1", "dir/gone.re": "2", "turns": "a file", "link": "-> keep.re"}
		put(t, root, files)
		s := open(t, c.engine(t), root)
		sync(t, s, root)
		if out, status := sh(t, s, `echo 9 >keep.re; rm link; mkdir link; rm -r dir; mkdir -p locked/in .hidden "new
line"; echo x >locked/in/file; chmod 0 locked/in locked; echo y >-x; ln -s /etc etc; mkfifo fifo`); status != 0 {
			t.Fatal(out)
		}
		sync(t, s, root)
		wantTree(t, s, files)

		// The sources change as well: content, kind, presence.
		put(t, root, map[string]string{"keep.re": "longer than before", "added.re": "3"})
		if err := errors.Join(os.RemoveAll(filepath.Join(root, "dir")), os.Remove(filepath.Join(root, "turns")), os.Remove(filepath.Join(root, "link"))); err != nil {
			t.Fatal(err)
		}
		put(t, root, map[string]string{"turns/into": "a folder", "link": "no longer a link"})
		sync(t, s, root)
		wantTree(t, s, map[string]string{"keep.re": "longer than before", "added.re": "3", "turns/into": "a folder", "link": "no longer a link"})

		if err := errors.Join(os.RemoveAll(filepath.Join(root, "turns")), os.Remove(filepath.Join(root, "link"))); err != nil {
			t.Fatal(err)
		}
		put(t, root, map[string]string{"turns": "-> added.re"})
		sync(t, s, root)
		wantTree(t, s, map[string]string{"keep.re": "longer than before", "added.re": "3", "turns": "-> added.re"})
		if err := s.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		wantTree(t, s, nil)
	})
}

func TestASourceThatCannotBeReadIsNamed(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		put(t, root, map[string]string{"fine.re": "1", "vanishes.re": "2"})
		files := list(t, root)
		if err := os.Remove(filepath.Join(root, "vanishes.re")); err != nil {
			t.Fatal(err)
		}
		s := open(t, c.engine(t), root)
		err := s.Sync(t.Context(), files)
		if err == nil || !strings.Contains(err.Error(), "vanishes.re") {
			t.Errorf("Sync: %v", err)
		}
		// The session is as good as before.
		put(t, root, map[string]string{"vanishes.re": "is back"})
		sync(t, s, root)
		wantTree(t, s, map[string]string{"fine.re": "1", "vanishes.re": "is back"})

		if err := os.Chmod(filepath.Join(root, "fine.re"), 0); err != nil {
			t.Fatal(err)
		}
		err = s.Sync(t.Context(), list(t, root))
		if os.Geteuid() == 0 {
			// Root may read it here, and so it must get there.
			if err != nil {
				t.Fatal(err)
			}
			wantTree(t, s, map[string]string{"fine.re": "1", "vanishes.re": "is back"})
		} else if err == nil || !strings.Contains(err.Error(), "fine.re") {
			t.Errorf("Sync: %v", err)
		}
	})
}

func TestCommandsRunAsAsked(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		put(t, root, map[string]string{"dir with/space": "x"})
		s := open(t, c.engine(t), root)
		sync(t, s, root)

		for _, status := range []int{0, 1, 42, 126, 255} {
			if _, got := sh(t, s, fmt.Sprintf("exit %d", status)); got != status {
				t.Errorf("exit %d became %d", status, got)
			}
		}
		if _, got := sh(t, s, "kill -9 $$"); got != 137 {
			t.Errorf("a killed command has status %d, want 137", got)
		}

		all := make([]byte, 0, 1<<20)
		for len(all) < 1<<20 {
			for b := range 256 {
				all = append(all, byte(b), byte(len(all)>>8))
			}
		}
		var stdout, stderr bytes.Buffer
		status, err := s.Run(t.Context(), build.Command{
			Argv: []string{"/bin/sh", "-c", `cat; printf %s "$GREETING|$MORE|$PWD|$1|$2" >&2`, "sh", "", "a  'b' \"c\" $d\ne"},
			Dir:  "dir with", Env: []string{"MORE=is = more"},
			Stdin: bytes.NewReader(all), Stdout: &stdout, Stderr: &stderr,
		})
		if err != nil || status != 0 {
			t.Fatal(status, err)
		}
		if !bytes.Equal(stdout.Bytes(), all) {
			t.Errorf("a megabyte of all bytes came back as %d others", stdout.Len())
		}
		if want := "hello  there|is = more|" + s.Paths().Work + "/dir with||a  'b' \"c\" $d\ne"; stderr.String() != want {
			t.Errorf("stderr is %q, want %q", stderr.String(), want)
		}

		// Without stdin there is nothing to read; a command need not read it all.
		if out, status := sh(t, s, "cat; echo end"); out != "end\n" || status != 0 {
			t.Errorf("without stdin: %q, %d", out, status)
		}
		if status, err := s.Run(t.Context(), build.Command{Argv: []string{"true"}, Stdin: bytes.NewReader(all)}); status != 0 || err != nil {
			t.Errorf("stdin that nobody reads: %d, %v", status, err)
		}
		if _, status := sh(t, s, `printf '#!/bin/sh\nexit 9\n' >'dir with/tool' && chmod +x 'dir with/tool'`); status != 0 {
			t.Fatal(status)
		}
		if status, err := s.Run(t.Context(), build.Command{Argv: []string{"./tool"}, Dir: "dir with"}); status != 9 || err != nil {
			t.Errorf("a program of the folder's own: %d, %v", status, err)
		}
		stderr.Reset()
		if status, err := s.Run(t.Context(), build.Command{Argv: []string{"no-such-program"}, Stdout: &stderr, Stderr: &stderr}); status != 127 && status != 126 || err != nil {
			t.Errorf("a program that does not exist: %d, %v, %s", status, err, stderr.String())
		}
		// Work, own folder, HOME and /tmp can be written.
		if out, status := sh(t, s, `for d in "$BOOKCI_WORK" "$BOOKCI_OWN" "$HOME" "$TEXMFVAR" /tmp; do f=$(mktemp "$d/x.XXXXXX") && rm "$f" || exit 1; done; test "$BOOKCI_WORK" = "$PWD" && command -v "$BOOKCI_OWN/bin/bookci-run"`); status != 0 {
			t.Error(out)
		}
	})
}

// An editor takes a file away for a moment; the next look finds it again.
func TestSourcesThatChangeWhileTheyAreReadAreToldApart(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		put(t, root, map[string]string{"ch01.re": "one", "ch02.re": "two"})
		var notes atomic.Int32
		s := openTelling(t, c.engine(t), root, func(format string, args ...any) {
			notes.Add(1)
			t.Logf(format, args...)
		})
		listed := list(t, root)
		if err := os.Remove(filepath.Join(root, "ch02.re")); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(t.Context(), listed); !errors.Is(err, build.ErrChanged) {
			t.Errorf("a file that is gone: %v", err)
		}
		put(t, root, map[string]string{"ch02.re": "two again"})
		sync(t, s, root)
		if got, _ := sh(t, s, "cat ch0*"); got != "onetwo again" {
			t.Errorf("the work tree holds %q", got)
		}
		if n := notes.Load(); n > 0 {
			t.Errorf("the user is told %d things", n)
		}
	})
}

func TestALineOf20MBPasses(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		s := open(t, c.engine(t), root)
		out, status := sh(t, s, `head -c 20000000 /dev/zero | tr '\0' x`)
		if len(out) != 20_000_000 || strings.Trim(out, "x") != "" || status != 0 {
			t.Errorf("%d bytes, status %d", len(out), status)
		}
	})
}

func TestCancellingEndsEveryProcess(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		s := open(t, c.engine(t), root)
		script := `trap '' INT TERM HUP; (trap '' HUP; exec sleep 7654321) & sleep 7654321 &`
		if c.docker {
			script += ` setsid sleep 7654321 &`
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		started := make(chan struct{})
		out := writerFunc(func(p []byte) (int, error) { close(started); return len(p), nil })
		go func() {
			<-started
			cancel(why)
		}()
		begun := time.Now()
		_, err := s.Run(ctx, build.Command{Argv: []string{"/bin/sh", "-c", script + ` sleep 1; echo started; while :; do sleep 1000; done`}, Stdout: out})
		if !errors.Is(err, why) {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("took %v", took)
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			out, _ := sh(t, s, `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -o 'sleep 765432[1]' | wc -l`)
			if c.docker && strings.TrimSpace(out) == "0" || !c.docker && !strings.Contains(hostSleepers(t, s), "sleep") {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s processes are left", strings.TrimSpace(out))
			}
		}
		// One that is over before it begins runs nothing.
		ran := false
		_, err = s.Run(ctx, build.Command{Argv: []string{"echo"}, Stdout: writerFunc(func(p []byte) (int, error) { ran = true; return len(p), nil })})
		if !errors.Is(err, why) || ran {
			t.Errorf("Run under an ended context: %v, ran is %t", err, ran)
		}
	})
}

// hostSleepers lists the processes of a host session.
func hostSleepers(t testing.TB, s build.Session) string {
	var found []string
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("no /proc to look at")
	}
	for _, e := range entries {
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		if slices.Contains(strings.Split(string(env), "\x00"), "BOOKCI_WORK="+s.Paths().Work) {
			line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
			found = append(found, string(line))
		}
	}
	return strings.Join(found, " ")
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func TestPutAndGet(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		s := open(t, c.engine(t), root)
		sync(t, s, root)
		dir := s.Paths().Own + "/state/new one"
		var stream bytes.Buffer
		tw := tar.NewWriter(&stream)
		big := strings.Repeat("0123456789", 300_000)
		for name, text := range map[string]string{"-a": "1", "b c/d": big, "日本語": ""} {
			if err := tw.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(text)), ModTime: time.Unix(1e9, 0)}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(tw, text); err != nil {
				t.Fatal(err)
			}
		}
		if err := tw.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), dir, &stream); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for h, text := range get(t, s, dir, "-a", "missing", "b c", "日本語") {
			if h.Typeflag == tar.TypeReg {
				got[path.Clean(h.Name)] = text
			}
		}
		if len(got) != 3 || got["-a"] != "1" || got["b c/d"] != big {
			t.Errorf("got %d files back", len(got))
		}
		if got := get(t, s, dir, "missing"); len(got) != 0 {
			t.Errorf("what does not exist came back as %d files", len(got))
		}
		if got := get(t, s, dir+"/nor this", "x"); len(got) != 0 {
			t.Errorf("a folder that does not exist gave %d files", len(got))
		}
	})
}

func TestTwoSessionsDoNotMeet(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		e := c.engine(t)
		one, two := t.TempDir(), t.TempDir()
		put(t, one, map[string]string{"a": "1"})
		put(t, two, map[string]string{"b": "2"})
		s1 := open(t, e, one)
		if d, ok := e.(*build.DockerEngine); ok {
			other := *d
			other.State = ""
			e = &other
		}
		s2 := open(t, e, two)
		sync(t, s1, one)
		sync(t, s2, two)
		sh(t, s1, "echo 3 >c; echo 4 >$BOOKCI_OWN/state/d")
		wantTree(t, s1, map[string]string{"a": "1", "c": "3\n"})
		wantTree(t, s2, map[string]string{"b": "2"})
		if err := s1.Close(); err != nil {
			t.Error(err)
		}
		if out, status := sh(t, s2, "cat b; ls $BOOKCI_OWN/state"); out != "2" || status != 0 {
			t.Errorf("got %q, %d", out, status)
		}
	})
}

func TestClosingTwiceIsFineAndUseAfterwardsIsAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, c contender) {
		root := t.TempDir()
		s := open(t, c.engine(t), root)
		sync(t, s, root)
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if status, err := s.Run(t.Context(), build.Command{Argv: []string{"true"}}); err == nil && status == 0 {
			t.Error("a command ran in a closed session")
		}
		if !c.docker {
			if _, err := os.Stat(s.Paths().Work); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the work tree is still there: %v", err)
			}
		}
	})
}
