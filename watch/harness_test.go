package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// bench is a Run over a temporary folder, with a Func that notes what it read.
//
// Its clock stands still while the test works on the files, so what a test does
// in one go is one burst however slow the machine is, and passes ten times
// faster than the machine's while the test waits.
type bench struct {
	t     *testing.T
	dir   string
	opts  Options
	clock *fakeClock // nil: the machine's

	mu      sync.Mutex
	builds  []built
	notices []Notice
	running bool
	onBuild func(ctx context.Context, c Change) (Result, error) // nil: succeed

	cancel context.CancelFunc
	ended  chan error
}

type built struct {
	change Change
	saw    map[string]string // path below dir -> content
	err    error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := newRealBench(t)
	b.clock = newFakeClock()
	b.opts.Clock = b.clock
	return b
}

// newRealBench lives in the machine's time. It is for tests that write to a
// file at any moment: within a tick of the file system's clock only a look that
// comes later sees that.
func newRealBench(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	return newBenchAlone(t)
}

// newBenchAlone is for tests that measure this process, in the machine's time.
func newBenchAlone(t *testing.T) *bench {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	b := &bench{t: t, dir: filepath.Join(dir, "book")}
	must(t, os.Mkdir(b.dir, 0o755))
	b.opts = Options{
		Scope:  Scope{Folders: []string{b.dir}},
		Ignore: func(path string, isDir bool) bool { return isDir && filepath.Base(path) == "artifacts" },
		Notify: func(n Notice) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.notices = append(b.notices, n)
		},
	}
	return b
}

// start runs until the test ends, and waits for the first build.
func (b *bench) start() *bench {
	b.t.Helper()
	b.launch()
	b.waitBuilds(1)
	return b
}

func (b *bench) launch() {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel, b.ended = cancel, make(chan error, 1)
	go func() { b.ended <- Run(ctx, b.opts, b.build) }()
	b.t.Cleanup(func() { b.stop() })
}

// stop ends Run and returns its error.
func (b *bench) stop() error {
	b.cancel()
	err := <-b.ended
	b.ended <- err
	return err
}

func (b *bench) build(ctx context.Context, c Change) (Result, error) {
	b.mu.Lock()
	if b.running {
		b.t.Error("two builds ran at a time")
	}
	b.running = true
	on := b.onBuild
	b.mu.Unlock()
	saw := readTree(b.dir, b.opts.Ignore)
	var res Result
	var err error
	if on != nil {
		res, err = on(ctx, c)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = false
	b.builds = append(b.builds, built{c, saw, err})
	return res, err
}

func (b *bench) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.builds)
}

func (b *bench) last() built {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.builds[len(b.builds)-1]
}

// waitBuilds waits until n builds have ended, and then that no further one starts.
func (b *bench) waitBuilds(n int) {
	b.t.Helper()
	b.until(func() bool { return b.count() >= n }, func() string { return fmt.Sprintf("%d builds, want %d", b.count(), n) })
	b.rest()
	if got := b.count(); got != n {
		b.t.Fatalf("%d builds, want %d; the last for %v", got, n, b.last().change.Edits)
	}
}

// rest waits until no build has started for a while.
func (b *bench) rest() {
	for n := -1; n != b.count(); {
		n = b.count()
		b.pass(6*b.opts.withDefaults().Quiet + 100*time.Millisecond)
		if b.opts.Poll {
			b.pass(2 * b.opts.withDefaults().PollInterval)
		}
	}
}

// pass lets time go by.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	if b.clock == nil {
		time.Sleep(d)
		return
	}
	for end := b.clock.Mono() + d; b.clock.Mono() < end; {
		b.clock.step(b.t)
	}
}

// until lets time go by until ok.
func (b *bench) until(ok func() bool, say func() string) {
	b.t.Helper()
	if b.clock == nil {
		until(b.t, ok, say)
		return
	}
	until(b.t, func() bool {
		if ok() {
			return true
		}
		b.clock.step(b.t)
		return false
	}, say)
}

// takes is for a Func: a build of that length. Somebody else lets the time go by.
func (b *bench) takes(d time.Duration) {
	if b.clock == nil {
		time.Sleep(d)
		return
	}
	for end := b.clock.Mono() + d; b.clock.Mono() < end; {
		time.Sleep(time.Millisecond)
	}
}

// untilBuilding lets time go by until a build has begun.
func (b *bench) untilBuilding() {
	b.t.Helper()
	b.until(func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.running }, func() string { return "no build" })
}

func (b *bench) noticed(kind NoticeKind) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.notices, func(n Notice) bool { return n.Kind == kind })
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) write(name, content string) {
	b.t.Helper()
	must(b.t, os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	must(b.t, os.WriteFile(b.path(name), []byte(content), 0o644))
}

// edits are the last build's, as "kind name".
func (b *bench) edits() []string {
	var s []string
	for _, e := range b.last().change.Edits {
		rel, err := filepath.Rel(b.dir, e.Path)
		must(b.t, err)
		s = append(s, string(e.Kind)+" "+filepath.ToSlash(rel))
	}
	return s
}

func (b *bench) wantEdits(want ...string) {
	b.t.Helper()
	if got := b.edits(); !slices.Equal(got, want) {
		b.t.Errorf("edits %q, want %q", got, want)
	}
}

// readTree is the content of every file that counts, by path below dir.
func readTree(dir string, ignore func(string, bool) bool) map[string]string {
	tree := map[string]string{}
	// A folder that vanishes while it is read holds nothing.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if path != dir && (Transient(d.Name()) || versionControl(d.Name()) || ignore != nil && ignore(path, d.IsDir())) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() && d.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		rel := strings.TrimPrefix(path, dir)
		link, linkErr := os.Readlink(path)
		if b, err := os.ReadFile(path); err == nil {
			tree[rel] = string(b)
		} else if linkErr == nil {
			tree[rel] = dangling
		}
		if linkErr == nil {
			tree[rel] += linkTo + link
		}
		return nil
	})
	return tree
}

const (
	linkTo   = "\x00-> "
	dangling = "\x00dangling"
)

// sums turns a tree into what Result.Read wants.
func sums(dir string, tree map[string]string) map[string]Sum {
	read := map[string]Sum{}
	for p, c := range tree {
		c, _, _ = strings.Cut(c, linkTo)
		if c != dangling {
			read[dir+p] = sha256.Sum256([]byte(c))
		}
	}
	return read
}

func sameTree(a, b map[string]string) bool { return maps.Equal(a, b) }

func until(t *testing.T, ok func() bool, say func() string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("timed out: " + say())
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var errBook = errors.New("the book is wrong")
