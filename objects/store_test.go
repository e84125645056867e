package objects_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/objects"
)

// The contract of Store, on a folder and on a real S3 server.
func TestStores(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		contract(t, func(t *testing.T) objects.Store {
			return open(t, filepath.Join(t.TempDir(), "not", "yet there"), objects.S3Options{})
		})
	})
	t.Run("s3", func(t *testing.T) {
		server := s3server.Start(t)
		server.Bucket(t, "books")
		n := 0
		contract(t, func(t *testing.T) objects.Store {
			n++
			return open(t, fmt.Sprintf("s3://books/team/日本 %d", n), objects.S3Options{Endpoint: server.Endpoint, PathStyle: true})
		})
	})
}

func open(t *testing.T, location string, opts objects.S3Options) objects.Store {
	t.Helper()
	s, err := objects.Open(t.Context(), location, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func contract(t *testing.T, fresh func(t *testing.T) objects.Store) {
	ctx := t.Context()
	t.Run("what was put is read back", func(t *testing.T) {
		s := fresh(t)
		big := make([]byte, 3<<20)
		_, _ = rand.Read(big)
		for name, content := range map[string]string{
			"book.pdf": "%PDF", "本/第 1章+%2F&=?#.pdf": "日本語", "empty": "", "a/b/c/d": "deep", "-rf": "dash", "big": string(big),
		} {
			before := time.Now().Add(-2 * time.Second)
			info, err := s.Put(ctx, name, strings.NewReader(content), objects.PutOptions{ContentType: "application/pdf"})
			if err != nil {
				t.Fatal(err)
			}
			got, read := get(t, s, name)
			head, err := s.Head(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			if got != content {
				t.Errorf("%s: %d bytes came back, not what was put", name, len(got))
			}
			if info.Version == "" || info.Version != read.Version || read != head || info.Name != name || head.Name != name || head.Size != int64(len(content)) {
				t.Errorf("%s: Put, Get and Head tell %+v, %+v, %+v", name, info, read, head)
			}
			if head.Modified.Before(before) || head.Modified.After(time.Now().Add(2*time.Second)) {
				t.Errorf("%s: modified at %v, around %v", name, head.Modified, before)
			}
		}
	})
	t.Run("what is not there is ErrNotFound", func(t *testing.T) {
		s := fresh(t)
		put(t, s, "a", "file", objects.PutOptions{})
		for _, name := range []string{"none", "a/b", "x/y/z"} {
			if _, _, err := s.Get(ctx, name); !errors.Is(err, objects.ErrNotFound) {
				t.Errorf("Get %s: %v", name, err)
			}
			if _, err := s.Head(ctx, name); !errors.Is(err, objects.ErrNotFound) {
				t.Errorf("Head %s: %v", name, err)
			}
		}
		put(t, s, "folder/file", "x", objects.PutOptions{})
		if _, _, err := s.Get(ctx, "folder"); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Get of what others lie below: %v", err)
		}
		if names := list(t, s, "nothing"); len(names) > 0 {
			t.Errorf("listed %q", names)
		}
		if names := list(t, fresh(t), ""); len(names) > 0 {
			t.Errorf("an empty store lists %q", names)
		}
	})
	t.Run("only where nothing is yet", func(t *testing.T) {
		s := fresh(t)
		put(t, s, "a", "first", objects.PutOptions{IfAbsent: true})
		_, err := s.Put(ctx, "a", strings.NewReader("second"), objects.PutOptions{IfAbsent: true})
		if !errors.Is(err, objects.ErrExists) {
			t.Errorf("a second Put: %v", err)
		}
		if got, _ := get(t, s, "a"); got != "first" {
			t.Errorf("holds %q", got)
		}
	})
	t.Run("only where it is what was read", func(t *testing.T) {
		s := fresh(t)
		if _, err := s.Put(ctx, "a", strings.NewReader("x"), objects.PutOptions{IfMatch: `"0123456789abcdef0123456789abcdef"`}); !errors.Is(err, objects.ErrChanged) {
			t.Errorf("Put over nothing: %v", err)
		}
		one := put(t, s, "a", "one", objects.PutOptions{})
		two := put(t, s, "a", "two", objects.PutOptions{IfMatch: one.Version})
		if one.Version == two.Version {
			t.Errorf("two contents have the version %s", one.Version)
		}
		if _, err := s.Put(ctx, "a", strings.NewReader("three"), objects.PutOptions{IfMatch: one.Version}); !errors.Is(err, objects.ErrChanged) {
			t.Errorf("Put over another version: %v", err)
		}
		if got, _ := get(t, s, "a"); got != "two" {
			t.Errorf("holds %q", got)
		}
	})
	t.Run("of many writers at once one succeeds", func(t *testing.T) {
		s := fresh(t)
		base := put(t, s, "counter", "0", objects.PutOptions{})
		for _, opts := range []objects.PutOptions{{IfAbsent: true}, {IfMatch: base.Version}} {
			name, refused := "counter", objects.ErrChanged
			if opts.IfAbsent {
				name, refused = "new", objects.ErrExists
			}
			var mu sync.Mutex
			var won []string
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					mine := fmt.Sprint("writer ", i)
					_, err := s.Put(ctx, name, strings.NewReader(mine), opts)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won = append(won, mine)
					} else if !errors.Is(err, refused) {
						t.Errorf("%s: %v", mine, err)
					}
				})
			}
			wg.Wait()
			if got, _ := get(t, s, name); len(won) != 1 || won[0] != got {
				t.Errorf("%q succeeded, %q is there", won, got)
			}
		}
	})
	t.Run("a reader never sees half", func(t *testing.T) {
		s := fresh(t)
		contents := []string{strings.Repeat("a", 1<<20), strings.Repeat("b", 2<<20)}
		put(t, s, "x", contents[0], objects.PutOptions{})
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			defer close(done)
			for i := range 20 {
				if _, err := s.Put(ctx, "x", strings.NewReader(contents[i%2]), objects.PutOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
		for reading := true; reading; {
			select {
			case <-done:
				reading = false
			default:
			}
			got, info, err := objects.ReadAll(ctx, s, "x", 100<<20)
			if text := string(got); err != nil || text != contents[0] && text != contents[1] || int64(len(got)) != info.Size {
				t.Errorf("read %d bytes of %d: %v", len(got), info.Size, err)
			}
		}
		wg.Wait()
	})
	t.Run("lists in order, by prefix, through pages", func(t *testing.T) {
		s := fresh(t)
		var want []string
		for i := range 30 {
			want = append(want, fmt.Sprintf("items/%07d.gz", i))
		}
		want = append(want, "a/b", "a-b", "items.txt", "本/序.re")
		for _, name := range want {
			put(t, s, name, name, objects.PutOptions{})
		}
		slices.Sort(want)
		if got := list(t, s, ""); !slices.Equal(got, want) {
			t.Errorf("listed %q", got)
		}
		if got := list(t, s, "items"); len(got) != 31 {
			t.Errorf("items: %q", got)
		}
		if got := list(t, s, "items/000000"); len(got) != 10 {
			t.Errorf("items/000000: %q", got)
		}
		if got := list(t, s, "a/"); !slices.Equal(got, []string{"a/b"}) {
			t.Errorf("a/: %q", got)
		}
		for range s.List(ctx, "") {
			break // a caller may have seen enough
		}
	})
	t.Run("deletes", func(t *testing.T) {
		s := fresh(t)
		if err := s.Delete(ctx, "none"); err != nil {
			t.Errorf("in an empty store: %v", err)
		}
		for _, name := range []string{"a/b/c", "a/d", "e"} {
			put(t, s, name, "x", objects.PutOptions{})
		}
		if err := s.Delete(ctx, "a/b/c", "none", "none/below"); err != nil {
			t.Error(err)
		}
		if err := s.Delete(ctx, "e"); err != nil {
			t.Error(err)
		}
		if err := s.Delete(ctx, "a"); err != nil {
			t.Errorf("of what others lie below: %v", err)
		}
		if err := s.Delete(ctx); err != nil {
			t.Errorf("of nothing: %v", err)
		}
		if got := list(t, s, ""); !slices.Equal(got, []string{"a/d"}) {
			t.Errorf("left: %q", got)
		}
		put(t, s, "a/b", "a file now", objects.PutOptions{})
	})
	t.Run("refuses names that mean something else elsewhere", func(t *testing.T) {
		s := fresh(t)
		for _, name := range []string{"", "/a", "a/", "a//b", "../a", "a/../b", "./a", ".", "a\\b", "a\x00", "a\nb", "\xff", strings.Repeat("a", 1025), ".objects/lock", ".Objects/lock"} {
			if _, err := s.Put(ctx, name, strings.NewReader("x"), objects.PutOptions{}); err == nil {
				t.Errorf("Put takes %q", name)
			}
			if _, _, err := s.Get(ctx, name); err == nil {
				t.Errorf("Get takes %q", name)
			}
			if err := s.Delete(ctx, name); err == nil {
				t.Errorf("Delete takes %q", name)
			}
		}
		if _, err := s.Put(ctx, "a", strings.NewReader("x"), objects.PutOptions{IfAbsent: true, IfMatch: "x"}); err == nil {
			t.Error("takes both conditions")
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		s := fresh(t)
		put(t, s, "a", "kept", objects.PutOptions{})
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		_, _, gerr := s.Get(ctx, "a")
		_, perr := s.Put(ctx, "a", strings.NewReader("x"), objects.PutOptions{})
		_, herr := s.Head(ctx, "a")
		var lerr error
		for _, lerr = range s.List(ctx, "") {
		}
		for op, err := range map[string]error{"Get": gerr, "Put": perr, "Head": herr, "List": lerr, "Delete": s.Delete(ctx, "a")} {
			if !errors.Is(err, cause) {
				t.Errorf("%s: %v", op, err)
			}
		}
		if got, _ := get(t, s, "a"); got != "kept" {
			t.Errorf("holds %q", got)
		}
	})
	t.Run("a body that fails leaves the old object", func(t *testing.T) {
		s := fresh(t)
		put(t, s, "a", "kept", objects.PutOptions{})
		if _, err := s.Put(ctx, "a", &failing{Reader: bytes.NewReader(make([]byte, 1<<20))}, objects.PutOptions{}); err == nil {
			t.Error("no error")
		}
		if got, _ := get(t, s, "a"); got != "kept" {
			t.Errorf("holds %d bytes", len(got))
		}
	})
	t.Run("reads no more than asked for", func(t *testing.T) {
		s := fresh(t)
		put(t, s, "a", "12345", objects.PutOptions{})
		if data, _, err := objects.ReadAll(ctx, s, "a", 5); err != nil || string(data) != "12345" {
			t.Errorf("%q, %v", data, err)
		}
		if _, _, err := objects.ReadAll(ctx, s, "a", 4); err == nil {
			t.Error("takes 5 bytes for 4")
		}
	})
}

// failing can be measured and read to its middle.
type failing struct{ *bytes.Reader }

func (f *failing) Read(p []byte) (int, error) {
	if f.Len() < 1<<19 {
		return 0, errors.New("the disk is gone")
	}
	return f.Reader.Read(p[:min(len(p), 1<<16)])
}

func (f *failing) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{f}) }

func put(t *testing.T, s objects.Store, name, content string, opts objects.PutOptions) objects.Info {
	t.Helper()
	info, err := s.Put(t.Context(), name, strings.NewReader(content), opts)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func get(t *testing.T, s objects.Store, name string) (string, objects.Info) {
	t.Helper()
	data, info, err := objects.ReadAll(t.Context(), s, name, 100<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), info
}

func list(t *testing.T, s objects.Store, prefix string) []string {
	t.Helper()
	var names []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Name)
	}
	return names
}

func TestFolderRemovesWhatAKilledWriterLeft(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, objects.S3Options{})
	put(t, s, "a", "x", objects.PutOptions{})
	half := filepath.Join(dir, ".objects", "HALFWRITTEN")
	if err := os.WriteFile(half, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := list(t, s, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("lists %q", got)
	}
	put(t, s, "b", "y", objects.PutOptions{})
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

// A folder that others write to cannot lead out of itself.
func TestFolderFollowsNoLinkOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Skip(err)
	}
	s := open(t, dir, objects.S3Options{})
	if data, _, err := objects.ReadAll(t.Context(), s, "out/secret", 100); err == nil {
		t.Errorf("read %q", data)
	}
	if _, err := s.Put(t.Context(), "out/new", strings.NewReader("x"), objects.PutOptions{}); err == nil {
		t.Error("written")
	}
	if err := s.Delete(t.Context(), "out/secret"); err == nil {
		t.Error("deleted")
	}
	if _, err := os.Stat(secret); err != nil {
		t.Error(err)
	}
}

func TestAddressesOfBuckets(t *testing.T) {
	for location, want := range map[string][2]string{
		"s3://b": {"b", ""}, "s3://b/": {"b", ""}, "s3://b/x/y/": {"b", "x/y"}, "s3://b/本": {"b", "本"},
	} {
		bucket, prefix, err := objects.ParseS3(location)
		if err != nil || bucket != want[0] || prefix != want[1] {
			t.Errorf("%s: %q %q %v", location, bucket, prefix, err)
		}
	}
	for _, location := range []string{"s3:/b", "s3://", "s3:///x", "s3://b//x", "s3://b/../x", "s3://key:secret@b/x", "http://b"} {
		if bucket, prefix, err := objects.ParseS3(location); err == nil {
			t.Errorf("%s: %q %q", location, bucket, prefix)
		}
	}
}

// What S3 refuses is told apart from what it does not have.
func TestS3SaysWhyItRefuses(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket(t, "books")
	at := objects.S3Options{Endpoint: server.Endpoint, PathStyle: true}
	s := open(t, "s3://nobucket/x", at)
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), objects.PutOptions{}); !errors.Is(err, objects.ErrNoBucket) {
		t.Errorf("without a bucket: %v", err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	s = open(t, "s3://books/x", at)
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), objects.PutOptions{}); !errors.Is(err, objects.ErrDenied) {
		t.Errorf("with a wrong key: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s = open(t, "s3://books/x", at)
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), objects.PutOptions{}); !errors.Is(err, objects.ErrDenied) {
		t.Errorf("without credentials: %v", err)
	}
	t.Setenv("AWS_REGION", "")
	if _, err := objects.Open(t.Context(), "s3://books/x", objects.S3Options{}); err == nil || !strings.Contains(err.Error(), "region") {
		t.Errorf("without a region: %v", err)
	}
}

// A server that is away for a moment costs a moment.
func TestS3IsAskedAgain(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket(t, "books")
	s := open(t, "s3://books/x", objects.S3Options{Endpoint: server.Endpoint, PathStyle: true})
	put(t, s, "a", "kept", objects.PutOptions{})
	server.Stop()
	back := make(chan struct{})
	go func() {
		defer close(back)
		time.Sleep(20 * time.Millisecond) // its start takes a tenth of a second more
		server.Resume(t)
	}()
	got, _, err := objects.ReadAll(t.Context(), s, "a", 100)
	<-back
	if err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPresignedAddresses(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket(t, "books")
	s, err := objects.OpenS3(t.Context(), "s3://books/jobs", objects.S3Options{Endpoint: server.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	s = s.Below("one")
	upload, err := s.PutURL(t.Context(), "out 1.tar", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status := plain(t, http.MethodPut, upload, "from outside"); status != http.StatusOK {
		t.Fatalf("PUT: %d", status)
	}
	if got, _ := get(t, s, "out 1.tar"); got != "from outside" {
		t.Errorf("holds %q", got)
	}
	if status := plain(t, http.MethodGet, upload, ""); status != http.StatusForbidden {
		t.Errorf("reading by an address for writing: %d", status)
	}
	read, err := s.GetURL(t.Context(), "out 1.tar", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if status := plain(t, http.MethodGet, read, ""); status != http.StatusOK {
		t.Errorf("GET: %d", status)
	}
	for end := time.Now().Add(20 * time.Second); plain(t, http.MethodGet, read, "") != http.StatusForbidden; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an address outlives its time")
		}
	}
}

func plain(t *testing.T, method, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}
