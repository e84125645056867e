package links

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheSecondTimeIsCheap(t *testing.T) {
	s := newSite(t)
	urls := s.numbered("a.books.jp", 5)
	s.host("b.books.jp", http.NotFound)
	urls = append(urls, s.url("b.books.jp", "/gone"))
	d := newDesk(t)
	store := d.archive()
	o := s.options()
	var later time.Duration
	o.Now = func() time.Time { return time.Now().Add(later) }
	first, err := d.check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	asked := len(s.asked("a.books.jp"))

	// Within seven days only failures are asked again.
	d.opts.Begun = d.opts.Begun.Add(time.Hour)
	second, err := d.check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.asked("a.books.jp")); n != asked {
		t.Errorf("%d requests for what was fine", n-asked)
	}
	if n := len(s.asked("b.books.jp")); n != 6 {
		t.Errorf("the failure was asked %d times in two runs, robots.txt included", n)
	}
	if a, b := say(first), say(second); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("verdicts differ: %v, %v", a, b)
	}

	// After them everything is, for changes only.
	later = 8 * 24 * time.Hour
	d.opts.Begun = d.opts.Begun.Add(8 * 24 * time.Hour)
	third, err := d.check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	log := s.asked("a.books.jp")[asked:]
	if len(log) != 6 {
		t.Fatalf("%d requests after eight days", len(log))
	}
	for _, r := range log[1:] {
		if r.header.Get("If-None-Match") != `"`+r.path+`"` {
			t.Errorf("%s was asked with %v", r.path, r.header)
		}
	}
	if a, b := say(first), say(third); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("verdicts differ: %v, %v", a, b)
	}
	lines := store.lines(t, store.wrote[2])
	for _, l := range lines {
		if strings.Contains(l["url"].(string), "/gone") {
			continue
		}
		if in, _ := l["body_in"].(string); in != store.wrote[0] || l["body"] != "" || l["status"] != 304.0 {
			t.Errorf("an unchanged page: %v", l)
		}
	}

	// Another fragment is another question.
	d.opts.Begun = d.opts.Begun.Add(time.Hour)
	if got := d.verdicts(o, s.url("a.books.jp", "/000#y")); got[s.url("a.books.jp", "/000#y")] != "doubtful link-fragment" {
		t.Errorf("a fragment that was not looked for: %v", got)
	}
}

func TestADamagedMemoryCostsRequestsOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "links.json")
	for _, text := range []string{"", "{", `{"version":99}`, `{"version":1,"pages":{"x":null,"y":{}}}`, "null"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := OpenMemory(name)
		if m == nil {
			t.Fatalf("%q: no memory", text)
		}
		if i, _ := m.fine("x"); i != nil {
			t.Errorf("%q: x is remembered", text)
		}
		if err == nil && text == "{" {
			t.Error("damage is not told")
		}
	}
}
