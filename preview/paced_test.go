package preview

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ended serves requests, and tells of the end of each.
func ended(t *testing.T, s *shown, patience time.Duration) (addr string, end chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.patience = patience
	end = make(chan string, 1)
	h := s.Handler(newGuard(l.Addr()))
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		end <- r.URL.Path
	})}
	t.Cleanup(func() { web.Close() })
	go func() { _ = web.Serve(l) }() // it is closed
	return l.Addr().String(), end
}

// ask sends a request, and reads no answer.
func ask(t *testing.T, addr, path, more string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, addr, more); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNobodyIsWaitedForThatTakesNothing(t *testing.T) {
	s := show(t, "")
	const more = 48 << 20 // than the system takes in on the way
	write(t, s.root, "images/large.png", string(make([]byte, more)))
	addr, end := ended(t, s, 50*time.Millisecond)
	for what, request := range map[string][2]string{
		"a file":                       {"/files/" + s.token + "/images/large.png", ""},
		"a body that is never sent":    {"/files/" + s.token + "/images/large.png", "Content-Length: 100\r\n"},
		"chunks that are never sent":   {"/app.js", "Transfer-Encoding: chunked\r\n"},
		"another, and a small answer":  {"/icon.svg", "Content-Length: 100\r\n"},
		"an answer that is soon taken": {"/icon.svg", ""},
	} {
		ask(t, addr, request[0], request[1])
		select {
		case got := <-end:
			if got != request[0] {
				t.Errorf("%s: %s ended", what, got)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s: the request has not ended", what)
		}
	}
}

// A connection is used further after a pause that is longer than the patience.
func TestAConnectionOutlivesItsDeadline(t *testing.T) {
	s := show(t, "")
	addr, end := ended(t, s, 20*time.Millisecond)
	c := ask(t, addr, "/icon.svg", "")
	<-end
	time.Sleep(30 * time.Millisecond)
	if _, err := fmt.Fprintf(c, "GET /missing HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", addr); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if n := strings.Count(string(text), "HTTP/1.1 "); n != 2 || err != nil {
		t.Errorf("%d answers came: %v", n, err)
	}
}

// slowConn takes a minute for each write, and ends when its deadline has passed.
type slowConn struct {
	now, deadline time.Time
	taken         int
}

func (c *slowConn) Header() http.Header                 { return http.Header{} }
func (c *slowConn) WriteHeader(int)                     {}
func (c *slowConn) SetWriteDeadline(at time.Time) error { c.deadline = at; return nil }

func (c *slowConn) Write(p []byte) (int, error) {
	if c.now = c.now.Add(time.Duration(len(p)) * time.Minute / partOfPace); c.now.After(c.deadline) {
		return 0, fmt.Errorf("too slow after %d bytes", c.taken)
	}
	c.taken += len(p)
	return len(p), nil
}

func TestASlowBrowserGetsAllOfALargeFile(t *testing.T) {
	c := &slowConn{now: time.Unix(1000, 0)}
	s := &Server{opts: Options{Now: func() time.Time { return c.now }}, patience: patience}
	const large = 100 << 20
	n, err := s.paced(c).Write(make([]byte, large))
	if n != large || err != nil || c.taken != large {
		t.Errorf("it got %d of %d bytes: %v", n, large, err)
	}
	if n, err := s.paced(c).Write(nil); n != 0 || err != nil {
		t.Errorf("nothing is %d bytes: %v", n, err)
	}
}
