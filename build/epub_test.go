package build

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"
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
