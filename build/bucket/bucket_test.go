package bucket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/objects"
)

// onServer runs a test on a bucket of a real server.
func onServer(t *testing.T, test func(t *testing.T, store *objects.S3)) {
	server := s3server.Start(t)
	server.Bucket(t, "books")
	store, err := objects.OpenS3(t.Context(), "s3://books/publisher/本", objects.S3Options{Endpoint: server.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	test(t, store)
}

// made is an artifact of this machine and what a manifest says of it.
func made(t *testing.T, book, content string, date int64) (build.Entry, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "book.pdf")
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return build.Entry{Book: book, Target: "pdf", Fingerprint: content, SourceDate: date, Artifact: build.Artifact{Path: "artifacts/x", SHA256: "sum of " + content}}, file
}

func read(t *testing.T, store objects.Store, name string) string {
	t.Helper()
	text, _, err := objects.ReadAll(t.Context(), store, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func manifest(t *testing.T, store objects.Store) map[string]string {
	t.Helper()
	var m build.Manifest
	if err := json.Unmarshal([]byte(read(t, store, build.ManifestName)), &m); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range m.Artifacts {
		all[e.Path] = e.SHA256
	}
	return all
}

func TestArtifactsKeepTheirNamesAndTheManifestListsThem(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		s := bucket.New(store, "1.0")
		e, file := made(t, "本", "one", 10)
		at, err := s.Deliver(t.Context(), e, filepath.Join("本", "book.pdf"), file, true)
		if err != nil || at != store.String()+"/本/book.pdf" {
			t.Fatal(at, err)
		}
		if got := read(t, store, "本/book.pdf"); got != "one" {
			t.Errorf("%q", got)
		}
		if got := manifest(t, store); len(got) != 1 || got["本/book.pdf"] != "sum of one" {
			t.Errorf("%v", got)
		}
		// A part of a book is no entry.
		if _, err := s.Deliver(t.Context(), e, "book-only.pdf", file, false); err != nil {
			t.Fatal(err)
		}
		if got := read(t, store, "book-only.pdf"); got != "one" || len(manifest(t, store)) != 1 {
			t.Errorf("%q, %v", got, manifest(t, store))
		}
	})
}

func TestWhatIsThereAlreadyIsNotWrittenAgain(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		e, file := made(t, "a", "one", 10)
		if _, err := bucket.New(store, "1").Deliver(t.Context(), e, "a.pdf", file, true); err != nil {
			t.Fatal(err)
		}
		before := stamp(t, store, "a.pdf") + stamp(t, store, build.ManifestName)
		time.Sleep(1100 * time.Millisecond) // a server tells seconds
		if _, err := bucket.New(store, "1").Deliver(t.Context(), e, "a.pdf", file, true); err != nil {
			t.Fatal(err)
		}
		if after := stamp(t, store, "a.pdf") + stamp(t, store, build.ManifestName); after != before {
			t.Error("it was written again")
		}
	})
}

// The manifest lists it, and somebody has deleted it.
func TestWhatIsGoneIsBroughtAgain(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		e, file := made(t, "a", "one", 10)
		web := build.Entry{Book: "a", Target: "web", Fingerprint: "f", Artifact: build.Artifact{SHA256: "sum"}}
		for range 2 {
			s := bucket.New(store, "1")
			if _, err := s.Deliver(t.Context(), e, "a.pdf", file, true); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Deliver(t.Context(), web, "webroot", filepath.Dir(file), true); err != nil {
				t.Fatal(err)
			}
			if read(t, store, "a.pdf") != "one" || read(t, store, "webroot/book.pdf") != "one" {
				t.Error("it is not there")
			}
			if err := store.Delete(t.Context(), "a.pdf", "webroot/book.pdf"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func stamp(t *testing.T, store objects.Store, name string) string {
	t.Helper()
	info, err := store.Head(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Version + info.Modified.String()
}

func TestWhatWasMadeOfNewerSourcesStays(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		newer, file := made(t, "a", "newer", 20)
		if _, err := bucket.New(store, "1").Deliver(t.Context(), newer, "a.pdf", file, true); err != nil {
			t.Fatal(err)
		}
		older, oldFile := made(t, "a", "older", 10)
		s := bucket.New(store, "1")
		_, err := s.Deliver(t.Context(), older, "a.pdf", oldFile, true)
		var told *fault.Environment
		if !errors.As(err, &told) || !strings.Contains(err.Error(), "a.pdf stays: it was made of sources of 1970-01-01 00:00:20") || !strings.Contains(told.Hint, "--force") {
			t.Errorf("%v", err)
		}
		if got := read(t, store, "a.pdf"); got != "newer" {
			t.Errorf("%q", got)
		}
		s.Force = true
		if _, err := s.Deliver(t.Context(), older, "a.pdf", oldFile, true); err != nil || read(t, store, "a.pdf") != "older" {
			t.Errorf("%v", err)
		}
	})
}

// Two bookcis on one bucket, each with its own view of it: every entry is in the
// manifest at the end, and of the same artifact the newest, whole.
func TestSeveralAtOnceLoseNothing(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		var wg sync.WaitGroup
		const books, machines = 6, 3
		for machine := range machines {
			s := bucket.New(store, fmt.Sprint(machine))
			for n := range books {
				e, file := made(t, fmt.Sprint(n), fmt.Sprintf("%d by %d", n, machine), int64(machine))
				wg.Go(func() {
					_, err := s.Deliver(t.Context(), e, fmt.Sprintf("%d/book.pdf", n), file, true)
					if err != nil && !strings.Contains(err.Error(), " stays: ") {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		all := manifest(t, store)
		for n := range books {
			name := fmt.Sprintf("%d/book.pdf", n)
			content := read(t, store, name)
			if content != fmt.Sprintf("%d by %d", n, machines-1) || all[name] != "sum of "+content {
				t.Errorf("%s is %q, listed as %q", name, content, all[name])
			}
		}
	})
}

// A bookci that died after its artifact and before the manifest: the next one
// brings both in order.
func TestAManifestThatLagsIsBroughtInOrder(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		if _, err := store.Put(t.Context(), "a.pdf", strings.NewReader("dead's"), objects.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		e, file := made(t, "a", "mine", 10)
		if _, err := bucket.New(store, "1").Deliver(t.Context(), e, "a.pdf", file, true); err != nil {
			t.Fatal(err)
		}
		if read(t, store, "a.pdf") != "mine" || manifest(t, store)["a.pdf"] != "sum of mine" {
			t.Error("not in order")
		}
	})
}

func TestAManifestThatIsNoneIsNotReplaced(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		if _, err := store.Put(t.Context(), build.ManifestName, strings.NewReader("GIF89a"), objects.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		e, file := made(t, "a", "mine", 10)
		if err := bucket.New(store, "1").Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "is no manifest of bookci's") {
			t.Errorf("%v", err)
		}
		if _, err := bucket.New(store, "1").Deliver(t.Context(), e, "a.pdf", file, true); err == nil {
			t.Error("no error")
		}
		if read(t, store, build.ManifestName) != "GIF89a" {
			t.Error("it was replaced")
		}
	})
}

func TestAFolderHasTheFilesOfItsLastState(t *testing.T) {
	onServer(t, func(t *testing.T, store *objects.S3) {
		s := bucket.New(store, "1")
		for i, files := range [][]string{{"index.html", "ch01.html", "images/a.png"}, {"index.html", "ch02.html"}} {
			dir := t.TempDir()
			for _, name := range files {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(name), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			e := build.Entry{Book: "a", Target: "web", SourceDate: int64(i), Artifact: build.Artifact{SHA256: fmt.Sprint(i)}}
			if _, err := s.Deliver(t.Context(), e, "webroot", dir, true); err != nil {
				t.Fatal(err)
			}
			var got []string
			for info, err := range store.List(t.Context(), "webroot/") {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, strings.TrimPrefix(info.Name, "webroot/"))
			}
			if len(got) != len(files) || manifest(t, store)["webroot"] != fmt.Sprint(i) {
				t.Errorf("%q, want %q; %v", got, files, manifest(t, store))
			}
		}
	})
}
