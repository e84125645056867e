package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// TestMain lets the tests start themselves as a process that saves or restores,
// to be killed, or to run beside others.
func TestMain(m *testing.M) {
	if step := os.Getenv("BOOKCI_CACHE_CHILD"); step != "" {
		os.Exit(child(step, os.Args[1], os.Args[2]))
	}
	os.Exit(m.Run())
}

func child(step, dir, ref string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	s := &Store{Dir: dir, Daemon: c, Now: time.Now}
	fmt.Println("begun")
	switch step {
	case "save":
		_, err = s.Save(ctx, ref, nil)
	case "restore":
		_, err = s.Restore(ctx, ref, nil)
	case "prune":
		_, err = s.Prune(PruneOptions{Keep: 1, InUse: []string{ref}})
	}
	var miss *Miss
	switch {
	case errors.As(err, &miss):
		fmt.Fprintln(os.Stderr, err)
		return 4
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// start starts a child and waits until it works.
func start(t testing.TB, c *client.Client, step, dir, ref string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir, ref)
	cmd.Env = append(os.Environ(), "BOOKCI_CACHE_CHILD="+step, "DOCKER_HOST="+c.DaemonHost())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
		t.Fatalf("child says %q", line)
	}
	return cmd
}

const kills = 20

func TestASaveKilledAtAnyMomentLeavesTheOldOneGoodAndTheNextSucceeds(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		first := makeImage(t, c, "kill", "a")
		ref := strings.Replace(first, ":1", ":moving", 1)
		tag := func(to string) {
			if err := c.ImageTag(t.Context(), to, ref); err != nil {
				t.Fatal(err)
			}
		}
		tag(first)
		t.Cleanup(func() { removeImage(t, c, ref) })
		if _, err := s.Save(t.Context(), ref, nil); err != nil {
			t.Fatal(err)
		}
		second := makeImage(t, c, "kill2", "b", "c", "d")
		begin := time.Now()
		probe := newStore(t, c)
		if _, err := probe.Save(t.Context(), second, nil); err != nil {
			t.Fatal(err)
		}
		whole := time.Since(begin) + 50*time.Millisecond
		sum := func(ref string) string { x, err := s.index(ref); fatal(t, err); return x.Content.Settings }
		old := sum(ref)
		tag(second)
		for i := range kills {
			cmd := start(t, c, "save", s.Dir, ref)
			time.Sleep(time.Duration(rand.Int64N(int64(whole))))
			fatal(t, cmd.Process.Kill())
			_ = cmd.Wait() // killed, or done before
			x, err := s.index(ref)
			if err != nil {
				t.Fatalf("after kill %d: %v", i, err)
			}
			sound(t, s, x)
			if x.Content.Settings != old { // it had done its work: begin again with the old image
				tag(first)
				_, err := s.Save(t.Context(), ref, nil)
				fatal(t, err)
				tag(second)
			}
		}
		saved, err := s.Save(t.Context(), ref, nil)
		fatal(t, err)
		sound(t, s, saved.Index)
		for name := range files(t, s.Dir) {
			if strings.HasSuffix(name, tempSuffix) || strings.HasSuffix(name, tarSuffix) && name != saved.Index.File {
				t.Errorf("%s was left", name)
			}
		}
	})
}

func TestARestoreKilledAtAnyMomentLeavesNothingWrongAndTheNextSucceeds(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "killr", "a", "b", "c")
		id := imageID(t, c, ref)
		_, err := s.Save(t.Context(), ref, nil)
		fatal(t, err)
		removeImage(t, c, ref)
		begin := time.Now()
		_, err = s.Restore(t.Context(), ref, nil)
		fatal(t, err)
		whole := time.Since(begin)
		for range kills {
			removeImage(t, c, ref)
			cmd := start(t, c, "restore", s.Dir, ref)
			time.Sleep(time.Duration(rand.Int64N(int64(whole))))
			fatal(t, cmd.Process.Kill())
			_ = cmd.Wait() // killed, or done before
			_, err := s.Restore(t.Context(), ref, nil)
			fatal(t, err)
			if got := imageID(t, c, ref); got != id {
				t.Fatalf("ID %s instead of %s", got, id)
			}
		}
		if got := runs(t, c, ref); got != printed("a") {
			t.Errorf("prints %q", got)
		}
	})
}

func TestATerminatedSaveTakesItsTemporaryFileAway(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	ref := makeImage(t, c, "term", "a", "b", "c", "d", "e", "f")
	for range 5 {
		cmd := start(t, c, "save", s.Dir, ref)
		time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
		fatal(t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err == nil {
			os.RemoveAll(s.Dir)
			continue // it was faster
		}
		if entries, err := filepath.Glob(filepath.Join(s.Dir, "*"+tempSuffix)); err != nil || len(entries) > 0 {
			t.Errorf("left %v, %v", entries, err)
		}
	}
}

// A load is not cut off: the daemon gets a tar that ends, and refuses it.
func TestACancelledRestoreEndsTheLoadAndChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		own := fmt.Sprint(rand.Uint64()) // layers that no other image has
		ref := makeImage(t, c, "cancel", own+"a", own+"b", own+"c", own+"d")
		saved, err := s.Save(t.Context(), ref, nil)
		fatal(t, err)
		removeImage(t, c, ref)
		for _, at := range []int64{1, 1 << 20, 3 << 20} {
			ctx, cancel := context.WithCancel(t.Context())
			s.Progress = func(p Progress) {
				if p.Step == "loading" && p.Done >= at {
					cancel()
				}
			}
			spy := &wholeBody{Client: c}
			s.Daemon = spy
			begin := time.Now()
			_, err := s.Restore(ctx, ref, nil)
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled at %d bytes: %v", at, err)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if !spy.ended {
				t.Errorf("the load of %d bytes was cut off", at)
			}
		}
		list, err := c.ImageList(t.Context(), image.ListOptions{All: true})
		fatal(t, err)
		for _, summary := range list {
			img, err := c.ImageInspect(t.Context(), summary.ID)
			if err != nil {
				continue // another test's, removed meanwhile
			}
			for _, layer := range saved.Index.Content.DiffIDs[1:] {
				if slices.Contains(img.RootFS.Layers, layer) {
					t.Fatalf("image %s of the cancelled load was left", img.ID)
				}
			}
		}
		s.Daemon, s.Progress = c, nil
		_, err = s.Restore(t.Context(), ref, nil)
		fatal(t, err)
	})
}

// A full disk fails a save, wherever it strikes, and spoils nothing.
func TestASaveOntoAFullDiskFailsAndKeepsTheOldOne(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	c := engines(t)[0]
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip("cannot mount a small disk: ", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	s := &Store{Dir: dir, Daemon: c, Now: time.Now}
	small := makeImage(t, c, "full", "a")
	big := makeImage(t, c, "full2", "a", "b", "c", "d")
	ref := strings.Replace(small, ":1", ":moving", 1)
	defer removeImage(t, c, ref)
	fatal(t, c.ImageTag(t.Context(), small, ref))
	first, err := s.Save(t.Context(), ref, nil)
	fatal(t, err)
	probe := newStore(t, c)
	needs, err := probe.Save(t.Context(), big, nil)
	fatal(t, err)
	fatal(t, c.ImageTag(t.Context(), big, ref))
	ballast := filepath.Join(dir, "ballast")
	for i := range 10 {
		free := needs.Index.Bytes * int64(i) / 10
		var st syscall.Statfs_t
		fatal(t, os.WriteFile(ballast, nil, 0o644))
		fatal(t, syscall.Statfs(dir, &st))
		if n := int64(st.Bavail)*st.Bsize - free; n > 0 {
			fatal(t, os.WriteFile(ballast, make([]byte, n), 0o644))
		}
		if _, err := s.Save(t.Context(), ref, nil); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with %d bytes free: %v", free, err)
		}
		x, err := s.index(ref)
		fatal(t, err)
		if x.File != first.Index.File {
			t.Error("the old one is gone")
		}
		sound(t, s, x)
	}
	fatal(t, os.Remove(ballast))
	saved, err := s.Save(t.Context(), ref, nil)
	fatal(t, err)
	sound(t, s, saved.Index)
}

func TestAFlippedBitOrATruncationIsAMissAndNeverAnotherImage(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "flip", "a", "b")
		id := imageID(t, c, ref)
		saved, err := s.Save(t.Context(), ref, nil)
		fatal(t, err)
		removeImage(t, c, ref)
		tarball, index := filepath.Join(s.Dir, saved.Index.File), filepath.Join(s.Dir, key(ref)+indexSuffix)
		good := map[string][]byte{}
		for _, name := range []string{tarball, index} {
			b, err := os.ReadFile(name)
			fatal(t, err)
			good[name] = b
		}
		same := 0
		for i := range 200 {
			name := tarball
			if i%2 == 1 {
				name = index
			}
			bad := append([]byte{}, good[name]...)
			what := ""
			if i%4 < 2 {
				at := rand.IntN(len(bad) * 8)
				bad[at/8] ^= 1 << (at % 8)
				what = fmt.Sprintf("bit %d of %s", at, filepath.Base(name))
			} else {
				bad = bad[:rand.IntN(len(bad))]
				what = fmt.Sprintf("%s cut to %d bytes", filepath.Base(name), len(bad))
			}
			fatal(t, os.WriteFile(name, bad, 0o644))
			r, err := s.Restore(t.Context(), ref, nil)
			var miss *Miss
			switch {
			case errors.As(err, &miss):
				if _, err := c.ImageInspect(t.Context(), ref); err == nil {
					t.Fatalf("%s: a miss, but the image is there", what)
				}
			// A flip of a key's letter to upper case, or in a layer that was not sent.
			case err == nil && (name == index || r.LeftOut > 0):
				same++
				if got := imageID(t, c, ref); got != id {
					t.Fatalf("%s: ID %s", what, got)
				}
				removeImage(t, c, ref)
			default:
				t.Fatalf("%s: %v", what, err)
			}
			fatal(t, os.WriteFile(name, good[name], 0o644))
		}
		t.Logf("%d of 200 changes made no difference", same)
		_, err = s.Restore(t.Context(), ref, nil)
		fatal(t, err)
	})
}

func TestSavesRestoresAndAPruneAtOnceAllEndWell(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "many", "a", "b")
		other := makeImage(t, c, "other", "c")
		_, err := s.Save(t.Context(), other, nil)
		fatal(t, err)
		for range 3 {
			var wg sync.WaitGroup
			for _, step := range []string{"save", "save", "restore", "restore", "prune"} {
				cmd := start(t, c, step, s.Dir, ref)
				wg.Go(func() {
					if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != 4 {
						t.Errorf("%s: %v", step, err)
					}
				})
			}
			wg.Wait()
			x, err := s.index(ref)
			fatal(t, err)
			sound(t, s, x)
		}
		if got := runs(t, c, ref); got != printed("a") {
			t.Errorf("prints %q", got)
		}
	})
}

func TestTwoRestoresAtOnceSendTheImageOnce(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	ref := makeImage(t, c, "once", "a", "b")
	_, err := s.Save(t.Context(), ref, nil)
	fatal(t, err)
	removeImage(t, c, ref)
	var wg sync.WaitGroup
	var sent [2]bool
	for i := range sent {
		wg.Go(func() {
			r, err := s.Restore(t.Context(), ref, nil)
			if err != nil {
				t.Error(err)
			}
			sent[i] = !r.Unchanged
		})
	}
	wg.Wait()
	if sent[0] == sent[1] {
		t.Errorf("sent: %v", sent)
	}
}

// sound checks every byte of a kept tarball.
func sound(t testing.TB, s *Store, x Index) {
	t.Helper()
	f, err := s.open(x)
	fatal(t, err)
	defer f.Close()
	for _, p := range wanted(x, 0) {
		fatal(t, checkSegment(t.Context(), f, p.offset, p.Segment))
	}
}
