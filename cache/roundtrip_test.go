package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

func TestARestoredImageIsTheSavedOneAndRuns(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "round", "a", "b", "c")
		id := imageID(t, c, ref)
		saved, err := s.Save(t.Context(), ref, nil)
		if err != nil {
			t.Fatal(err)
		}
		if saved.Unchanged || saved.Index.Bytes >= saved.Index.TarBytes {
			t.Errorf("saved %+v", saved)
		}
		removeImage(t, c, ref)
		r, err := s.Restore(t.Context(), ref, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := imageID(t, c, ref); got != id || r.ID != id {
			t.Errorf("ID %s, restored as %s and said to be %s", id, got, r.ID)
		}
		if got := runs(t, c, ref); got != printed("a") {
			t.Errorf("the restored image prints %q", got)
		}
		again, err := s.Save(t.Context(), ref, nil)
		if err != nil || !again.Unchanged {
			t.Errorf("saving the restored image: %+v, %v", again, err)
		}
	})
}

func TestAnImageSavedOnOneEngineIsTheSameOnEveryOther(t *testing.T) {
	all := engines(t)
	if len(all) < 2 {
		t.Skip("only one engine; BOOKCI_TEST_ENGINES names more")
	}
	for _, from := range all {
		ref := makeImage(t, from, "across", "a", "b")
		s := newStore(t, from)
		if _, err := s.Save(t.Context(), ref, nil); err != nil {
			t.Fatal(err)
		}
		for _, to := range all {
			if to == from {
				continue
			}
			other := &Store{Dir: s.Dir, Daemon: to, Now: s.Now}
			if _, err := other.Restore(t.Context(), ref, nil); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { removeImage(t, to, ref) })
			if got := runs(t, to, ref); got != printed("a") {
				t.Errorf("prints %q", got)
			}
			again, err := other.Restore(t.Context(), ref, nil)
			if err != nil || !again.Unchanged {
				t.Errorf("restoring once more: %+v, %v", again, err)
			}
			kept, err := other.Save(t.Context(), ref, nil)
			if err != nil || !kept.Unchanged {
				t.Errorf("saving there: %+v, %v", kept, err)
			}
		}
	}
}

func TestSavingTheSameImageAgainTouchesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "again", "a")
		if _, err := s.Save(t.Context(), ref, nil); err != nil {
			t.Fatal(err)
		}
		before := files(t, s.Dir)
		saved, err := s.Save(t.Context(), ref, nil)
		if err != nil || !saved.Unchanged {
			t.Fatalf("%+v, %v", saved, err)
		}
		if after := files(t, s.Dir); !maps.Equal(before, after) {
			t.Errorf("before %v\nafter %v", before, after)
		}
	})
}

func TestAnImageThatIsThereIsNotSent(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		ref := makeImage(t, c, "there", "a")
		if _, err := s.Save(t.Context(), ref, nil); err != nil {
			t.Fatal(err)
		}
		s.Daemon = noLoad{c}
		r, err := s.Restore(t.Context(), ref, nil)
		if err != nil || !r.Unchanged {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// noLoad is a daemon that is not to be sent anything.
type noLoad struct{ *client.Client }

func (noLoad) ImageLoad(context.Context, io.Reader, ...client.ImageLoadOption) (image.LoadResponse, error) {
	return image.LoadResponse{}, errors.New("a load call")
}

func TestLayersThatTheClassicStoreHasAreLeftOut(t *testing.T) {
	eachEngine(t, func(t *testing.T, c *client.Client) {
		s := newStore(t, c)
		base := makeImage(t, c, "base", "a", "b")
		// The same lowest layers come from the builder's cache only with the same settings.
		ref := "bookci-test/base-top:1"
		top := makeTop(t, c, base, ref)
		if _, err := s.Save(t.Context(), ref, nil); err != nil {
			t.Fatal(err)
		}
		removeImage(t, c, ref)
		r, err := s.Restore(t.Context(), ref, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := imageID(t, c, ref); got != top {
			t.Errorf("ID %s instead of %s", got, top)
		}
		if strings.Contains(t.Name(), "classic") {
			if r.LeftOut != 3 || r.Read > 2<<20 {
				t.Errorf("left out %d layers, read %d bytes", r.LeftOut, r.Read)
			}
		} else if r.LeftOut != 0 {
			t.Errorf("left out %d layers", r.LeftOut)
		}
		if got := runs(t, c, ref); got != printed("a") {
			t.Errorf("prints %q", got)
		}
	})
}

func TestADaemonThatObjectsToLeftOutLayersGetsThemAll(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	own := fmt.Sprint(rand.Uint64()) // layers that no other image has
	ref := makeImage(t, c, "object", own+"a", own+"b")
	if _, err := s.Save(t.Context(), ref, nil); err != nil {
		t.Fatal(err)
	}
	img, err := c.ImageInspect(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	removeImage(t, c, ref)
	s.Daemon = &boaster{Client: c, layers: img.RootFS.Layers}
	r, err := s.Restore(t.Context(), ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.LeftOut != 0 {
		t.Errorf("left out %d", r.LeftOut)
	}
	if got := runs(t, c, ref); got != printed(own+"a") {
		t.Errorf("prints %q", got)
	}
}

func TestATarballIsAnOrdinaryDockerTar(t *testing.T) {
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("no zstd")
	}
	c := engines(t)[0]
	s := newStore(t, c)
	ref := makeImage(t, c, "plain", "a")
	saved, err := s.Save(t.Context(), ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "image.tar")
	if out, err := exec.Command(zstd, "-q", "-d", "-o", plain, filepath.Join(s.Dir, saved.Index.File)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id := imageID(t, c, ref)
	removeImage(t, c, ref)
	f, err := os.Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := s.loadCall(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if got := imageID(t, c, ref); got != id {
		t.Errorf("ID %s instead of %s", got, id)
	}
}

func TestATagWithoutItsImageIsGivenBackWithoutLoading(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	ref := makeImage(t, c, "untag", "a")
	if _, err := s.Save(t.Context(), ref, nil); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(ref, ":1", ":2", 1)
	if err := c.ImageTag(t.Context(), ref, other); err != nil {
		t.Fatal(err)
	}
	defer removeImage(t, c, other)
	removeImage(t, c, ref)
	s.Daemon = noLoad{c}
	r, err := s.Restore(t.Context(), ref, nil)
	if err != nil || !r.Unchanged {
		t.Fatalf("%+v, %v", r, err)
	}
	if imageID(t, c, ref) != imageID(t, c, other) {
		t.Error("tagged another image")
	}
}

func TestSavingAnImageThatIsNotThereSaysSo(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	if _, err := s.Save(t.Context(), "bookci-test/none:1", nil); !errors.Is(err, ErrNoImage) {
		t.Error(err)
	}
	if _, err := os.Stat(s.Dir); err == nil {
		t.Error("the folder was made")
	}
}

// A CI's cache entry is often never written again: what the first edition kept
// must stay good.
func TestATarballOfTheFirstFormatIsRestored(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	own := fmt.Sprint(rand.Uint64()) // layers that no other image has
	ref := makeImage(t, c, "format", own+"a", own+"b")
	id := imageID(t, c, ref)
	saved, err := s.Save(t.Context(), ref, nil)
	fatal(t, err)
	x := saved.Index
	text, err := os.ReadFile(s.path(x.File))
	fatal(t, err)
	x.Format = 1
	var at int64
	for i := range x.Segments {
		seg := &x.Segments[i]
		seg.XXH64, seg.SHA256 = "", hexOf(text[at:at+seg.Bytes])
		at += seg.Bytes
	}
	old, err := x.encode()
	fatal(t, err)
	if strings.Contains(string(old), "xxh64") {
		t.Fatalf("the first format has no such field: %s", old)
	}
	fatal(t, s.writeFile(key(ref), key(ref)+indexSuffix, old))
	if again, err := s.Save(t.Context(), ref, nil); err != nil || !again.Unchanged {
		t.Errorf("saved again: %+v, %v", again, err)
	}
	removeImage(t, c, ref)
	_, err = s.Restore(t.Context(), ref, nil)
	fatal(t, err)
	if got := imageID(t, c, ref); got != id {
		t.Errorf("ID %s instead of %s", got, id)
	}

	// And its checksums still count. The engine may have the layer of busybox
	// from another image, and then does not read that one.
	at = 0
	for _, seg := range x.Segments {
		text[at+seg.Bytes/2] ^= 1
		at += seg.Bytes
	}
	fatal(t, os.WriteFile(s.path(x.File), text, 0o644))
	removeImage(t, c, ref)
	var miss *Miss
	if _, err = s.Restore(t.Context(), ref, nil); !errors.As(err, &miss) || miss.Why != Corrupted {
		t.Errorf("a flipped bit: %v", err)
	}
}

func TestASaveLeavesTheNumberOfProcessorsAlone(t *testing.T) {
	c := engines(t)[0]
	ref := makeImage(t, c, "cores", "a", "b", "c")
	before := runtime.GOMAXPROCS(0)
	s := newStore(t, c)
	during := before
	s.Progress = func(Progress) { during = max(during, runtime.GOMAXPROCS(0)) }
	_, err := s.Save(t.Context(), ref, nil)
	fatal(t, err)
	removeImage(t, c, ref)
	_, err = s.Restore(t.Context(), ref, nil)
	fatal(t, err)
	if after := runtime.GOMAXPROCS(0); during != before || after != before {
		t.Errorf("%d processors before, %d during, %d after", before, during, after)
	}
}
