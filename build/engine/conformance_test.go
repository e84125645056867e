package engine_test

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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/build/source"
)

// Every engine, with every transport, keeps the same contract: that of
// engine.Session. The suite runs on the stand-in image and on the host with the
// stand-in's programs, and on the real image where the machine has it.

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
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, oddTree)
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, oddTree)
	})
}

func TestReadOnlySourcesBecomeWritable(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"file": "x", "dir/file": "y", "script": "#!/bin/sh\necho ran\n"})
		when := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
		for name, mode := range map[string]fs.FileMode{"file": 0o444, "dir/file": 0o400, "script": 0o555, "dir": 0o555} {
			if err := errors.Join(os.Chtimes(filepath.Join(root, name), when, when), os.Chmod(filepath.Join(root, name), mode)); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "dir"), 0o755) })
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
		out, status := enginetest.Sh(t, s, `./script && date -u -r file +%Y-%m-%d && echo more >>file && echo more >>dir/file && rm script && cat file dir/file`)
		if out != "ran\n2020-02-29\nxmore\nymore\n" || status != 0 {
			t.Errorf("got %q, status %d", out, status)
		}
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, map[string]string{"file": "x", "dir/file": "y", "script": "#!/bin/sh\necho ran\n"})
	})
}

func TestNothingThatAMakerWroteReachesTheNext(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		files := map[string]string{"keep.re": "1", "dir/gone.re": "2", "turns": "a file", "link": "-> keep.re"}
		enginetest.Put(t, root, files)
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
		if out, status := enginetest.Sh(t, s, `echo 9 >keep.re; rm link; mkdir link; rm -r dir; mkdir -p locked/in .hidden "new
line"; echo x >locked/in/file; chmod 0 locked/in locked; echo y >-x; ln -s /etc etc; mkfifo fifo; chmod 0 . || true`); status != 0 {
			t.Fatal(out)
		}
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, files)

		// The sources change as well: content, kind, presence.
		enginetest.Put(t, root, map[string]string{"keep.re": "longer than before", "added.re": "3"})
		if err := errors.Join(os.RemoveAll(filepath.Join(root, "dir")), os.Remove(filepath.Join(root, "turns")), os.Remove(filepath.Join(root, "link"))); err != nil {
			t.Fatal(err)
		}
		enginetest.Put(t, root, map[string]string{"turns/into": "a folder", "link": "no longer a link"})
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, map[string]string{"keep.re": "longer than before", "added.re": "3", "turns/into": "a folder", "link": "no longer a link"})

		if err := errors.Join(os.RemoveAll(filepath.Join(root, "turns")), os.Remove(filepath.Join(root, "link"))); err != nil {
			t.Fatal(err)
		}
		enginetest.Put(t, root, map[string]string{"turns": "-> added.re"})
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, map[string]string{"keep.re": "longer than before", "added.re": "3", "turns": "-> added.re"})
		if err := s.Sync(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		enginetest.WantTree(t, s, nil)
	})
}

func TestASourceThatCannotBeReadIsNamed(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"fine.re": "1", "vanishes.re": "2"})
		files := enginetest.List(t, root)
		if err := os.Remove(filepath.Join(root, "vanishes.re")); err != nil {
			t.Fatal(err)
		}
		s := enginetest.Open(t, c.Engine(t), root)
		err := s.Sync(t.Context(), files)
		if err == nil || !strings.Contains(err.Error(), "vanishes.re") {
			t.Errorf("Sync: %v", err)
		}
		// The session is as good as before.
		enginetest.Put(t, root, map[string]string{"vanishes.re": "is back"})
		enginetest.Sync(t, s, root)
		enginetest.WantTree(t, s, map[string]string{"fine.re": "1", "vanishes.re": "is back"})

		if err := os.Chmod(filepath.Join(root, "fine.re"), 0); err != nil {
			t.Fatal(err)
		}
		err = s.Sync(t.Context(), enginetest.List(t, root))
		if os.Geteuid() == 0 {
			// Root may read it here, and so it must get there.
			if err != nil {
				t.Fatal(err)
			}
			enginetest.WantTree(t, s, map[string]string{"fine.re": "1", "vanishes.re": "is back"})
		} else if err == nil || !strings.Contains(err.Error(), "fine.re") {
			t.Errorf("Sync: %v", err)
		}
	})
}

func TestCommandsRunAsAsked(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"dir with/space": "x"})
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)

		for _, status := range []int{0, 1, 42, 126, 255} {
			if _, got := enginetest.Sh(t, s, fmt.Sprintf("exit %d", status)); got != status {
				t.Errorf("exit %d became %d", status, got)
			}
		}
		if _, got := enginetest.Sh(t, s, "kill -9 $$"); got != 137 {
			t.Errorf("a killed command has status %d, want 137", got)
		}

		all := make([]byte, 0, 1<<20)
		for len(all) < 1<<20 {
			for b := range 256 {
				all = append(all, byte(b), byte(len(all)>>8))
			}
		}
		var stdout, stderr bytes.Buffer
		status, err := s.Run(t.Context(), engine.Command{
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
		if out, status := enginetest.Sh(t, s, "cat; echo end"); out != "end\n" || status != 0 {
			t.Errorf("without stdin: %q, %d", out, status)
		}
		if status, err := s.Run(t.Context(), engine.Command{Argv: []string{"true"}, Stdin: bytes.NewReader(all)}); status != 0 || err != nil {
			t.Errorf("stdin that nobody reads: %d, %v", status, err)
		}
		if _, status := enginetest.Sh(t, s, `printf '#!/bin/sh\nexit 9\n' >'dir with/tool' && chmod +x 'dir with/tool'`); status != 0 {
			t.Fatal(status)
		}
		if status, err := s.Run(t.Context(), engine.Command{Argv: []string{"./tool"}, Dir: "dir with"}); status != 9 || err != nil {
			t.Errorf("a program of the folder's own: %d, %v", status, err)
		}
		stderr.Reset()
		if status, err := s.Run(t.Context(), engine.Command{Argv: []string{"no-such-program"}, Stdout: &stderr, Stderr: &stderr}); status != 127 && status != 126 || err != nil {
			t.Errorf("a program that does not exist: %d, %v, %s", status, err, stderr.String())
		}
		// Work, own folder, HOME and /tmp can be written.
		if out, status := enginetest.Sh(t, s, `for d in "$BOOKCI_WORK" "$BOOKCI_OWN" "$HOME" "$TEXMFVAR" /tmp; do f=$(mktemp "$d/x.XXXXXX") && rm "$f" || exit 1; done; test "$BOOKCI_WORK" = "$PWD" && command -v "$BOOKCI_OWN/bin/bookci-run"`); status != 0 {
			t.Error(out)
		}
	})
}

// An editor takes a file away for a moment; the next look finds it again.
func TestSourcesThatChangeWhileTheyAreReadAreToldApart(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"ch01.re": "one", "ch02.re": "two"})
		var notes atomic.Int32
		s := enginetest.OpenTelling(t, c.Engine(t), root, func(format string, args ...any) {
			notes.Add(1)
			t.Logf(format, args...)
		})
		listed := enginetest.List(t, root)
		if err := os.Remove(filepath.Join(root, "ch02.re")); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(t.Context(), listed); !errors.Is(err, source.ErrChanged) {
			t.Errorf("a file that is gone: %v", err)
		}
		enginetest.Put(t, root, map[string]string{"ch02.re": "two again"})
		enginetest.Sync(t, s, root)
		if got, _ := enginetest.Sh(t, s, "cat ch0*"); got != "onetwo again" {
			t.Errorf("the work tree holds %q", got)
		}
		// The beginning alone of what was saved would be a book that nobody wrote.
		enginetest.Put(t, root, map[string]string{"ch01.re": "once", "ch02.re": "twice"})
		listed = enginetest.List(t, root)
		enginetest.Put(t, root, map[string]string{"ch01.re": "one and more"})
		if err := s.Sync(t.Context(), listed); err == nil {
			if got, _ := enginetest.Sh(t, s, "cat ch0*"); got != "one and moretwice" {
				t.Errorf("the work tree holds %q of files that were saved after they were listed", got)
			}
		} else if !errors.Is(err, source.ErrChanged) {
			t.Errorf("files that were saved after they were listed: %v", err)
		}
		if n := notes.Load(); n > 0 {
			t.Errorf("the user is told %d things", n)
		}
	})
}

func TestALineOf20MBPasses(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		s := enginetest.Open(t, c.Engine(t), root)
		out, status := enginetest.Sh(t, s, `head -c 20000000 /dev/zero | tr '\0' x`)
		if len(out) != 20_000_000 || strings.Trim(out, "x") != "" || status != 0 {
			t.Errorf("%d bytes, status %d", len(out), status)
		}
	})
}

func TestCancellingEndsEveryProcess(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		s := enginetest.Open(t, c.Engine(t), root)
		script := `trap '' INT TERM HUP; (trap '' HUP; exec sleep 7654321) & sleep 7654321 &`
		if c.Docker {
			script += ` setsid sleep 7654321 &`
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		started := make(chan struct{})
		out := enginetest.WriterFunc(func(p []byte) (int, error) { close(started); return len(p), nil })
		go func() {
			<-started
			cancel(why)
		}()
		begun := time.Now()
		_, err := s.Run(ctx, engine.Command{Argv: []string{"/bin/sh", "-c", script + ` sleep 1; echo started; while :; do sleep 1000; done`}, Stdout: out})
		if !errors.Is(err, why) {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("took %v", took)
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			out, _ := enginetest.Sh(t, s, `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -o 'sleep 765432[1]' | wc -l`)
			if c.Docker && strings.TrimSpace(out) == "0" || !c.Docker && !strings.Contains(hostSleepers(t, s), "sleep") {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s processes are left", strings.TrimSpace(out))
			}
		}
		// One that is over before it begins runs nothing.
		ran := false
		_, err = s.Run(ctx, engine.Command{Argv: []string{"echo"}, Stdout: enginetest.WriterFunc(func(p []byte) (int, error) { ran = true; return len(p), nil })})
		if !errors.Is(err, why) || ran {
			t.Errorf("Run under an ended context: %v, ran is %t", err, ran)
		}
	})
}

// hostSleepers lists the processes of a host session.
func hostSleepers(t testing.TB, s engine.Session) string {
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

func TestPutAndGet(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
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
		for h, text := range enginetest.Get(t, s, dir, "-a", "missing", "b c", "日本語") {
			if h.Typeflag == tar.TypeReg {
				got[path.Clean(h.Name)] = text
			}
		}
		if len(got) != 3 || got["-a"] != "1" || got["b c/d"] != big {
			t.Errorf("got %d files back", len(got))
		}
		if got := enginetest.Get(t, s, dir, "missing"); len(got) != 0 {
			t.Errorf("what does not exist came back as %d files", len(got))
		}
		if got := enginetest.Get(t, s, dir+"/nor this", "x"); len(got) != 0 {
			t.Errorf("a folder that does not exist gave %d files", len(got))
		}
	})
}

// A preview asks for several things at once.
func TestCommandsAndFilesComeAndGoBesideEachOther(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		enginetest.Put(t, root, map[string]string{"a": "source"})
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
		var g errgroup.Group
		for i := range 4 {
			g.Go(func() error {
				var out bytes.Buffer
				want := fmt.Sprintf("%d source", i)
				status, err := s.Run(t.Context(), engine.Command{Argv: []string{"/bin/sh", "-c", fmt.Sprintf(`printf '%d '; cat a`, i)}, Stdout: &out})
				if err == nil && (status != 0 || out.String() != want) {
					err = fmt.Errorf("run %d: status %d, %q", i, status, out.String())
				}
				return err
			})
			g.Go(func() error {
				var in, out bytes.Buffer
				tw := tar.NewWriter(&in)
				name, text := fmt.Sprintf("put%d", i), strings.Repeat(fmt.Sprint(i), 100_000)
				err := errors.Join(tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
				if err == nil {
					_, err = tw.Write([]byte(text))
				}
				dir := s.Paths().Own + "/run"
				if err = errors.Join(err, tw.Close()); err == nil {
					err = s.Put(t.Context(), dir, &in)
				}
				if err == nil {
					err = s.Get(t.Context(), dir, []string{name}, &out)
				}
				if err == nil && !bytes.Contains(out.Bytes(), []byte(text)) {
					err = fmt.Errorf("%s came back as %d bytes", name, out.Len())
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoSessionsDoNotMeet(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		e := c.Engine(t)
		one, two := t.TempDir(), t.TempDir()
		enginetest.Put(t, one, map[string]string{"a": "1"})
		enginetest.Put(t, two, map[string]string{"b": "2"})
		s1 := enginetest.Open(t, e, one)
		if d, ok := e.(*docker.Engine); ok {
			other := *d
			other.State = ""
			e = &other
		}
		s2 := enginetest.Open(t, e, two)
		enginetest.Sync(t, s1, one)
		enginetest.Sync(t, s2, two)
		enginetest.Sh(t, s1, "echo 3 >c; echo 4 >$BOOKCI_OWN/state/d")
		enginetest.WantTree(t, s1, map[string]string{"a": "1", "c": "3\n"})
		enginetest.WantTree(t, s2, map[string]string{"b": "2"})
		if err := s1.Close(); err != nil {
			t.Error(err)
		}
		if out, status := enginetest.Sh(t, s2, "cat b; ls $BOOKCI_OWN/state"); out != "2" || status != 0 {
			t.Errorf("got %q, %d", out, status)
		}
	})
}

func TestClosingTwiceIsFineAndUseAfterwardsIsAnError(t *testing.T) {
	enginetest.Everywhere(t, func(t *testing.T, c enginetest.Contender) {
		root := t.TempDir()
		s := enginetest.Open(t, c.Engine(t), root)
		enginetest.Sync(t, s, root)
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if status, err := s.Run(t.Context(), engine.Command{Argv: []string{"true"}}); err == nil && status == 0 {
			t.Error("a command ran in a closed session")
		}
		if !c.Docker {
			if _, err := os.Stat(s.Paths().Work); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the work tree is still there: %v", err)
			}
		}
	})
}
