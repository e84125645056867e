package links

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/objects"
)

// A folder and a bucket of a real S3 server get the same bytes for the same
// items, and writing them a second time changes nothing in either.
func TestAFolderAndABucketHoldTheSameBytes(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket(t, "links")
	bucket, err := objects.OpenS3(t.Context(), "s3://links/archive", objects.S3Options{Endpoint: server.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := objects.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	contents := map[objects.Store]map[string][]byte{}
	for range 2 {
		for _, store := range []objects.Store{dir, bucket} {
			d := newDesk(t)
			d.opts.Store, d.opts.Dest = store, "x"
			r := d.record()
			for i := range 230 {
				item := &Item{
					URL: fmt.Sprintf("http://a.books.jp/%d", i), FinalURL: fmt.Sprintf("http://a.books.jp/%d", i), CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200},
					SHA256: "0", ContentType: "text/html; charset=utf-8", BodyBytes: []byte(strings.Repeat("<p>本文 & 図</p>", 1+i)), Cited: []Cited{{Place: Place{File: "ch01.re", Line: i + 1}}},
				}
				if i%50 == 7 {
					item.ContentType, item.BodyBytes = "image/png", []byte{0x89, 'P', 'N', 'G', 0, 0xff, byte(i)}
				}
				if err := r.add(item); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Close(true); err != nil {
				t.Fatal(err)
			}
			found := map[string][]byte{}
			for info, err := range store.List(t.Context(), "") {
				if err != nil {
					t.Fatal(err)
				}
				body, _, err := store.Get(t.Context(), info.Name)
				if err != nil {
					t.Fatal(err)
				}
				if found[info.Name], err = io.ReadAll(body); err != nil {
					t.Fatal(err)
				}
				body.Close()
			}
			if before := contents[store]; before != nil {
				for name, text := range found {
					if !bytes.Equal(text, before[name]) {
						t.Errorf("%s: %s changed", store, name)
					}
				}
			}
			contents[store] = found
		}
	}
	if len(contents[dir]) != 3 || len(contents[bucket]) != 3 {
		t.Fatalf("%d and %d chunks", len(contents[dir]), len(contents[bucket]))
	}
	for name, text := range contents[dir] {
		if !bytes.Equal(text, contents[bucket][name]) {
			t.Errorf("%s differs", name)
		}
	}
	runs, err := Runs(t.Context(), bucket, "")
	if err != nil || len(runs) != 1 || runs[0].Book() != "本" {
		t.Fatalf("runs %v, %v", runs, err)
	}
	items, err := Reread(t.Context(), bucket, runs[0])
	if err != nil || len(items) != 230 {
		t.Fatalf("%d items, %v", len(items), err)
	}
}
