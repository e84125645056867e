package build

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// zipOf is a zip of entries, each with its text, which begins as an EPUB does.
func zipOf(t *testing.T, count int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(name, text string) {
		e, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = e.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add(mimetypeName, mimetypeText)
	add("META-INF/container.xml", "<container/>")
	for i := range count {
		add(fmt.Sprint(i), "")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnEPUBOfThousandsOfFilesIsSound(t *testing.T) {
	data := zipOf(t, 5000)
	if err := checkEPUB(bytes.NewReader(data), int64(len(data))); err != nil {
		t.Error(err)
	}
}

// Neither what the end says nor what it leaves out makes the list of entries longer.
func TestAnEPUBOfMillionsOfFilesIsRefusedInLittleMemory(t *testing.T) {
	honest := zipOf(t, 300_000)
	lying := bytes.Clone(honest)
	end := bytes.LastIndex(lying, []byte("PK\x05\x06"))
	if !bytes.HasPrefix(lying[end-20:], []byte("PK\x06\x07")) {
		t.Fatal("the zip has no extension for its entries")
	}
	record := binary.LittleEndian.Uint64(lying[end-20+8:])
	offset := binary.LittleEndian.Uint64(lying[record+48:])
	size := binary.LittleEndian.Uint64(lying[record+40:])
	lying = append(lying[:record:record], lying[end:]...)
	end = len(lying) - 22
	const counted = (300_000 + 2) % 65536
	binary.LittleEndian.PutUint16(lying[end+8:], counted)
	binary.LittleEndian.PutUint16(lying[end+10:], counted)
	binary.LittleEndian.PutUint32(lying[end+12:], uint32(size))
	binary.LittleEndian.PutUint32(lying[end+16:], uint32(offset))
	if z, err := zip.NewReader(bytes.NewReader(lying), int64(len(lying))); err != nil || len(z.File) != 300_002 {
		t.Fatalf("the zip is no attack: %v", err)
	}
	for name, data := range map[string][]byte{"honest": honest, "lying": lying} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := checkEPUB(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, errTooManyEntries) {
			t.Errorf("%s: %v", name, err)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 100 {
			t.Errorf("%s: it took %d MB", name, took)
		}
	}
}

// A few bytes that many entries name as theirs unpack to nothing, and so pass as
// a small book, but would be written once for each entry when the EPUB is settled.
func TestEntriesOfAnEPUBShareNoBytes(t *testing.T) {
	const entries, shared = 1000, 1 << 20
	// Blocks of no bytes, each of which another one follows, and the last.
	raw := append(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, shared/5), 1, 0, 0, 0xff, 0xff)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	e, err := w.CreateHeader(&zip.FileHeader{Name: mimetypeName, Method: zip.Store})
	if err == nil {
		_, err = e.Write([]byte(mimetypeText))
	}
	if err == nil {
		_, err = w.CreateHeader(&zip.FileHeader{Name: "META-INF/container.xml", Method: zip.Store})
	}
	for i := range entries {
		if err != nil {
			break
		}
		h := &zip.FileHeader{Name: fmt.Sprintf("%04d", i), Method: zip.Deflate}
		if i == 0 {
			h.CompressedSize64 = uint64(len(raw))
		}
		if e, err = w.CreateRaw(h); err == nil && i == 0 {
			_, err = e.Write(raw)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	lists := bytes.Split(data, []byte("PK\x01\x02"))
	first := lists[3]
	for _, list := range lists[3:] {
		copy(list[16:20], first[16:20]) // length in the file
		copy(list[38:42], first[38:42]) // place of the entry
	}
	name := filepath.Join(t.TempDir(), "book.epub")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if z, err := zip.OpenReader(name); err != nil || len(z.File) != entries+2 {
		t.Fatalf("the zip is no attack: %v", err)
	} else if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := settleEPUB(t.Context(), filepath.Dir(name), name, time.Now()); !errors.Is(err, errLargerThanItself) {
		st, _ := os.Stat(name)
		t.Errorf("%d bytes were settled as %d: %v", len(data), st.Size(), err)
	}
}

// What passes as sound is settled to no more than it was, and to what is sound.
func FuzzEPUB(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range []struct {
		name, text string
		method     uint16
	}{{mimetypeName, mimetypeText, zip.Store}, {"META-INF/container.xml", "<container/>", zip.Deflate}, {"a", "a text", zip.Deflate}} {
		h, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		if err == nil {
			_, err = h.Write([]byte(e.text))
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "book.epub")
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		sound := checkEPUB(bytes.NewReader(data), int64(len(data))) == nil
		err := settleEPUB(t.Context(), filepath.Dir(name), name, time.Unix(0, 0))
		settled, rerr := os.ReadFile(name)
		if rerr != nil {
			t.Fatal(rerr)
		}
		if len(settled) > 3*len(data) {
			t.Errorf("%d bytes were settled as %d", len(data), len(settled))
		}
		if !sound || err != nil {
			return
		}
		if err := checkEPUB(bytes.NewReader(settled), int64(len(settled))); err != nil {
			t.Errorf("it was sound and is not: %v", err)
		}
	})
}
