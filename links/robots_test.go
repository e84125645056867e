package links

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRobotsRules(t *testing.T) {
	for _, c := range []struct {
		name, text string
		paths      map[string]bool
	}{
		{"nothing", "", map[string]bool{"/": true}},
		{"junk", "<html>not found</html>\n\x00\x01", map[string]bool{"/a": true}},
		{"all", "User-agent: *\nDisallow: /", map[string]bool{"/": false, "/a": false, "/robots.txt": true}},
		{"empty rule", "User-agent: *\nDisallow:", map[string]bool{"/a": true}},
		{"BOM and CR", "\xef\xbb\xbfUser-agent: *\rDisallow: /a\r", map[string]bool{"/a": false, "/b": true}},
		{"comments", "User-agent: * # all\nDisallow: /a # this", map[string]bool{"/a": false, "/b": true}},
		{"longest", "User-agent: *\nDisallow: /a\nAllow: /a/b", map[string]bool{"/a/c": false, "/a/b": true, "/a/bc": true}},
		{"allow wins", "User-agent: *\nDisallow: /page\nAllow: /page", map[string]bool{"/page": true}},
		{"stars", "User-agent: *\nDisallow: /*.pdf$\nDisallow: /*/private*/x", map[string]bool{"/a.pdf": false, "/a.pdf?x": true, "/b/private9/x": false, "/b/public/x": true}},
		{"dollar", "User-agent: *\nDisallow: /$", map[string]bool{"/": false, "/a": true}},
		{"star at the end", "User-agent: *\nDisallow: /fish*", map[string]bool{"/fish": false, "/fishheads/x": false, "/Fish": true}},
		{"query", "User-agent: *\nDisallow: /*?", map[string]bool{"/a?b=1": false, "/a": true}},
		{"own group", "User-agent: *\nDisallow: /\n\nUser-agent: bookci\nDisallow: /x", map[string]bool{"/a": true, "/x": false}},
		{"own group with a version", "User-agent: BookCI/2.0\nDisallow: /x\nUser-agent: *\nDisallow: /", map[string]bool{"/a": true, "/x": false}},
		{"others' groups", "User-agent: bookcicada\nDisallow: /\nUser-agent: book\nDisallow: /", map[string]bool{"/a": true}},
		{"groups merged", "User-agent: bookci\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: bookci\nDisallow: /b", map[string]bool{"/a": false, "/b": false, "/c": true}},
		{"two agents", "User-agent: x\nUser-agent: bookci\nDisallow: /a", map[string]bool{"/a": false}},
		{"one wrong line", "User-agent: *\nCrawl-delay: soon\nDisallow: /a\nwhat is this", map[string]bool{"/a": false}},
		{"Japanese in the rule", "User-agent: *\nDisallow: /日本/", map[string]bool{"/%E6%97%A5%E6%9C%AC/a": false, "/%e6%97%a5%e6%9c%ac/a": false, "/日本/a": false, "/日/": true}},
		{"percent in the rule", "User-agent: *\nDisallow: /%e6%97%a5%E6%9C%AC/", map[string]bool{"/%E6%97%A5%E6%9C%AC/a": false, "/日本/a": false}},
		{"letters encoded", "User-agent: *\nDisallow: /%61%7Eb", map[string]bool{"/a~b": false, "/a%7eb": false}},
		{"an encoded slash is another", "User-agent: *\nDisallow: /a%2Fb", map[string]bool{"/a%2fb": false, "/a/b": true}},
		{"an encoded star is no star", "User-agent: *\nDisallow: /a%2Ab", map[string]bool{"/a%2Ab": false, "/axb": true}},
		{"very many rules", "User-agent: *\n" + strings.Repeat("Disallow: /b\n", 30_000) + "Disallow: /a", map[string]bool{"/a": false}},
		{"rules before any agent", "Disallow: /\nUser-agent: *\nDisallow: /a", map[string]bool{"/b": true, "/a": false}},
	} {
		r := parseRobots([]byte(c.text), "bookci")
		for path, want := range c.paths {
			if got := r.allows(path); got != want {
				t.Errorf("%s: allows(%s) = %v", c.name, path, got)
			}
		}
	}
}

func TestCrawlDelay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"User-agent: *\nCrawl-delay: 10":                                         10 * time.Second,
		"User-agent: *\nCrawl-delay: 0.5":                                        500 * time.Millisecond,
		"User-agent: *\nCrawl-delay: -1":                                         0,
		"User-agent: *\nCrawl-delay: NaN":                                        0,
		"User-agent: *\nCrawl-delay: 20\n\nUser-agent: bookci\nCrawl-delay: 2\n": 2 * time.Second,
	} {
		if got := parseRobots([]byte(text), "bookci").delay; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAHostileRobotsFileCostsLittle(t *testing.T) {
	text := "User-agent: *\n" + strings.Repeat("Disallow: /"+strings.Repeat("*a", 200)+"b$\n", 1200)
	r := parseRobots([]byte(text), "bookci")
	begun := time.Now()
	r.allows("/" + strings.Repeat("a", 8000))
	if took := time.Since(begun); took > 20*time.Second { // a pattern that backtracks takes for ever
		t.Errorf("took %v", took)
	}
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /a*b$\nAllow: /%e6"), "/a%E6b?c")
	f.Add([]byte("User-agent: *\nDisallow: /a%25"), "/a%%36fb")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		r := parseRobots(text, "bookci")
		if once := canonicalPath(path); canonicalPath(once) != once {
			t.Errorf("%q is not stable", once)
		}
		if !r.allows("/robots.txt") {
			t.Error("robots.txt itself is refused")
		}
		r.allows(path)
	})
}

func TestRobotsAreObeyed(t *testing.T) {
	s := newSite(t)
	s.host("rules.books.jp", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			fmt.Fprint(w, "User-agent: *\nDisallow: /日本/\nDisallow: /no\nAllow: /no/but")
			return
		}
		if r.URL.Path == "/to-no" {
			http.Redirect(w, r, "/no", http.StatusMovedPermanently)
		}
	})
	s.host("moved.books.jp", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.Redirect(w, r, s.url("rules.books.jp", "/robots.txt"), http.StatusMovedPermanently)
		}
	})
	got := newDesk(t).verdicts(s.options(),
		s.url("rules.books.jp", "/日本/a"), s.url("rules.books.jp", "/%E6%97%A5%E6%9C%AC/b"), s.url("rules.books.jp", "/no"),
		s.url("rules.books.jp", "/no/but"), s.url("rules.books.jp", "/yes"), s.url("rules.books.jp", "/to-no"),
		s.url("moved.books.jp", "/no"), s.url("moved.books.jp", "/yes"))
	for url, want := range map[string]string{
		s.url("rules.books.jp", "/%E6%97%A5%E6%9C%AC/a"): "not asked link-robots", s.url("rules.books.jp", "/%E6%97%A5%E6%9C%AC/b"): "not asked link-robots",
		s.url("rules.books.jp", "/no"): "not asked link-robots", s.url("rules.books.jp", "/no/but"): "fine", s.url("rules.books.jp", "/yes"): "fine",
		s.url("rules.books.jp", "/to-no"): "not asked link-robots", s.url("moved.books.jp", "/no"): "not asked link-robots", s.url("moved.books.jp", "/yes"): "fine",
	} {
		if got[url] != want {
			t.Errorf("%s: %q, want %q", url, got[url], want)
		}
	}
	for _, r := range append(s.asked("rules.books.jp"), s.asked("moved.books.jp")...) {
		if strings.HasPrefix(r.path, "/%E6") || r.path == "/no" {
			t.Errorf("%s%s was asked for", r.host, r.path)
		}
	}
}
