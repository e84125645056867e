package cache

import (
	"fmt"
	hub "github.com/docker/docker/registry"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)

// keep puts an index and a tarball of n bytes into the store, saved some hours ago.
func keep(t *testing.T, s *Store, ref string, hours int, n int64) Index {
	t.Helper()
	sum := hexOf([]byte(ref))
	segments := []Segment{{Bytes: n, TarBytes: 512, XXH64: sum[:16]}}
	x := Index{
		Format: indexFormat, Reference: ref, Content: Content{Config: "sha256:" + sum, DiffIDs: []string{digestA}}, RepoDigests: []string{},
		Created: noon.Add(-time.Duration(hours) * time.Hour), File: tarName(key(ref), segments), Bytes: n, TarBytes: 512,
		Segments: segments,
	}
	text, err := x.encode()
	fatal(t, err)
	fatal(t, os.MkdirAll(s.Dir, 0o755))
	fatal(t, os.WriteFile(s.path(x.File), make([]byte, n), 0o644))
	fatal(t, s.writeFile(key(ref), key(ref)+indexSuffix, text))
	return x
}

func TestAPruneDropsTheOldestAndNeverTheImageInUse(t *testing.T) {
	for name, test := range map[string]struct {
		opts PruneOptions
		want []string
	}{
		"no limit":         {PruneOptions{}, nil},
		"by count":         {PruneOptions{Keep: 2}, []string{"c:1", "d:1"}},
		"by age":           {PruneOptions{MaxAge: 5 * time.Hour}, []string{"c:1", "d:1"}},
		"by size":          {PruneOptions{MaxSize: 350}, []string{"d:1"}},
		"but not in use":   {PruneOptions{Keep: 1, InUse: []string{hub.IndexName + "/library/d:1"}}, []string{"a:1", "b:1", "c:1"}},
		"in use and count": {PruneOptions{Keep: 2, InUse: []string{"d:1"}}, []string{"b:1", "c:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Store{Dir: t.TempDir(), Now: func() time.Time { return noon }}
			all := map[string]Index{}
			for i, ref := range []string{"a:1", "b:1", "c:1", "d:1"} {
				all[ref] = keep(t, s, ref, 1+i*3, 100)
			}
			dry := test.opts
			dry.DryRun = true
			would, err := s.Prune(dry)
			fatal(t, err)
			p, err := s.Prune(test.opts)
			fatal(t, err)
			slices.Sort(p.Dropped)
			slices.Sort(would.Dropped)
			if !slices.Equal(p.Dropped, test.want) || !slices.Equal(would.Dropped, test.want) {
				t.Errorf("dropped %v, would drop %v", p.Dropped, would.Dropped)
			}
			for ref, x := range all {
				_, indexErr := s.index(ref)
				_, tarErr := os.Stat(s.path(x.File))
				if gone := slices.Contains(test.want, ref); gone != (indexErr != nil) || gone != (tarErr != nil) {
					t.Errorf("%s: %v, %v", ref, indexErr, tarErr)
				}
			}
		})
	}
}

func TestAPruneRemovesLeftoversButNotThoseBeingWritten(t *testing.T) {
	s := &Store{Dir: t.TempDir(), Now: func() time.Time { return noon }}
	x := keep(t, s, "a:1", 1, 100)
	busy := keep(t, s, "busy:1", 90, 100)
	s.Record(Timing{Ref: "a:1", Kind: TimedPull, Whole: true, Took: time.Second})
	left := []string{key("a:1") + ".123.tmp", key("gone:1") + ".9.tmp", tarName(key("a:1"), []Segment{{XXH64: "old"}}), key("bad:1") + indexSuffix, "stats.7.tmp"}
	stay := []string{x.File, busy.File, "README", key("busy:1") + ".5.tmp", "notes.tmp", key("new:1") + indexSuffix, tarName(key("new:1"), []Segment{{XXH64: "new"}})}
	for _, name := range append(slices.Clone(left), stay[2:]...) {
		text := "half"
		if name == key("new:1")+indexSuffix {
			text = `{"format": 3}`
		}
		fatal(t, os.WriteFile(s.path(name), []byte(text), 0o644))
	}
	stay = append(stay, statsFile)
	unlock, err := s.lock(t.Context(), "busy:1")
	fatal(t, err)
	st, err := s.Status(t.Context(), nil)
	fatal(t, err)
	if len(st.Images) != 4 || st.Unowned == 0 {
		t.Errorf("status %+v", st)
	}
	p, err := s.Prune(PruneOptions{MaxAge: 10 * time.Hour})
	fatal(t, err)
	unlock()
	if len(p.Dropped) != 0 || !slices.Equal(p.Busy, []string{"busy:1"}) || p.Freed != int64(4*len(left)) {
		t.Errorf("pruned %+v", p)
	}
	for _, name := range left {
		if _, err := os.Stat(s.path(name)); err == nil {
			t.Errorf("%s was left", name)
		}
	}
	for _, name := range stay {
		if _, err := os.Stat(s.path(name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestStatusTellsWhatEachWayTookOnThisMachine(t *testing.T) {
	s := &Store{Dir: t.TempDir(), Now: func() time.Time { return noon }}
	keep(t, s, "a:1", 3, 100)
	x := keep(t, s, "b:1", 1, 100)
	fatal(t, os.Truncate(s.path(x.File), 50))
	for _, took := range []time.Duration{9, 3, 5} {
		s.Record(Timing{Ref: "a:1", Kind: TimedRestore, Whole: true, Took: took * time.Second})
	}
	s.Record(Timing{Ref: "a:1", Kind: TimedRestore, Took: time.Second}) // layers left out: not typical
	s.Record(Timing{Ref: "a:1", Kind: TimedPull, Whole: true, Took: 70 * time.Second})
	st, err := s.Status(t.Context(), nil)
	fatal(t, err)
	if len(st.Images) != 2 || st.Images[0].Ref != "b:1" || !strings.HasPrefix(st.Images[0].Problem, "truncated") || st.Images[0].Use() != FromRemote {
		t.Fatalf("status %+v", st)
	}
	a := st.Images[1]
	if a.Restore != 5*time.Second || a.Pull != 70*time.Second || a.Age != 3*time.Hour || a.Problem != "" || a.Use() != FromCache {
		t.Errorf("entry %+v", a)
	}
}

func TestReferencesThatLookAlikeHaveKeysOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, ref := range []string{"a/b:1", "a_b:1", "a-b:1", "a/b_1:latest", "A.example.com/b:1", "localhost:5000/b:1", strings.Repeat("x", 200) + ":1"} {
		k := key(ref)
		if other, twice := seen[k]; twice {
			t.Errorf("%s and %s share %s", ref, other, k)
		}
		seen[k] = ref
		if filepath.Base(k) != k || len(k) > 100 || owned.FindStringSubmatch(k+".json") == nil {
			t.Errorf("key %q", k)
		}
	}
	if n, err := normalize(hub.IndexName + "/library/debian"); err != nil || n != "debian:latest" {
		t.Error(fmt.Sprint(n, err))
	}
}
