package cache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"
	hub "github.com/docker/docker/registry"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	digestC = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
)

// shelf is a daemon and a registry that know one image, as JSON of the Engine API.
type shelf struct {
	inspect string
	remote  string
}

func (s *shelf) ImageInspect(context.Context, string, ...client.ImageInspectOption) (image.InspectResponse, error) {
	var img image.InspectResponse
	if s.inspect == "" {
		return img, cerrdefs.ErrNotFound
	}
	return img, json.Unmarshal([]byte(s.inspect), &img)
}

func (s *shelf) DistributionInspect(context.Context, string, string) (registry.DistributionInspect, error) {
	var d registry.DistributionInspect
	return d, json.Unmarshal([]byte(s.remote), &d)
}

func pulled(config, repoDigest, layer string) string {
	return `{"Id":"` + config + `","RepoDigests":["vvakame/review@` + repoDigest + `"],"Os":"linux","Architecture":"amd64",
		"Created":"2025-01-02T03:04:05.6Z","Config":{"Env":["A=b"]},"RootFS":{"Type":"layers","Layers":["` + layer + `"]}}`
}

func offered(digest string) string {
	return `{"Descriptor":{"digest":"` + digest + `"},"Platforms":[{"os":"linux","architecture":"amd64"},{"os":"linux","architecture":"arm64"}]}`
}

func TestALockedImageIsAllowedAndAnotherIsRefused(t *testing.T) {
	l, err := ReadLock(filepath.Join(t.TempDir(), LockName))
	fatal(t, err)
	d := &shelf{inspect: pulled(digestA, digestB, digestC)}
	changes, err := l.Record(t.Context(), d, "vvakame/review:5.9")
	fatal(t, err)
	if len(changes) != 4 {
		t.Errorf("changes %+v", changes)
	}
	pin := l.Pin(hub.IndexName + "/vvakame/review:5.9")
	if pin == nil || pin.Digest != digestB || pin.Platforms["linux/amd64"].Config != digestA {
		t.Fatalf("pin %+v", pin)
	}
	img, err := d.ImageInspect(t.Context(), "")
	fatal(t, err)
	fatal(t, pin.Check("vvakame/review:5.9", FactsOf(img)))
	d.inspect = pulled(digestC, digestB, digestC)
	img, err = d.ImageInspect(t.Context(), "")
	fatal(t, err)
	var mismatch *Mismatch
	if err := pin.Check("vvakame/review:5.9", FactsOf(img)); !errors.As(err, &mismatch) {
		t.Errorf("another config: %v", err)
	} else if want := "image vvakame/review:5.9 is not the one that bookci.lock pins: its content is cccccccccccc, the lock has aaaaaaaaaaaa"; err.Error() != want {
		t.Errorf("it says %q", err)
	}
	if _, err := l.Record(t.Context(), d, "vvakame/review:5.9"); !errors.As(err, &mismatch) {
		t.Errorf("recording another image: %v", err)
	}
	if changes, err := l.Replace(t.Context(), d, "vvakame/review:5.9"); err != nil || len(changes) != 1 || changes[0].From != digestA {
		t.Errorf("replacing: %+v, %v", changes, err)
	}
}

func TestTheContainerdStoresViewOfALockedImageIsAllowed(t *testing.T) {
	l := &Lock{Version: 1, Images: map[string]*Pin{}}
	d := &shelf{inspect: pulled(digestA, digestB, digestC)}
	_, err := l.Record(t.Context(), d, "vvakame/review:5.9")
	fatal(t, err)
	d.inspect = strings.Replace(pulled(digestB, digestB, digestC), `"Os"`, `"Descriptor":{"digest":"`+digestB+`"},"Os"`, 1)
	img, err := d.ImageInspect(t.Context(), "")
	fatal(t, err)
	fatal(t, l.Pin("vvakame/review:5.9").Check("vvakame/review:5.9", FactsOf(img)))
	// The same layers with other settings are another image.
	d.inspect = strings.Replace(d.inspect, "A=b", "A=c", 1)
	img, err = d.ImageInspect(t.Context(), "")
	fatal(t, err)
	if l.Pin("vvakame/review:5.9").Check("vvakame/review:5.9", FactsOf(img)) == nil {
		t.Error("other settings are allowed")
	}
}

func TestAnUpdateMovesTheLockWithoutPullingAndSaysWhatChanged(t *testing.T) {
	l := &Lock{Version: 1, Images: map[string]*Pin{}}
	d := &shelf{inspect: pulled(digestA, digestB, digestC), remote: offered(digestB)}
	_, err := l.Record(t.Context(), d, "vvakame/review:5.9")
	fatal(t, err)
	if changes, err := l.Update(t.Context(), d, "vvakame/review:5.9", "", "linux/amd64"); err != nil || len(changes) != 0 {
		t.Errorf("nothing moved, but %+v, %v", changes, err)
	}
	d.remote = offered(digestC)
	changes, err := l.Update(t.Context(), d, "vvakame/review:5.9", "")
	fatal(t, err)
	if len(changes) != 3 || changes[0] != (Change{"vvakame/review:5.9", "registry digest", digestB, digestC}) {
		t.Errorf("changes %+v", changes)
	}
	pin := l.Pin("vvakame/review:5.9")
	img, err := d.ImageInspect(t.Context(), "")
	fatal(t, err)
	if err := pin.Check("vvakame/review:5.9", FactsOf(img)); err == nil {
		t.Error("the old image is still allowed")
	}
	d.inspect = pulled(digestB, digestC, digestA)
	img, err = d.ImageInspect(t.Context(), "")
	fatal(t, err)
	fatal(t, pin.Check("vvakame/review:5.9", FactsOf(img)))
	// Now that it is there, its content is recorded.
	_, err = l.Record(t.Context(), d, "vvakame/review:5.9")
	fatal(t, err)
	if got := l.Pin("vvakame/review:5.9").Platforms["linux/amd64"].Config; got != digestB {
		t.Errorf("config %s", got)
	}
}

func TestALockFileIsTheSameBytesEachTimeAndReadsBack(t *testing.T) {
	l := &Lock{Version: 1, Images: map[string]*Pin{}}
	d := &shelf{inspect: pulled(digestA, digestB, digestC), remote: offered(digestB)}
	for _, ref := range []string{"vvakame/review:5.9", "vvakame/review:5.8", "registry.example/x/y:z"} {
		_, err := l.Update(t.Context(), d, ref, "", "linux/arm64", "linux/amd64")
		fatal(t, err)
	}
	name := filepath.Join(t.TempDir(), LockName)
	wrote, err := l.Write(name)
	fatal(t, err)
	first, err := os.ReadFile(name)
	fatal(t, err)
	back, err := ReadLock(name)
	fatal(t, err)
	again, err := back.Encode()
	fatal(t, err)
	if !wrote || !bytes.Equal(first, again) {
		t.Errorf("wrote %v\n%s\n%s", wrote, first, again)
	}
	if wrote, err := back.Write(name); wrote || err != nil {
		t.Errorf("the same lock was written again: %v", err)
	}
}

func TestABadLockFileIsRefusedWithItsReason(t *testing.T) {
	for text, want := range map[string]string{
		"version: 2\n":              "version 2",
		"images: {}\n":              "no version",
		"version: 1\nimges: {}\n":   "imges",
		"version: 1\nimages: {a: }": `write it as "a:latest"`,
		"version: 1\nimages: {A: }": "lowercase",
		"version: 1\nimages: {'a:b': {platforms: {linux/amd64: {}}}}":                   "neither",
		"version: 1\nimages: {'a:b': {digest: sha256:1, platforms: {linux/amd64: {}}}}": "no sha256 digest",
	} {
		if _, err := ParseLock([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAKeptImageThatTheLockDoesNotAllowIsAMiss(t *testing.T) {
	c := engines(t)[0]
	s := newStore(t, c)
	ref := makeImage(t, c, "pin", "a")
	l := &Lock{Version: 1, Images: map[string]*Pin{}}
	_, err := l.Record(t.Context(), c, ref)
	fatal(t, err)
	pin := l.Pin(ref)
	if pin.Digest != "" {
		t.Errorf("an image made here has registry digest %s", pin.Digest)
	}
	_, err = s.Save(t.Context(), ref, pin)
	fatal(t, err)
	other := makeImage(t, c, "pin2", "b")
	fatal(t, lockOf(t, c, other).Pin(other).Check(other, mustFacts(t, c, other)))
	removeImage(t, c, ref)
	var miss *Miss
	if _, err := s.Restore(t.Context(), ref, lockOf(t, c, other).Pin(other)); !errors.As(err, &miss) || miss.Why != Unpinned {
		t.Errorf("restoring what the lock does not allow: %v", err)
	}
	var mismatch *Mismatch
	if _, err := s.Save(t.Context(), other, pin); !errors.As(err, &mismatch) {
		t.Errorf("saving what the lock does not allow: %v", err)
	}
	_, err = s.Restore(t.Context(), ref, pin)
	fatal(t, err)
}

// lockOf pins an image of the daemon.
func lockOf(t *testing.T, c *client.Client, ref string) *Lock {
	t.Helper()
	l := &Lock{Version: 1, Images: map[string]*Pin{}}
	_, err := l.Record(t.Context(), c, ref)
	fatal(t, err)
	return l
}

func mustFacts(t *testing.T, c *client.Client, ref string) Facts {
	img, err := c.ImageInspect(t.Context(), ref)
	fatal(t, err)
	return FactsOf(img)
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte("version: 1\nimages: {'a:b': {digest: " + digestA + ", platforms: {linux/amd64: {}}}}"))
	f.Add([]byte("version: 1\nimages:\n  a:b:\n    platforms:\n      linux/amd64: {config: " + digestA + ", settings: " + digestB + ", diff_ids: [" + digestC + "]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := ParseLock(text)
		if err != nil {
			return
		}
		out, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseLock(out); err != nil {
			t.Fatalf("%v of\n%s", err, out)
		}
	})
}
