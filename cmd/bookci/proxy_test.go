//go:build unix

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// proxy stands between bookci and Docker: it notes what is asked for and can
// hold a request back, as a daemon does that hangs. Bytes pass unchanged.
type proxy struct {
	listener net.Listener
	network  string
	address  string

	mu       sync.Mutex
	requests []string
	holding  *regexp.Regexp
	answer   bool          // it is the answer that is held
	free     chan struct{} // closed when holding ends
	isHeld   chan struct{} // closed when a request is held
	conns    map[net.Conn]bool
	closed   bool
	wait     sync.WaitGroup
}

// startProxy starts one for the daemon at host, such as unix:///var/run/docker.sock.
// It listens at socket, or at any port of this machine where that is "".
func startProxy(host, socket string) (*proxy, error) {
	network, address, ok := strings.Cut(host, "://")
	if !ok || network != "unix" && network != "tcp" {
		return nil, errors.New("no proxy for " + host)
	}
	kind, at := "unix", socket
	if socket == "" {
		kind, at = "tcp", "127.0.0.1:0"
	}
	l, err := net.Listen(kind, at)
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, network: network, address: address, conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept)
	return p, nil
}

func (p *proxy) host() string {
	return p.listener.Addr().Network() + "://" + p.listener.Addr().String()
}

func (p *proxy) close() {
	p.hold(nil, false)
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.serve(c) })
	}
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial(p.network, p.address)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.conns[client], p.conns[server] = true, true
	}
	p.mu.Unlock()
	if closed {
		return
	}
	defer func() {
		p.mu.Lock()
		delete(p.conns, client)
		delete(p.conns, server)
		p.mu.Unlock()
	}()
	var both sync.WaitGroup
	answers := &gate{w: client}
	both.Go(func() {
		_, _ = io.Copy(answers, server)
		client.Close() // the daemon has said all
	})
	p.forward(server, client, answers)
	both.Wait()
}

var requestLine = regexp.MustCompile(`^(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP/1`)

// gate keeps the daemon's answers back while it is shut.
type gate struct {
	w    io.Writer
	mu   sync.Mutex
	shut <-chan struct{} // until closed
}

func (g *gate) Write(b []byte) (int, error) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
	return g.w.Write(b)
}

// forward passes what the client says, and its end.
func (p *proxy) forward(server, client net.Conn, answers *gate) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			said := buf[:n]
			if m := requestLine.FindSubmatch(said); m != nil {
				more, ok := p.pass(string(m[1])+" "+string(m[2]), client, answers)
				if !ok {
					server.Close()
					return
				}
				said = append(said, more...)
			}
			if _, werr := server.Write(said); werr != nil {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if half, ok := server.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite() // the daemon may be gone
			}
			return
		}
		if err != nil {
			server.Close()
			return
		}
	}
}

// pass notes a request and waits while it is to be held. It returns what the client
// said meanwhile; ok is false when the client has lost patience.
func (p *proxy) pass(request string, client net.Conn, answers *gate) (more []byte, ok bool) {
	p.mu.Lock()
	p.requests = append(p.requests, request)
	held := p.holding != nil && p.holding.MatchString(request)
	free, isHeld, answer := p.free, p.isHeld, p.answer
	if held {
		select {
		case <-isHeld:
		default:
			close(isHeld)
		}
	}
	p.mu.Unlock()
	if !held {
		return nil, true
	}
	if answer {
		answers.mu.Lock()
		answers.shut = free
		answers.mu.Unlock()
		return nil, true
	}
	heard := make(chan error, 1)
	go func() {
		// The rest of the request may come, or the client's end; a deadline ends
		// these reads when the request may go on.
		buf := make([]byte, 64<<10)
		for {
			n, err := client.Read(buf)
			more = append(more, buf[:n]...)
			if err != nil {
				heard <- err
				return
			}
		}
	}()
	select {
	case <-heard:
		return nil, false
	case <-free:
		_ = client.SetReadDeadline(time.Now())
		err := <-heard
		_ = client.SetReadDeadline(time.Time{})
		return more, errors.Is(err, os.ErrDeadlineExceeded)
	}
}

// hold has requests that match, or the answers to them, held from now on; nil
// lets all pass.
func (p *proxy) hold(re *regexp.Regexp, answer bool) {
	p.mu.Lock()
	p.answer = answer
	defer p.mu.Unlock()
	if p.free != nil {
		close(p.free)
		p.free = nil
	}
	if p.holding = re; re != nil {
		p.free, p.isHeld = make(chan struct{}), make(chan struct{})
	}
}

func (p *proxy) waitHeld(limit time.Duration) bool {
	p.mu.Lock()
	isHeld := p.isHeld
	p.mu.Unlock()
	if isHeld == nil {
		return false
	}
	select {
	case <-isHeld:
		return true
	case <-time.After(limit):
		return false
	}
}

// asked returns the first request that matches, "" when there was none.
func (p *proxy) asked(re *regexp.Regexp) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if re.MatchString(r) {
			return r
		}
	}
	return ""
}

var containerPath = regexp.MustCompile(`/containers/([0-9a-f]{64})/(attach|start|wait)`)

// containers lists the containers that were made: each was attached to.
func (p *proxy) containers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for _, r := range p.requests {
		if m := containerPath.FindStringSubmatch(r); m != nil && !slices.Contains(ids, m[1]) {
			ids = append(ids, m[1])
		}
	}
	return ids
}
