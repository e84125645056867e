package cache

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// cuts is a sink that notes where it was cut.
type cuts struct {
	bytes.Buffer
	at []int
}

func (c *cuts) Cut() { c.at = append(c.at, c.Len()) }

func hexOf(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

// classicTar is an image as engines before 25 save it, ociTar as later ones do.
func classicTar(layers ...[]byte) map[string][]byte {
	config := configOf(layers)
	files := map[string][]byte{hexOf(config) + ".json": config}
	var names []string
	for i, l := range layers {
		name := fmt.Sprintf("%064x/layer.tar", i)
		names = append(names, `"`+name+`"`)
		files[name] = l
	}
	files["manifest.json"] = fmt.Appendf(nil, `[{"Config":"%s.json","RepoTags":["a:b"],"Layers":[%s]}]`, hexOf(config), strings.Join(names, ","))
	return files
}

func configOf(layers [][]byte) []byte {
	var ids []string
	for _, l := range layers {
		ids = append(ids, `"sha256:`+hexOf(l)+`"`)
	}
	return fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","created":"2025-01-02T03:04:05Z","config":{"Env":["A=b"]},"rootfs":{"type":"layers","diff_ids":[%s]}}`, strings.Join(ids, ","))
}

func ociTar(layers ...[]byte) map[string][]byte {
	config := configOf(layers)
	files := map[string][]byte{blobs + hexOf(config): config}
	var names, descriptors []string
	for _, l := range layers {
		files[blobs+hexOf(l)] = l
		names = append(names, `"`+blobs+hexOf(l)+`"`)
		descriptors = append(descriptors, fmt.Sprintf(`{"digest":"sha256:%s","size":%d}`, hexOf(l), len(l)))
	}
	manifest := fmt.Appendf(nil, `{"config":{"digest":"sha256:%s","size":%d},"layers":[%s]}`, hexOf(config), len(config), strings.Join(descriptors, ","))
	files[blobs+hexOf(manifest)] = manifest
	files["index.json"] = fmt.Appendf(nil, `{"manifests":[{"digest":"sha256:%s","size":%d}]}`, hexOf(manifest), len(manifest))
	files["manifest.json"] = fmt.Appendf(nil, `[{"Config":"%s%s","RepoTags":["a:b"],"Layers":[%s]}]`, blobs, hexOf(config), strings.Join(names, ","))
	return files
}

func tarOf(t testing.TB, files map[string][]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fatal(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}))
		_, err := w.Write(files[name])
		fatal(t, err)
	}
	fatal(t, w.Close())
	return b.Bytes()
}

func check(t testing.TB, files map[string][]byte) (*archive, error) {
	entries, err := scan(bytes.NewReader(tarOf(t, files)), &cuts{})
	fatal(t, err)
	return verify(entries)
}

func TestAScanPassesEveryByteOnAndCutsAroundLargeEntries(t *testing.T) {
	big := noise("big", ownSegment+1)
	files := classicTar(big, []byte("small"), noise("other", ownSegment))
	text := tarOf(t, files)
	var out cuts
	entries, err := scan(bytes.NewReader(text), &out)
	fatal(t, err)
	if !bytes.Equal(out.Bytes(), text) {
		t.Fatal("other bytes came out")
	}
	a, err := verify(entries)
	fatal(t, err)
	if len(a.layers) != 2 {
		t.Errorf("layers %v", a.layers)
	}
	begin := 0
	for i, end := range out.at {
		if begin%512 != 0 || end%512 != 0 {
			t.Errorf("segment %d is %d..%d", i, begin, end)
		}
		if layer, ok := a.layers[i]; ok {
			h, err := tar.NewReader(bytes.NewReader(text[begin:end])).Next()
			fatal(t, err)
			if want := fmt.Sprintf("%064x/layer.tar", layer[0]); h.Name != want {
				t.Errorf("segment %d begins with %s instead of %s", i, h.Name, want)
			}
			if int64(end-begin) != 512+(h.Size+511)/512*512 {
				t.Errorf("segment %d has %d bytes for %d", i, end-begin, h.Size)
			}
		}
		begin = end
	}
	if begin != len(text) {
		t.Errorf("the last segment ends at %d of %d", begin, len(text))
	}
}

func TestAnImageWithAnyFileMissingOrChangedIsRefused(t *testing.T) {
	for layout, files := range map[string]map[string][]byte{
		"classic": classicTar([]byte("one"), []byte("two")),
		"oci":     ociTar([]byte("one"), []byte("two")),
	} {
		if _, err := check(t, files); err != nil {
			t.Fatalf("%s: %v", layout, err)
		}
		for name := range files {
			if name == "index.json" { // its absence makes another valid layout
				continue
			}
			less := maps.Clone(files)
			delete(less, name)
			if _, err := check(t, less); err == nil {
				t.Errorf("%s: accepted without %s", layout, name)
			}
		}
		for name, content := range files {
			other := maps.Clone(files)
			changed := bytes.Clone(content)
			changed[len(changed)/2] ^= 0x11
			other[name] = changed
			if _, err := check(t, other); err == nil {
				t.Errorf("%s: accepted with a changed %s", layout, name)
			}
		}
	}
}

func TestATarThatIsCutOffIsRefused(t *testing.T) {
	text := tarOf(t, ociTar(noise("a", 3000), noise("b", 3000)))
	for n := 0; n < len(text); n += 100 {
		entries, err := scan(bytes.NewReader(text[:n]), &cuts{})
		if err == nil {
			_, err = verify(entries)
		}
		if err == nil {
			t.Fatalf("accepted %d of %d bytes", n, len(text))
		}
	}
}

func TestPackedSegmentsDecodeToTheirBytes(t *testing.T) {
	text := tarOf(t, classicTar(noise("a", 2*pieceBytes+4<<20), []byte("small"), noise("b", pieceBytes)))
	var packed bytes.Buffer
	p, err := newPacker(t.Context(), &packed)
	fatal(t, err)
	_, err = scan(bytes.NewReader(text), p)
	fatal(t, err)
	fatal(t, p.Close())
	if p.bytes != int64(packed.Len()) || p.tarBytes != int64(len(text)) {
		t.Error("the sums are wrong")
	}
	var all []byte
	var offset int64
	for i, s := range p.segments {
		fatal(t, checkSegment(t.Context(), bytes.NewReader(packed.Bytes()), offset, s))
		d, err := zstd.NewReader(bytes.NewReader(packed.Bytes()[offset : offset+s.Bytes]))
		fatal(t, err)
		plain, err := io.ReadAll(d)
		fatal(t, err)
		if int64(len(plain)) != s.TarBytes {
			t.Errorf("segment %d has %d bytes instead of %d", i, len(plain), s.TarBytes)
		}
		all = append(all, plain...)
		offset += s.Bytes
	}
	if !bytes.Equal(all, text) {
		t.Error("other bytes came out")
	}
}

func TestWhatIsReadAheadIsWhatWasSent(t *testing.T) {
	text := noise("ahead", 5*aheadBytes+123)
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(text), "in pieces": iotest.HalfReader(bytes.NewReader(text)), "with its end": iotest.DataErrReader(bytes.NewReader(text)),
	} {
		a := readAhead(r)
		got, err := io.ReadAll(a)
		a.stop()
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	broken := errors.New("the daemon is gone")
	a := readAhead(io.MultiReader(bytes.NewReader(text), iotest.ErrReader(broken)))
	if got, err := io.ReadAll(a); !errors.Is(err, broken) || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	a.stop()
	a = readAhead(bytes.NewReader(text))
	a.stop() // though nobody has read
}

func FuzzVerify(f *testing.F) {
	f.Add(tarOf(f, classicTar([]byte("one"), []byte("two"))))
	f.Add(tarOf(f, ociTar([]byte("one"), []byte("two"))))
	f.Fuzz(func(t *testing.T, text []byte) {
		var out cuts
		entries, err := scan(bytes.NewReader(text), &out)
		if err != nil {
			return
		}
		if !bytes.Equal(out.Bytes(), text) {
			t.Fatal("other bytes came out")
		}
		if a, err := verify(entries); err == nil && (a.content.Config == "" || len(a.content.DiffIDs) == 0) {
			t.Fatalf("content %+v", a.content)
		}
	})
}

func FuzzDecodeIndex(f *testing.F) {
	x := Index{Format: indexFormat, Reference: "a:b", Content: Content{Config: digestA, DiffIDs: []string{digestB}}, RepoDigests: []string{}, File: "f", Bytes: 1,
		TarBytes: 512, Segments: []Segment{{Bytes: 1, TarBytes: 512, XXH64: digestA[7:23], Layers: []int{0}}}}
	text, err := x.encode()
	fatal(f, err)
	if _, err := decodeIndex(text); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	x.Format, x.Segments[0].XXH64, x.Segments[0].SHA256 = 1, "", digestA[7:]
	text, err = x.encode()
	fatal(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := decodeIndex(text)
		if err != nil {
			return
		}
		_ = wanted(x, 1)
		again, err := x.encode()
		fatal(t, err)
		if _, err := decodeIndex(again); err != nil {
			t.Fatal(err)
		}
	})
}
