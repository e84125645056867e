package links

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a net without sockets, for tests whose time is synctest's: hours
// pass in an instant, and each request's moment is exact.
type pipes struct {
	t       *testing.T
	begun   time.Time
	handler http.HandlerFunc

	mu    sync.Mutex
	log   []request
	open  map[string]int // requests under way, by host
	most  int            // at the same time, over all hosts
	twice []string       // hosts that were asked twice at the same time
}

func newPipes(t *testing.T, h http.HandlerFunc) *pipes {
	return &pipes{t: t, begun: time.Now(), handler: h, open: map[string]int{}}
}

// RoundTrip serves the request at once, in the server's own goroutine.
func (p *pipes) RoundTrip(r *http.Request) (*http.Response, error) {
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		req, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			return
		}
		w := &answer{header: http.Header{}, status: 200}
		n := p.enter(req)
		p.handler(w, req)
		p.leave(n)
		resp := &http.Response{StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Body: io.NopCloser(strings.NewReader(w.body.String())), ContentLength: int64(w.body.Len())}
		_ = resp.Write(server)
	}()
	if err := r.Write(client); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(client), r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp, err
}

type answer struct {
	header http.Header
	status int
	body   strings.Builder
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (p *pipes) enter(r *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, request{host: r.Host, path: r.URL.RequestURI(), header: r.Header, from: time.Since(p.begun)})
	if p.open[r.Host]++; p.open[r.Host] > 1 {
		p.twice = append(p.twice, r.Host)
	}
	sum := 0
	for _, n := range p.open {
		sum += n
	}
	p.most = max(p.most, sum)
	return len(p.log) - 1
}

func (p *pipes) leave(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log[n].to = time.Since(p.begun)
	p.open[p.log[n].host]--
}

func (p *pipes) asked(host string) (all []request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.log {
		if r.host == host {
			all = append(all, r)
		}
	}
	return all
}

func (p *pipes) options() Options {
	return Options{Version: "1", Now: time.Now, transport: p}
}

// gaps are the times from the end of a request to the beginning of the next.
func gaps(log []request) (all []time.Duration) {
	for i := 1; i < len(log); i++ {
		all = append(all, log[i].from-log[i-1].to)
	}
	return all
}

func TestAHostIsAskedOnceASecondAndTheOthersMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/robots.txt":
				w.WriteHeader(404)
			case strings.HasPrefix(r.Host, "slow"):
				time.Sleep(20 * time.Second)
			default:
				time.Sleep(50 * time.Millisecond)
			}
		})
		var urls []string
		for i := range 40 {
			for _, host := range []string{"a.books.jp", "b.books.jp", "slow.books.jp"} {
				if host == "slow.books.jp" && i >= 5 {
					continue
				}
				urls = append(urls, fmt.Sprintf("http://%s/%d", host, i))
			}
		}
		d := newDesk(t)
		begun := time.Now()
		if _, err := d.check(t.Context(), p.options(), urls...); err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"a.books.jp", "b.books.jp", "slow.books.jp"} {
			log := p.asked(host)
			for _, gap := range gaps(log) {
				if gap != time.Second {
					t.Errorf("%s: %v between two requests", host, gap)
				}
			}
		}
		// robots.txt and 40 pages of 50 ms each, with a second between.
		if end, want := p.asked("a.books.jp")[40].to, 42*time.Second; end > want {
			t.Errorf("a host was done at %v, want %v at most: it waited for a slow one", end, want)
		}
		if took, want := time.Since(begun), 5*21*time.Second; took > want {
			t.Errorf("took %v, want %v at most", took, want)
		}
		if len(p.twice) > 0 {
			t.Errorf("asked twice at the same time: %v", p.twice)
		}
	})
}

func TestSixteenHostsAtOnceAreTheMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) { time.Sleep(3 * time.Second) })
		var urls []string
		for i := range 50 {
			urls = append(urls, fmt.Sprintf("http://h%d.books.jp/", i))
		}
		if _, err := newDesk(t).check(t.Context(), p.options(), urls...); err != nil {
			t.Fatal(err)
		}
		if p.most != 16 {
			t.Errorf("%d requests at once", p.most)
		}
	})
}

func TestRetryAfterAndCrawlDelayAreObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, dated := 0, 0
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Host {
			case "delay.books.jp":
				if r.URL.Path == "/robots.txt" {
					fmt.Fprint(w, "User-agent: *\nCrawl-delay: 7.5\n")
				}
			case "busy.books.jp":
				if r.URL.Path == "/1" {
					if busy++; busy == 1 {
						w.Header().Set("Retry-After", "90")
						w.WriteHeader(429)
					}
				}
			case "dated.books.jp":
				if dated++; r.URL.Path == "/1" && dated == 2 {
					w.Header().Set("Retry-After", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
					w.WriteHeader(503)
				}
			case "closed.books.jp":
				w.Header().Set("Retry-After", "86400")
				if r.URL.Path != "/robots.txt" {
					w.WriteHeader(503)
				} else {
					w.WriteHeader(404)
				}
			case "never.books.jp":
				w.WriteHeader(429)
				if r.URL.Path == "/robots.txt" {
					w.WriteHeader(404)
				}
			case "hourly.books.jp":
				fmt.Fprint(w, "User-agent: *\nCrawl-delay: 3600\n")
			}
		})
		var urls []string
		for _, host := range []string{"delay", "busy", "dated", "closed", "never", "hourly"} {
			for i := 1; i <= 4; i++ {
				urls = append(urls, fmt.Sprintf("http://%s.books.jp/%d", host, i))
			}
		}
		items, err := newDesk(t).check(t.Context(), p.options(), urls...)
		if err != nil {
			t.Fatal(err)
		}
		got := say(items)
		for _, gap := range gaps(p.asked("delay.books.jp")) {
			if gap != 7500*time.Millisecond {
				t.Errorf("Crawl-delay: 7.5, but %v between two requests", gap)
			}
		}
		for host, want := range map[string]time.Duration{"busy.books.jp": 90 * time.Second, "dated.books.jp": 29 * time.Second} {
			log := p.asked(host)
			at := slices.IndexFunc(log, func(r request) bool { return r.path == "/1" })
			if gap := log[at+1].from - log[at].to; gap < want {
				t.Errorf("%s was asked again after %v, want %v", host, gap, want)
			}
			for i := 1; i <= 4; i++ {
				if v := got[fmt.Sprintf("http://%s/%d", host, i)]; v != "fine" {
					t.Errorf("%s/%d: %s", host, i, v)
				}
			}
		}
		// A day is more than a run can wait: the host is left alone.
		if n := len(p.asked("closed.books.jp")); n != 2 {
			t.Errorf("a host that is closed for a day was asked %d times", n)
		}
		if v := got["http://closed.books.jp/4"]; v != "doubtful link-later" {
			t.Errorf("a page of a closed host: %s", v)
		}
		if n := len(p.asked("never.books.jp")); n > 1+busyTries {
			t.Errorf("a host that is always busy was asked %d times", n)
		}
		if v := got["http://never.books.jp/4"]; v != "doubtful link-busy" {
			t.Errorf("a page of a busy host: %s", v)
		}
		if n := len(p.asked("hourly.books.jp")); n != 1 || got["http://hourly.books.jp/2"] != "not asked link-robots" {
			t.Errorf("a host that wants an hour between requests: asked %d times, %s", n, got["http://hourly.books.jp/2"])
		}
	})
}

func TestRetryAfterIsRead(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, " ": 0, "90": 90 * time.Second, " 5 ": 5 * time.Second, "-5": 0, "5m": 0, "soon": 0, "Fri, 27 Nov 2026 12:01:00 GMT": time.Minute,
		"Fri, 27 Nov 2026 11:00:00 GMT": 0, "99999999999": 1 << 31 * time.Second, "99999999999999999999": 1 << 31 * time.Second,
	} {
		r := reply{header: http.Header{"Retry-After": {text}}}
		if got := r.retryAfter(now); got != want {
			t.Errorf("%q is %v, not %v", text, got, want)
		}
	}
}

func TestRobotsThatSayNotNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // the hosts are asked beside each other
		asked := map[string]int{}
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				return
			}
			mu.Lock()
			asked[r.Host]++
			first := asked[r.Host] == 1
			mu.Unlock()
			switch r.Host {
			case "s429.books.jp":
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(429)
			case "s503.books.jp":
				w.WriteHeader(503)
			case "once.books.jp":
				if first {
					w.WriteHeader(500)
				}
			case "s403.books.jp":
				w.WriteHeader(403)
			}
		})
		var urls []string
		for _, host := range []string{"s429", "s503", "once", "s403"} {
			urls = append(urls, "http://"+host+".books.jp/a", "http://"+host+".books.jp/b")
		}
		items, err := newDesk(t).check(t.Context(), p.options(), urls...)
		if err != nil {
			t.Fatal(err)
		}
		got := say(items)
		for host, want := range map[string]string{"s429": "doubtful link-later", "s503": "doubtful link-later", "once": "fine", "s403": "fine"} {
			if v := got["http://"+host+".books.jp/b"]; v != want {
				t.Errorf("%s: %s, want %s", host, v, want)
			}
		}
		if log := p.asked("s429.books.jp"); len(log) != 2 || log[1].from-log[0].to < 60*time.Second {
			t.Errorf("robots.txt was asked for again too soon, or a page was: %+v", log)
		}
	})
}

func TestTheSecondTryComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
		items, err := newDesk(t).check(t.Context(), p.options(), "http://a.books.jp/gone")
		if err != nil {
			t.Fatal(err)
		}
		log := p.asked("a.books.jp")
		if len(log) != 3 || log[2].from-log[1].to != retryPause {
			t.Errorf("tries: %+v", log)
		}
		if v := say(items)["http://a.books.jp/gone"]; v != "broken link-gone" {
			t.Error(v)
		}
	})
}

func TestADeadHostIsNotAskedForEachOfItsPages(t *testing.T) {
	s := newSite(t)
	var urls []string
	for i := range 30 {
		urls = append(urls, s.url("nowhere.books.jp", "/"+strconv.Itoa(i)))
	}
	s.host("up.books.jp", page("x"))
	urls = append(urls, s.url("up.books.jp", "/"))
	got := newDesk(t).verdicts(s.options(), urls...)
	for _, u := range urls[:30] {
		if got[u] != "broken link-no-host" {
			t.Errorf("%s: %s", u, got[u])
		}
	}
	// Each look at a name is two questions, for its IPv4 and IPv6 addresses.
	if n := s.lookedUp("nowhere.books.jp"); n == 0 || n > 16 {
		t.Errorf("the name of a host that does not exist was asked for %d times", n)
	}
}

// The same on real sockets, from the servers' own log.
func TestDelaysInTheServersLog(t *testing.T) {
	s := newSite(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", http.NotFound)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { time.Sleep(5 * time.Millisecond); fmt.Fprint(w, "x") })
	mux.HandleFunc("/gone", http.NotFound)
	var urls []string
	for i := range 6 {
		host := fmt.Sprintf("h%d.books.jp", i)
		s.host(host, mux.ServeHTTP)
		for j := range 8 {
			urls = append(urls, s.url(host, "/"+strconv.Itoa(j)))
		}
		urls = append(urls, s.url(host, "/moved"), s.url(host, "/gone"))
	}
	o := s.options()
	o.Pause = 50 * time.Millisecond
	if _, err := newDesk(t).check(t.Context(), o, urls...); err != nil {
		t.Fatal(err)
	}
	requests := 0
	for i := range 6 {
		log := s.asked(fmt.Sprintf("h%d.books.jp", i))
		requests += len(log)
		for j, gap := range gaps(log) {
			if gap < o.Pause-time.Millisecond { // a server notes the end after the client has it
				t.Errorf("%s: %v after %s", log[j].host, gap, log[j].path)
			}
		}
	}
	if requests != 6*(1+8+2+2) {
		t.Errorf("%d requests", requests)
	}
	first, last := s.asked("h0.books.jp"), s.asked("h5.books.jp")
	if last[0].from > first[len(first)-1].from || first[0].from > last[len(last)-1].from {
		t.Error("hosts waited for each other")
	}
}

func TestAnHonestUserAgent(t *testing.T) {
	s := newSite(t)
	s.host("a.books.jp", page("x"))
	o := s.options()
	o.Contact = "mailto:author@books.jp\r\nX-Evil: 1"
	newDesk(t).verdicts(o, s.url("a.books.jp", "/"))
	for _, r := range s.asked("a.books.jp") {
		if ua := r.header.Get("User-Agent"); ua != "bookci/1.2.3 (checks the links of a book; +https://github.com/bookci/bookci; mailto:author@books.jpX-Evil: 1)" {
			t.Errorf("User-Agent %q", ua)
		}
		if r.header.Get("Cookie") != "" || r.header.Get("Authorization") != "" || r.header.Get("X-Evil") != "" {
			t.Errorf("headers %v", r.header)
		}
	}
}

func TestNoNetworkIsNotTheBooksFault(t *testing.T) {
	s := newSite(t)
	var urls []string
	for i := range 4 {
		host := fmt.Sprintf("h%d.books.jp", i)
		s.breakName(host)
		urls = append(urls, s.url(host, "/"))
	}
	_, err := newDesk(t).check(t.Context(), s.options(), urls...)
	if !errors.Is(err, ErrNoNetwork) {
		t.Errorf("the error is %v", err)
	}
}

func TestTheRequestUnderWayEndsWhenTheRunIsToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := errors.New("interrupted")
		p := newPipes(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/1" && r.Host == "a.books.jp" {
				cancel(stopped)
				time.Sleep(3 * time.Second)
			}
		})
		items, err := newDesk(t).check(ctx, p.options(), "http://a.books.jp/1", "http://a.books.jp/2", "http://b.books.jp/1")
		if !errors.Is(err, stopped) {
			t.Errorf("the error is %v", err)
		}
		if got := say(items); got["http://a.books.jp/1"] != "fine" || got["http://a.books.jp/2"] != "" {
			t.Errorf("what is known: %v", got)
		}
		if log := p.asked("a.books.jp"); len(log) != 2 {
			t.Errorf("%d requests after the stop", len(log)-2)
		}
	})
}
