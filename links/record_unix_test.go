//go:build unix

package links

import (
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full for a moment cuts a line in its middle. Those that would
// come after it are not written, and --resume finds whole lines only.
func TestALineThatIsWrittenInHalfSpoilsNoChunk(t *testing.T) {
	d := newDesk(t)
	store := d.archive()
	r := d.record()
	item := func(url string) *Item {
		return &Item{URL: url, CrawledAt: "2026-11-27T12:00:00Z", Try: Try{Status: 200}, SHA256: "0", ContentType: "text/plain", BodyBytes: []byte(strings.Repeat("x", 5000))}
	}
	if err := r.add(item("http://a.books.jp/1")); err != nil {
		t.Fatal(err)
	}
	// No file of this process may grow beyond the middle of the second line.
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	small := before
	small.Cur = 8000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	failed := r.add(item("http://a.books.jp/2"))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if failed == nil {
		t.Fatal("half a line was written, and nothing said so")
	}
	if err := r.add(item("http://a.books.jp/3")); err == nil {
		t.Error("a line was written behind half of another")
	}
	if err := r.Close(false); err != nil {
		t.Fatal(err)
	}
	if len(store.wrote) > 0 {
		t.Errorf("the archive was given %v", store.wrote)
	}
	d.opts.Resume = true
	r = d.record()
	if r.before["http://a.books.jp/1"] == nil || len(r.before) != 1 {
		t.Errorf("went on with %v", r.before)
	}
	if err := r.add(item("http://a.books.jp/2")); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(true); err != nil {
		t.Fatal(err)
	}
	inOneChunk(t, store, 2)
	if left, _ := filepath.Glob(filepath.Join(d.opts.Dir, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
