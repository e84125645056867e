package links

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A run is stopped at many moments, the store fails now and then, and what is on
// the disk at that moment is all that the next one finds.
func TestEveryPageIsInOneChunkHoweverOftenTheRunEnds(t *testing.T) {
	s := newSite(t)
	urls := s.numbered("a.books.jp", 130)
	urls = append(urls, s.numbered("b.books.jp", 130)...)
	d := newDesk(t)
	store := d.archive()
	d.opts.Resume = true
	o := s.options()
	o.Pause, o.Fresh = time.Microsecond, 0
	rng := rand.New(rand.NewPCG(1, 2))
	stopped := errors.New("stopped")
	runs, seen := 0, 0
	for ; runs < 200; runs++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := seen + 1 + rng.IntN(40)
		o.Progress = func(p Progress) {
			if p.Done >= enough {
				cancel(stopped)
			}
		}
		items, err := d.check(ctx, o, urls...)
		seen = len(items)
		cancel(nil)
		if err == nil {
			break
		}
		if !errors.Is(err, stopped) {
			t.Fatal(err)
		}
	}
	if runs < 5 {
		t.Fatalf("only %d runs", runs)
	}
	inOneChunk(t, store, 260)
}

func inOneChunk(t *testing.T, store *folder, want int) {
	t.Helper()
	keys := store.keys(t)
	at := map[string]string{}
	next := map[string]int{}
	slices.Sort(keys)
	for _, key := range keys {
		lines := store.lines(t, key)
		first, ok := chunkFirst(key)
		if !ok || first != next[path.Dir(key)] || len(lines) == 0 || len(lines) > chunkItems {
			t.Errorf("%s begins at %d, want %d, and has %d items", key, first, next[path.Dir(key)], len(lines))
		}
		next[path.Dir(key)] = first + len(lines)
		for _, l := range lines {
			url := l["url"].(string)
			if at[url] != "" {
				t.Errorf("%s is in %s and in %s", url, at[url], key)
			}
			at[url] = key
		}
	}
	if len(at) != want {
		t.Errorf("%d pages are in the archive, want %d", len(at), want)
	}
}

func TestAKillBetweenTheChunkAndItsJournal(t *testing.T) {
	s := newSite(t)
	urls := s.numbered("a.books.jp", 120)
	d := newDesk(t)
	store := d.archive()
	d.opts.Resume = true
	o := s.options()
	o.Pause = time.Microsecond

	// Killed after the chunk was written, before the journal was removed: the
	// journal is put back. Its last line is half written in the other case.
	ctx, cancel := context.WithCancel(t.Context())
	left := 50
	o.Progress = func(Progress) {
		if left--; left == 0 {
			cancel()
		}
	}
	if _, err := d.check(ctx, o, urls...); err == nil {
		t.Fatal("was not stopped")
	}
	z, _, err := store.Get(t.Context(), store.wrote[0])
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(z)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	z.Close()
	n := bytes.Count(text, []byte("\n"))
	for name, journal := range map[string][]byte{"items.0000000.jl": text, fmt.Sprintf("items.%07d.jl", n): []byte(`{"url":"http://a.books.jp/half","bo`)} {
		if err := os.WriteFile(filepath.Join(d.opts.Dir, name), journal, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o.Progress = nil
	if _, err := d.check(t.Context(), o, urls...); err != nil {
		t.Fatal(err)
	}
	inOneChunk(t, store, 120)
}

// Killed in its first line, and then interrupted before a page came.
func TestARunWithoutAPageWritesNoChunk(t *testing.T) {
	d := newDesk(t)
	store := d.archive()
	if err := d.record().Close(false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.opts.Dir, "items.0000000.jl"), []byte(`{"url":"http://a.books.jp/half","bo`), 0o644); err != nil {
		t.Fatal(err)
	}
	d.opts.Resume = true
	if err := d.record().Close(false); err != nil || len(store.wrote) > 0 {
		t.Errorf("the archive was given %v, %v", store.wrote, err)
	}
	r := d.record()
	if err := r.add(&Item{URL: "http://a.books.jp/", CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(true); err != nil {
		t.Error(err)
	}
	inOneChunk(t, store, 1)
}

// What comes after a chunk that could not be written would be a chunk without the
// one before it.
func TestNothingIsWrittenBehindAChunkThatIsNotThere(t *testing.T) {
	d := newDesk(t)
	store := d.archive()
	store.refuse = errors.New("no space left")
	r := d.record()
	add := func(n int) error {
		return r.add(&Item{URL: fmt.Sprintf("http://a.books.jp/%d", n), CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200}})
	}
	for n := range chunkItems {
		if err := add(n); (err != nil) != (n == chunkItems-1) {
			t.Fatalf("item %d: %v", n, err)
		}
	}
	store.refuse = nil
	if add(chunkItems) == nil {
		t.Error("an item was written")
	}
	if err := r.Close(false); err != nil {
		t.Fatal(err)
	}
	d.opts.Resume = true
	r = d.record()
	if len(r.before) != chunkItems {
		t.Errorf("%d items are left", len(r.before))
	}
	if err := add(chunkItems); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(true); err != nil {
		t.Fatal(err)
	}
	inOneChunk(t, store, chunkItems+1)
}

func TestAnArchiveThatCannotBeWrittenStopsTheRunAndLosesNothing(t *testing.T) {
	s := newSite(t)
	urls := s.numbered("a.books.jp", 120)
	d := newDesk(t)
	store := d.archive()
	o := s.options()
	o.Pause = time.Microsecond
	store.refuse = errors.New("no space left")
	var cited []Citation
	for _, u := range urls {
		cited = append(cited, Citation{URL: u})
	}
	pages, _ := Gather(cited, o.Rules)
	opts := d.opts
	opts.Memory = &Memory{pages: map[string]*memo{}}
	record, err := OpenRecord(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), pages, record, o); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("the error is %v", err)
	}
	_ = record.Close(false)
	store.refuse = nil
	asked := len(s.asked("a.books.jp"))
	d.opts.Resume = true
	if _, err := d.check(t.Context(), o, urls...); err != nil {
		t.Fatal(err)
	}
	inOneChunk(t, store, 120)
	if n := len(s.asked("a.books.jp")) - asked; n > 22 {
		t.Errorf("%d requests to go on", n)
	}
}

// Of an unfinished run that came with the sources, as in an archive, the time
// becomes a part of keys.
func TestAnUnfinishedRunLeadsToNoOtherKeys(t *testing.T) {
	dir := t.TempDir()
	for time, want := range map[string]bool{"20260102T030405Z": true, "../other/20260102T030405Z": false, "..": false, "": false} {
		if err := os.WriteFile(filepath.Join(dir, runFile), fmt.Appendf(nil, `{"book":"b","time":%q}`, time), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := Unfinished(dir); ok != want {
			t.Errorf("%q: an unfinished run: %v", time, ok)
		}
	}
}
