package links

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// site is a net of its own: a name server, and web servers on this machine that
// note who asked for what and when.
type site struct {
	t     *testing.T
	names *net.Resolver
	plain *httptest.Server
	tls   *httptest.Server
	begun time.Time

	mu      sync.Mutex
	hosts   map[string]http.HandlerFunc
	records map[string]netip.Addr // other addresses than the servers'
	broken  map[string]bool       // names that the name server has no answer for
	log     []request
	lookups map[string]int
}

// request is a line of the servers' log.
type request struct {
	host, path string
	header     http.Header
	from, to   time.Duration // since the site began
}

func newSite(t *testing.T) *site {
	s := &site{t: t, hosts: map[string]http.HandlerFunc{}, records: map[string]netip.Addr{}, broken: map[string]bool{}, lookups: map[string]int{}, begun: time.Now()}
	s.names = s.serveNames()
	s.plain = httptest.NewServer(http.HandlerFunc(s.serve))
	s.tls = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.plain.CloseClientConnections()
		s.plain.Close()
		s.tls.CloseClientConnections()
		s.tls.Close()
	})
	return s
}

// host gives a host its handler, which answers for its robots.txt too.
func (s *site) host(name string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name] = h
}

// record gives a name another address than the servers'.
func (s *site) record(name, addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[name] = netip.MustParseAddr(addr)
}

// breakName makes the name server fail for a name.
func (s *site) breakName(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[name] = true
}

// lookedUp is how often the name server was asked for a name.
func (s *site) lookedUp(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookups[name]
}

// url is that of a path at a host, on the server without TLS; secure is the same on
// the one with TLS.
func (s *site) url(host, path string) string {
	return "http://" + host + ":" + s.port(s.plain) + path
}

func (s *site) secure(host, path string) string {
	return "https://" + host + ":" + s.port(s.tls) + path
}

func (s *site) port(srv *httptest.Server) string {
	u, err := url.Parse(srv.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Port()
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	s.mu.Lock()
	h := s.hosts[host]
	s.log = append(s.log, request{host: host, path: r.URL.RequestURI(), header: r.Header.Clone(), from: time.Since(s.begun)})
	n := len(s.log) - 1
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.log[n].to = time.Since(s.begun)
		s.mu.Unlock()
	}()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h(w, r)
}

// asked are the requests to a host, robots.txt included, in order.
func (s *site) asked(host string) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []request
	for _, r := range s.log {
		if r.host == host {
			all = append(all, r)
		}
	}
	return all
}

// serveNames answers for the names of the site's hosts; others do not exist.
func (s *site) serveNames() *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer := s.resolve(buf[:n]); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	})
	s.t.Cleanup(func() { conn.Close(); served.Wait() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (s *site) resolve(question []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := strings.TrimSuffix(q.Name.String(), ".")
	s.mu.Lock()
	_, known := s.hosts[name]
	addr, other := s.records[name]
	broken := s.broken[name]
	s.lookups[name]++
	s.mu.Unlock()
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	switch {
	case broken:
		m.RCode = dnsmessage.RCodeServerFailure
	case !known && !other:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA && (known || addr.Is4()):
		if known {
			addr = netip.MustParseAddr("127.0.0.1")
		}
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AResource{A: addr.As4()},
		}}
	case q.Type == dnsmessage.TypeAAAA && other && addr.Is6():
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AAAAResource{AAAA: addr.As16()},
		}}
	}
	answer, err := m.Pack()
	if err != nil {
		return nil
	}
	return answer
}

// options are those of a run on this site: its pauses are short, the rest is as for
// users.
func (s *site) options() Options {
	return Options{
		Version: "1.2.3", Rules: Rules{AllowPrivate: true}, Fresh: 7 * 24 * time.Hour,
		Pause: 20 * time.Millisecond, Now: time.Now, Resolver: s.names,
		retryPause: 60 * time.Millisecond, requestTime: time.Second,
	}
}

// desk is what a test's runs share: where they write, and their records' options.
type desk struct {
	t    *testing.T
	dir  string
	opts RecordOptions
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir()}
	d.opts = RecordOptions{Dir: filepath.Join(d.dir, "links"), Book: "本", Bodies: true, Begun: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
	return d
}

// check runs over the URLs, cited at ch01.re, one a line.
func (d *desk) check(ctx context.Context, o Options, urls ...string) ([]*Item, error) {
	d.t.Helper()
	var cited []Citation
	for i, u := range urls {
		cited = append(cited, Citation{URL: u, Place: Place{File: "ch01.re", Line: i + 1}})
	}
	pages, _ := Gather(cited, o.Rules)
	memory, err := OpenMemory(filepath.Join(d.dir, "links.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	opts := d.opts
	opts.Memory = memory
	record, err := OpenRecord(ctx, opts)
	if err != nil {
		d.t.Fatal(err)
	}
	items, err := Check(ctx, pages, record, o)
	if cerr := record.Close(err == nil); cerr != nil {
		d.t.Fatal(cerr)
	}
	if serr := memory.Save(pages); serr != nil {
		d.t.Fatal(serr)
	}
	return items, err
}

// verdicts are those of a run, each as "kind code", by the URL that it names.
func (d *desk) verdicts(o Options, urls ...string) map[string]string {
	d.t.Helper()
	items, err := d.check(context.Background(), o, urls...)
	if err != nil {
		d.t.Fatal(err)
	}
	return say(items)
}

func say(items []*Item) map[string]string {
	all := map[string]string{}
	for _, i := range items {
		for _, v := range Judge(i) {
			all[v.URL] = strings.TrimSpace(fmt.Sprintf("%s %s", v.Kind, v.Code))
		}
	}
	return all
}

// page answers every path but robots.txt with this text.
func page(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, text)
	}
}
