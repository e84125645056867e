package links

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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

	"github.com/bookci/bookci/objects"
)

// folder is an archive whose writing is watched, and fails on demand.
type folder struct {
	objects.Store
	dir string

	mu     sync.Mutex
	wrote  []string
	refuse error
}

func (f *folder) Put(ctx context.Context, key string, body io.ReadSeeker, opts objects.PutOptions) (objects.Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return objects.Info{}, f.refuse
	}
	info, err := f.Store.Put(ctx, key, body, opts)
	if err == nil {
		f.wrote = append(f.wrote, key)
	}
	return info, err
}

// keys are those of all objects.
func (f *folder) keys(t *testing.T) (all []string) {
	t.Helper()
	for info, err := range f.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Name)
	}
	return all
}

// lines are the items of a chunk as generic JSON.
func (f *folder) lines(t *testing.T, key string) (all []map[string]any) {
	t.Helper()
	r, _, err := f.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(z)
	for {
		var one map[string]any
		if err := dec.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

func (d *desk) archive() *folder {
	f := &folder{dir: filepath.Join(d.dir, "archive")}
	store, err := objects.OpenFolder(f.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	f.Store = store
	d.opts.Store, d.opts.Dest = f, "archive"
	return f
}

// record opens a record of the desk's, which remembers nothing at first.
func (d *desk) record() *Record {
	d.t.Helper()
	if d.opts.Memory == nil {
		d.opts.Memory = &Memory{pages: map[string]*memo{}}
	}
	r, err := OpenRecord(d.t.Context(), d.opts)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// numbered makes a host with n pages and returns their URLs, each with a fragment.
func (s *site) numbered(host string, n int) (urls []string) {
	s.host(host, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"`+r.URL.Path+`"`)
		if r.Header.Get("If-None-Match") == `"`+r.URL.Path+`"` {
			w.WriteHeader(304)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<p id="x">本 & <b>%s</b>`, r.URL.Path)
	})
	for i := range n {
		urls = append(urls, s.url(host, fmt.Sprintf("/%03d#x", i)))
	}
	return urls
}

func TestTheArchiveHasTheArticlesForm(t *testing.T) {
	s := newSite(t)
	urls := append(s.numbered("a.books.jp", 230), s.url("a.books.jp", "/png"))
	d := newDesk(t)
	store := d.archive()
	o := s.options()
	o.Pause = time.Microsecond
	if _, err := d.check(t.Context(), o, urls...); err != nil {
		t.Fatal(err)
	}
	want := []string{"本/20261127T120000Z/items.0000000.jl.gz", "本/20261127T120000Z/items.0000100.jl.gz", "本/20261127T120000Z/items.0000200.jl.gz"}
	if !slices.Equal(store.wrote, want) {
		t.Fatalf("chunks %v", store.wrote)
	}
	n := 0
	for i, key := range want {
		lines := store.lines(t, key)
		if i < 2 && len(lines) != 100 {
			t.Errorf("%s has %d lines", key, len(lines))
		}
		n += len(lines)
		for _, l := range lines {
			for _, field := range []string{"url", "body", "crawled_at", "status", "final_url", "content_type", "etag", "body_sha256", "cited"} {
				if l[field] == nil {
					t.Errorf("%v has no %s", l["url"], field)
				}
			}
			if body := l["body"].(string); !strings.HasPrefix(body, `<p id="x">本 & <b>/`) {
				t.Errorf("body %q", body)
			}
		}
	}
	if n != 231 {
		t.Errorf("%d items", n)
	}
	if left, _ := filepath.Glob(filepath.Join(d.opts.Dir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheSameItemsAreTheSameBytes(t *testing.T) {
	item := func() *Item {
		return &Item{URL: "http://a.books.jp/", CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200}, SHA256: "0", ContentType: "text/html", BodyBytes: []byte("<p>本</p>"), FinalURL: "http://a.books.jp/"}
	}
	var chunks [][]byte
	for range 2 {
		d := newDesk(t)
		store := d.archive()
		r := d.record()
		if err := r.add(item()); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(true); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(store.dir, filepath.FromSlash(store.wrote[0])))
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, text)
		time.Sleep(1100 * time.Millisecond) // a time in the header would show
	}
	if !bytes.Equal(chunks[0], chunks[1]) {
		t.Error("two chunks of the same items differ")
	}
}

// Two runs that begin in the same second would have the same chunks.
func TestAnotherRunsChunkIsNotTakenForOnesOwn(t *testing.T) {
	d := newDesk(t)
	d.archive()
	for n, url := range []string{"http://a.books.jp/", "http://a.books.jp/", "http://b.books.jp/"} {
		r := d.record()
		if err := r.add(&Item{URL: url, CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200}}); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(true); (err != nil) != (n == 2) {
			t.Errorf("run %d: %v", n, err)
		}
	}
}

func TestAnArchiveIsJudgedWithoutARequest(t *testing.T) {
	s := newSite(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "User-agent: *\nDisallow: /no") })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/here", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/deep/page", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/forbidden", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	mux.HandleFunc("/", page(`<p id="x">x`))
	s.host("a.books.jp", mux.ServeHTTP)
	for _, bodies := range []bool{true, false} {
		d := newDesk(t)
		store := d.archive()
		d.opts.Bodies = bodies
		var urls []string
		for _, p := range []string{"/moved", "/deep/page", "/gone", "/forbidden", "/here#x", "/here#y", "/here", "/no"} {
			urls = append(urls, s.url("a.books.jp", p))
		}
		urls = append(urls, "http://nowhere.books.jp/", "http://user:secret@a.books.jp/", "http:///x")
		items, err := d.check(t.Context(), s.options(), urls...)
		if err != nil {
			t.Fatal(err)
		}
		judged := func(items []*Item) string {
			slices.SortFunc(items, func(a, b *Item) int { return strings.Compare(a.URL, b.URL) })
			var all []Verdict
			for _, i := range items {
				all = append(all, Judge(i)...)
			}
			text, err := json.MarshalIndent(all, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		want := judged(items)
		before := len(s.log)
		for range 2 {
			runs, err := Runs(t.Context(), store, "")
			if err != nil || len(runs) != 1 {
				t.Fatalf("runs %v, %v", runs, err)
			}
			again, err := Reread(t.Context(), store, runs[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := judged(again); got != want {
				t.Errorf("bodies %v: judged again:\n%s\nwant:\n%s", bodies, got, want)
			}
		}
		if len(s.log) != before {
			t.Errorf("judging again made %d requests", len(s.log)-before)
		}
		for _, l := range store.lines(t, store.wrote[0]) {
			if !bodies && l["body"] != "" {
				t.Errorf("a body was kept: %v", l["body"])
			}
			if text, _ := json.Marshal(l); strings.Contains(string(text), "body_in") {
				t.Errorf("a first run refers to another: %s", text)
			}
		}
	}
}

func TestTheNewestCopyOfADeadPageIsFound(t *testing.T) {
	s := newSite(t)
	urls := s.numbered("a.books.jp", 3)
	d := newDesk(t)
	store := d.archive()
	o := s.options()
	o.Fresh = 0
	for range 2 {
		if _, err := d.check(t.Context(), o, urls...); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(d.dir, "links.json")); err != nil {
			t.Fatal(err)
		}
		d.opts.Begun = d.opts.Begun.Add(24 * time.Hour)
	}
	page, _, _ := strings.Cut(urls[1], "#")
	found, err := FindCopies(t.Context(), store, "本", "", []string{page, "http://never.books.jp/"})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[page].Key != "本/20261128T120000Z/items.0000000.jl.gz" {
		t.Errorf("found %v", found)
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add([]byte(`{"url":"http://a.books.jp/","body":"x","crawled_at":"2026-11-27T12:00:00Z","status":200,"redirects":[{"status":301,"to":"x"}],"cited":[{"file":"a.re","line":1,"fragment":"x"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = readLines(bytes.NewReader(text), func(i *Item) error {
			i.putAside("k")
			Judge(i)
			return nil
		})
	})
}
