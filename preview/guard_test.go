package preview

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRequestsThatThePageWouldNotMakeAreRefused(t *testing.T) {
	s := show(t, "")
	host := s.url[len("http://"):]
	_, port, _ := net.SplitHostPort(host)
	for _, c := range []struct {
		what    string
		path    string
		headers []string
		code    int
	}{
		{"the page", "/", nil, 200},
		{"by name", "/", []string{"Host", "localhost:" + port}, 200},
		{"by its IPv6 address", "/", []string{"Host", "[::1]:" + port}, 200},
		{"from itself", "/app.js", []string{"Origin", s.url, "Sec-Fetch-Site", "same-origin"}, 200},
		{"a rebound name", "/", []string{"Host", "evil.example:" + port}, 403},
		{"a name that begins well", "/", []string{"Host", "localhost.evil.example:" + port}, 403},
		{"another port", "/", []string{"Host", "localhost:1"}, 403},
		{"no port", "/", []string{"Host", "localhost"}, 403},
		{"an address of a network", "/", []string{"Host", "192.168.0.1:" + port}, 403},
		{"a foreign origin", "/api/text?book=0&chapter=ch01", []string{"Origin", "http://evil.example"}, 403},
		{"a foreign origin asks for events", "/api/events", []string{"Origin", "http://evil.example"}, 403},
		{"an opaque origin", "/api/text?book=0&chapter=ch01", []string{"Origin", "null"}, 403},
		{"another port's origin", "/", []string{"Origin", "http://localhost:1"}, 403},
		{"https of the same name", "/", []string{"Origin", "https://" + host}, 403},
		{"a foreign site's picture", "/api/pages?book=0", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a foreign site's frame", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a link to the page", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a file without the token", "/files/x/style.css", []string{"Sec-Fetch-Site", "cross-site"}, 404},
		{"the frame's stylesheet", "/files/" + s.token + "/style.css", []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		if code, _, body := s.get(c.path, c.headers...); code != c.code {
			t.Errorf("%s: %d %q, want %d", c.what, code, body, c.code)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		req, _ := http.NewRequest(method, s.url+"/", nil)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
}

func TestAnAddressForOthersAnswersToAddressesAlone(t *testing.T) {
	g := newGuard(&net.TCPAddr{IP: net.IPv4zero, Port: 8000})
	for host, want := range map[string]bool{"192.168.0.7:8000": true, "localhost:8000": true, "[fe80::1]:8000": true, "evil.example:8000": false, "192.168.0.7:80": false, "": false} {
		if g.host(host) != want {
			t.Errorf("Host %q: %v", host, !want)
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"localhost:8000", "127.0.0.1:8000", "[::1]:8000", "evil:8000", "127.0.0.1.evil:8000", ":8000", "[", "localhost:8000:8000"} {
		f.Add(s)
	}
	g := newGuard(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000})
	f.Fuzz(func(t *testing.T, host string) {
		if !g.host(host) {
			return
		}
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			t.Fatalf("%q was accepted", host)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		ip := net.ParseIP(name)
		if len(name) != len("localhost") && (ip == nil || !ip.IsLoopback()) {
			t.Fatalf("%q was accepted", host)
		}
	})
}
