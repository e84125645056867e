package links

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

func TestEveryStatusHasItsVerdict(t *testing.T) {
	s := newSite(t)
	want := map[int]string{
		200: "fine", 201: "fine", 204: "fine", 206: "fine",
		300: "doubtful link-odd", 304: "fine",
		400: "doubtful link-odd", 401: "doubtful link-forbidden", 403: "doubtful link-forbidden", 404: "broken link-gone", 405: "doubtful link-odd",
		406: "doubtful link-odd", 408: "doubtful link-odd", 410: "broken link-gone", 418: "doubtful link-odd", 429: "doubtful link-busy", 451: "doubtful link-odd",
		500: "doubtful link-server", 502: "doubtful link-server", 503: "doubtful link-server", 504: "doubtful link-server", 999: "doubtful link-forbidden",
	}
	var urls []string
	for status := range want {
		host := fmt.Sprintf("s%d.books.jp", status)
		s.host(host, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				http.NotFound(w, r)
				return
			}
			w.WriteHeader(status)
		})
		urls = append(urls, s.url(host, "/a"))
	}
	got := newDesk(t).verdicts(s.options(), urls...)
	for status, verdict := range want {
		host := fmt.Sprintf("s%d.books.jp", status)
		if v := got[s.url(host, "/a")]; v != verdict {
			t.Errorf("%d: %s, want %s", status, v, verdict)
		}
		tries := len(s.asked(host)) - 1
		if again := (Try{Status: status}).class() == definite || (Try{Status: status}).class() == passing; again != (tries == 2) {
			t.Errorf("%d: asked %d times", status, tries)
		}
	}
}

func TestWhatIsDeadOnceOnlyIsNotBroken(t *testing.T) {
	s := newSite(t)
	asked := map[string]int{}
	s.host("wavers.books.jp", func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++ // one request at a time
		switch {
		case r.URL.Path == "/back" && asked["/back"] == 2:
			fmt.Fprint(w, "here")
		case r.URL.Path == "/worse" && asked["/worse"] == 1:
			w.WriteHeader(500)
		default:
			http.NotFound(w, r)
		}
	})
	got := newDesk(t).verdicts(s.options(), s.url("wavers.books.jp", "/back"), s.url("wavers.books.jp", "/worse"))
	if v := got[s.url("wavers.books.jp", "/back")]; v != "fine" {
		t.Errorf("a page that came at the second try: %s", v)
	}
	if v := got[s.url("wavers.books.jp", "/worse")]; v != "doubtful link-wavers" {
		t.Errorf("500, then 404: %s", v)
	}
}

func TestRedirects(t *testing.T) {
	s := newSite(t)
	s.host("other.books.jp", page("<p id=x>other</p>"))
	go301 := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", to); w.WriteHeader(301) }
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", http.NotFound)
	mux.HandleFunc("/", page("top"))
	mux.HandleFunc("/for-good", go301("/new"))
	mux.HandleFunc("/for-now", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", "/new"); w.WriteHeader(302) })
	mux.HandleFunc("/circle", go301("/circle2"))
	mux.HandleFunc("/circle2", go301("/circle"))
	mux.HandleFunc("/self", go301("/self"))
	mux.HandleFunc("/on/", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/on/"))
		w.Header().Set("Location", fmt.Sprintf("/on/%d", n+1))
		w.WriteHeader(302)
	})
	mux.HandleFunc("/ten/", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/ten/"))
		if n == 10 {
			fmt.Fprint(w, "at last")
			return
		}
		w.Header().Set("Location", fmt.Sprintf("/ten/%d", n+1))
		w.WriteHeader(307)
	})
	mux.HandleFunc("/dead-end", go301("/gone"))
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/new", page("<h1 id=there>new</h1>"))
	mux.HandleFunc("/to-top", go301("/"))
	mux.HandleFunc("/elsewhere", go301(s.url("other.books.jp", "/page")))
	mux.HandleFunc("/app", go301("itms-apps://books"))
	mux.HandleFunc("/far", go301("itms-apps://"+strings.Repeat("x", 100_000)))
	mux.HandleFunc("/mixed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/for-good")
		w.WriteHeader(302)
	})
	mux.HandleFunc("/nowhere", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(301) })
	s.host("moves.books.jp", mux.ServeHTTP)

	want := map[string]string{
		"/for-good": "fine link-moved", "/for-now": "fine", "/circle": "doubtful link-redirects", "/self": "doubtful link-redirects",
		"/on/0": "doubtful link-redirects", "/ten/0": "fine", "/dead-end": "broken link-gone", "/to-top": "doubtful link-top",
		"/elsewhere": "fine link-moved", "/app": "doubtful link-redirects", "/far": "doubtful link-redirects", "/mixed": "fine", "/nowhere": "doubtful link-odd", "/": "fine",
		"/for-good#there": "fine link-moved", "/for-good#not": "doubtful link-fragment",
	}
	var urls []string
	for path := range want {
		urls = append(urls, s.url("moves.books.jp", path))
	}
	d := newDesk(t)
	o := s.options()
	o.Pause, o.requestTime = time.Millisecond, 5*time.Second
	items, err := d.check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	got := say(items)
	for path, verdict := range want {
		if path == "/for-good#there" {
			continue // shares the page's verdict
		}
		if v := got[s.url("moves.books.jp", path)]; v != verdict {
			t.Errorf("%s: %s, want %s", path, v, verdict)
		}
	}
	for _, i := range items {
		if i.URL == s.url("moves.books.jp", "/elsewhere") {
			if to := s.url("other.books.jp", "/page"); i.moved() != to || Judge(i)[0].Moved != to {
				t.Errorf("moved to %q, want %q", i.moved(), to)
			}
		}
		if i.URL == s.url("moves.books.jp", "/far") && len(i.Redirects[0].To) > 1000 {
			t.Errorf("%d bytes are kept of where nothing is", len(i.Redirects[0].To))
		}
		if i.URL == s.url("moves.books.jp", "/on/0") && len(i.Redirects) != maxHops+1 {
			t.Errorf("%d redirects were followed", len(i.Redirects))
		}
	}
}

func TestBodiesOfAllKinds(t *testing.T) {
	s := newSite(t)
	text := strings.Repeat("<p>本</p>\n", 400_000) // 4.4 MB
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 40 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", http.NotFound)
	mux.HandleFunc("/huge", page(text))
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, text[:10_000]); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/slam", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/junk", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n\r\n")
		c.Close()
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		for i := range 400 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 1000))
		}
		fmt.Fprint(w, "x")
	})
	mux.HandleFunc("/picture", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("\x89PNG\r\n\x1a\n\x00\xff"))
	})
	mux.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { // compressed, for ever
		w.Header().Set("Content-Encoding", "gzip")
		var none bytes.Buffer
		_ = gzip.NewWriter(&none).Close()
		for many := bytes.Repeat(none.Bytes(), 1000); ; {
			if _, err := w.Write(many); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/notgzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "plain text")
	})
	at := func(path string) string { // each path has a host of its own: they need not wait for each other
		host := strings.Trim(strings.Split(path, "#")[0], "/") + ".books.jp"
		s.host(host, mux.ServeHTTP)
		return s.url(host, path)
	}
	want := map[string]string{
		"/huge": "fine", "/huge#far": "fine", "/bomb": "fine", "/endless": "fine",
		"/cut": "doubtful link-cut", "/slam": "doubtful link-cut", "/junk": "doubtful link-answer", "/headers": "doubtful link-answer",
		"/nothing": "fine", "/picture": "fine", "/picture#page=2": "fine", "/notgzip": "doubtful link-answer",
	}
	o := s.options()
	o.requestTime = 10 * time.Second
	var urls []string
	for path := range want {
		urls = append(urls, at(path))
	}
	items, err := newDesk(t).check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	got := say(items)
	for path, verdict := range want {
		if strings.Contains(path, "#") {
			continue
		}
		if v := got[at(path)]; v != verdict {
			t.Errorf("%s: %s, want %s", path, v, verdict)
		}
	}
	for _, i := range items {
		if i.Bytes > bodyLimit {
			t.Errorf("%s: %d bytes were kept", i.URL, i.Bytes)
		}
		if cut := strings.HasSuffix(i.URL, "/huge") || strings.HasSuffix(i.URL, "/bomb") || strings.HasSuffix(i.URL, "/endless") || strings.HasSuffix(i.URL, "/nothing"); cut != i.Truncated {
			t.Errorf("%s: truncated is %v", i.URL, i.Truncated)
		}
	}
}

func TestAnswersThatDoNotEndInTime(t *testing.T) {
	s := newSite(t)
	s.host("trickle.books.jp", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		for r.Context().Err() == nil {
			fmt.Fprint(w, "a")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	})
	s.host("silent.books.jp", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		<-r.Context().Done()
	})
	o := s.options()
	o.requestTime = 2 * time.Second
	got := newDesk(t).verdicts(o, s.url("trickle.books.jp", "/"), s.url("silent.books.jp", "/"))
	for url, verdict := range got {
		if verdict != "doubtful link-timeout" {
			t.Errorf("%s: %s", url, verdict)
		}
	}
	if len(got) != 2 || len(s.asked("silent.books.jp")) != 3 {
		t.Errorf("%v; the silent host was asked %d times", got, len(s.asked("silent.books.jp")))
	}
}

func TestConnectionsThatFail(t *testing.T) {
	s := newSite(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(closed.Addr().(*net.TCPAddr).Port)
	closed.Close()
	for _, h := range []string{"up.books.jp", "closed.books.jp", "other-name.books.jp", "plain.books.jp"} {
		s.host(h, page("x"))
	}
	s.breakName("servfail.books.jp")
	got := newDesk(t).verdicts(s.options(),
		s.url("up.books.jp", "/"), s.url("nowhere.books.jp", "/"), "http://closed.books.jp:"+port+"/",
		s.secure("other-name.books.jp", "/"), "https://plain.books.jp:"+s.port(s.plain)+"/", s.url("servfail.books.jp", "/"))
	for url, verdict := range map[string]string{
		s.url("up.books.jp", "/"):                         "fine",
		s.url("nowhere.books.jp", "/"):                    "broken link-no-host",
		"http://closed.books.jp:" + port + "/":            "broken link-refused",
		s.secure("other-name.books.jp", "/"):              "broken link-certificate",
		"https://plain.books.jp:" + s.port(s.plain) + "/": "doubtful link-tls",
		s.url("servfail.books.jp", "/"):                   "doubtful link-dns",
	} {
		if got[url] != verdict {
			t.Errorf("%s: %s, want %s", url, got[url], verdict)
		}
	}
}

func TestCertificatesAreThoseOfTheSystem(t *testing.T) {
	s := newSite(t)
	const name = "127.0.0.1" // is in httptest's certificate
	s.host(name, page("x"))
	o := s.options()
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AddCert(s.tls.Certificate())
	if got := newDesk(t).verdicts(o, s.secure(name, "/")); got[s.secure(name, "/")] != "fine" {
		t.Errorf("a known authority: %v", got)
	}
	o.RootCAs = x509.NewCertPool()
	if got := newDesk(t).verdicts(o, s.secure(name, "/")); got[s.secure(name, "/")] != "broken link-certificate" {
		t.Errorf("an unknown authority: %v", got)
	}
}

func TestPrivateAddressesAreNotAsked(t *testing.T) {
	s := newSite(t)
	s.host("inside.books.jp", page("secret")) // resolves to 127.0.0.1
	for name, addr := range map[string]string{
		"ten.books.jp": "10.1.2.3", "meta.books.jp": "169.254.169.254", "cgn.books.jp": "100.64.1.1", "six.books.jp": "fd00::1", "mapped.books.jp": "::ffff:127.0.0.1",
		"nat64.books.jp": "64:ff9b::a00:1", "zero.books.jp": "0.0.0.0",
	} {
		s.record(name, addr)
	}
	o := s.options()
	o.Rules.AllowPrivate = false
	names := []string{"inside", "ten", "meta", "cgn", "six", "mapped", "nat64", "zero"}
	var urls []string
	for _, n := range names {
		urls = append(urls, s.url(n+".books.jp", "/"))
	}
	got := newDesk(t).verdicts(o, urls...)
	for _, u := range urls {
		if got[u] != "doubtful link-private" {
			t.Errorf("%s: %s", u, got[u])
		}
	}
	if n := len(s.asked("inside.books.jp")); n != 0 {
		t.Errorf("a private address was asked %d times", n)
	}
}

func TestAProxyIsNoWayIntoAPrivateNet(t *testing.T) {
	s := newSite(t)
	s.record("outside.books.jp", "8.8.8.8") // nothing is sent there: the proxy answers
	s.record("inside.books.jp", "10.1.2.3")
	asked := make(chan string, 40)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		if to, ok := strings.CutPrefix(r.URL.Path, "/to/"); ok {
			http.Redirect(w, r, "http://"+to+"/inside", http.StatusFound)
		} else if r.URL.Path == "/robots.txt" {
			w.WriteHeader(404)
		}
	}))
	defer proxy.Close()
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := s.options()
	o.Rules.AllowPrivate = false
	o.Proxy = http.ProxyURL(through)
	want := map[string]string{"http://outside.books.jp/": "fine", "http://inside.books.jp/": "doubtful link-private", "http://unknown.books.jp/": "fine"}
	// Spelt so, and by such names, a proxy would reach its own machine and net.
	for _, host := range []string{"127.0.0.1", "2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "wiki", "a.localhost", "metadata.google.internal"} {
		want["http://outside.books.jp/to/"+host] = "doubtful link-private"
	}
	got := newDesk(t).verdicts(o, slices.Collect(maps.Keys(want))...)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
	close(asked)
	proxy.Close()
	if _, err := newDesk(t).check(t.Context(), o, "http://outside.books.jp/"); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("a proxy that is gone: %v", err)
	}
	for u := range asked {
		if strings.Contains(u, "inside") {
			t.Errorf("the proxy was asked for %s", u)
		}
	}
}

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "133.242.1.1": true, "2001:4860:4860::8888": true, "2400:8500::1": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "240.0.0.1": false, "192.0.2.1": false, "::1": false, "::": false, "fe80::1": false, "fd00::1": false,
		"::ffff:0:7f00:1": false, "64:ff9b:1::a00:1": false, "4000::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::1": false, "ff02::1": false, "2001:db8::1": false, "::7f00:1": false,
	} {
		if got := public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("public(%s) = %v", addr, got)
		}
	}
}

func TestFragmentsInPagesOfAllEncodings(t *testing.T) {
	s := newSite(t)
	const text = `<!doctype html><title>t</title>%s<h2 id="日本語">見出し</h2><a name="古い">旧</a><p id="user-content-readme">本文です</p>`
	encode := func(e encoding.Encoding, meta string) string {
		b, err := e.NewEncoder().String(fmt.Sprintf(text, meta))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	pages := map[string]struct{ contentType, body, charset string }{
		"/utf8":        {"text/html; charset=utf-8", fmt.Sprintf(text, ""), "utf-8"},
		"/sjis":        {"text/html; charset=Shift_JIS", encode(japanese.ShiftJIS, ""), "shift_jis"},
		"/sjis-meta":   {"text/html", encode(japanese.ShiftJIS, `<meta charset="shift_jis">`), "shift_jis"},
		"/eucjp":       {"text/html; charset=EUC-JP", encode(japanese.EUCJP, ""), "euc-jp"},
		"/eucjp-meta":  {"text/html", encode(japanese.EUCJP, `<meta http-equiv="Content-Type" content="text/html; charset=EUC-JP">`), "euc-jp"},
		"/jis":         {"text/html; charset=ISO-2022-JP", encode(japanese.ISO2022JP, ""), "iso-2022-jp"},
		"/wrong-eucjp": {"text/html; charset=utf-8", encode(japanese.EUCJP, ""), "euc-jp"},
		"/wrong-sjis":  {"text/html; charset=utf-8", encode(japanese.ShiftJIS, ""), "shift_jis"},
		"/silent-sjis": {"text/html", encode(japanese.ShiftJIS, ""), "shift_jis"},
		"/silent-utf8": {"text/html", fmt.Sprintf(text, ""), "utf-8"},
	}
	s.host("kanji.books.jp", func(w http.ResponseWriter, r *http.Request) {
		p, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", p.contentType)
		fmt.Fprint(w, p.body)
	})
	var urls []string
	for path := range pages {
		for _, f := range []string{"#日本語", "#%E5%8F%A4%E3%81%84", "#readme", "#ない", "#L10", "#:~:text=x", "#top"} {
			urls = append(urls, s.url("kanji.books.jp", path+f))
		}
	}
	o := s.options()
	o.Pause = time.Millisecond
	items, err := newDesk(t).check(t.Context(), o, urls...)
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != len(pages) {
		t.Fatalf("%d items for %d pages", len(items), len(pages))
	}
	for _, i := range items {
		path := strings.TrimPrefix(i.URL, s.url("kanji.books.jp", ""))
		if strings.Join(i.Missing, " ") != "ない" || strings.Join(i.Found, " ") != "readme top 古い 日本語" {
			t.Errorf("%s: found %v, missing %v", path, i.Found, i.Missing)
		}
		if i.Charset != pages[path].charset {
			t.Errorf("%s: read as %s", path, i.Charset)
		}
		vs := Judge(i)
		if len(vs) != 2 || vs[0].Kind != Fine || vs[1].Code != "link-fragment" || len(vs[1].Cited) != 1 {
			t.Errorf("%s: %+v", path, vs)
		}
	}
}
