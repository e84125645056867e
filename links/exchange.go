package links

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds of one request.
const (
	requestTime = 30 * time.Second // all of it, the body included
	bodyLimit   = 2 << 20          // what is read of a page, decompressed
	headerLimit = 256 << 10
)

// reply is what came of one request, without any redirect.
type reply struct {
	status    int
	header    http.Header
	body      []byte
	truncated bool
	err       error
}

// newTransport speaks HTTP to public addresses. One idle connection per host spares
// handshakes. A host is asked one question at a time, so there are never more.
func newTransport(o Options) *http.Transport {
	dial := guardedDialer(o.Resolver, o.Rules.AllowPrivate).DialContext
	proxy := o.Proxy
	if proxy != nil {
		proxy, dial = guardedProxy(o, dial)
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    connectTime,
		ResponseHeaderTimeout:  requestTime,
		MaxResponseHeaderBytes: headerLimit,
		MaxConnsPerHost:        2, // a connection that is being given up may still count
		MaxIdleConnsPerHost:    1,
		MaxIdleConns:           64,
		IdleConnTimeout:        20 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

// ask sends one GET request. GET and never HEAD: servers answer HEAD with what
// they like, and the body is wanted.
func ask(ctx context.Context, rt http.RoundTripper, u *url.URL, agent string, limit int, more http.Header) reply {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", "ja,en;q=0.8,*;q=0.5")
	for k, v := range more {
		req.Header[k] = v
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	// The limit counts what goes into decompression and what comes out of it: a
	// small answer cannot become a large one, nor an endless one nothing.
	sent := &io.LimitedReader{R: resp.Body, N: int64(limit) + 64<<10}
	body := io.Reader(sent)
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		if body, err = gzip.NewReader(sent); err != nil {
			if err != io.EOF { // else there is no body, as of 304
				r.err = err
			}
			return r
		}
	}
	r.body, r.err = io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if len(r.body) > limit || sent.N == 0 {
		r.body, r.truncated, r.err = r.body[:min(len(r.body), limit)], true, nil
	}
	return r
}

// try is what the reply comes to. A redirect counts by its status.
func (r reply) try() Try {
	t := Try{Status: r.status}
	if r.err == nil {
		return t
	}
	t.Error, t.Detail = classify(r.err)
	if t.Error == failCut && r.status != 0 && r.status/100 != 2 {
		t.Error = "" // the status says enough
	}
	return t
}

// classify tells failures apart by type, as far as they have one.
func classify(err error) (kind, detail string) {
	var private *privateError
	var proxy *proxyError
	var dns *net.DNSError
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var ech *tls.ECHRejectionError
	switch {
	case errors.As(err, &private):
		return failPrivate, ""
	case errors.As(err, &proxy):
		return failUnreachable, proxy.Error()
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return failNoHost, ""
		}
		return failDNS, dns.Err
	case errors.As(err, &cert):
		return failCertificate, certificateWords(cert.Err)
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &ech):
		return failTLS, plain(err)
	case refused(err):
		return failRefused, ""
	case errors.As(err, &op) && op.Op == "dial":
		if op.Timeout() {
			return failUnreachable, "no connection in time"
		}
		return failUnreachable, plain(op.Err)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return failTimeout, ""
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // alerts of TLS
		return failTLS, plain(op.Err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.As(err, &op):
		return failCut, ""
	}
	return failAnswer, plain(err)
}

// wsaRefused is what Windows calls a refused connection.
const wsaRefused = syscall.Errno(10061)

func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaRefused)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// plain is an error's text as one printable line of bounded length.
func plain(err error) string {
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	return text
}

// certificateWords end the sentence "the certificate of HOST ...".
func certificateWords(err error) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return "is for another name"
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired && invalid.Cert != nil {
			return fmt.Sprintf("holds from %s to %s", invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
		}
		return "is not valid: " + plain(err)
	case errors.As(err, &unknown):
		return "is signed by nobody whom this machine trusts"
	}
	return "cannot be verified: " + plain(err)
}

// noRoots tells whether this machine has no certificates of authorities at all.
func noRoots(err error) bool {
	var roots x509.SystemRootsError
	return errors.As(err, &roots)
}

// retryAfter is how long the server asks to be left alone, 0 when it does not say.
func (r reply) retryAfter(now time.Time) time.Duration {
	text := strings.TrimSpace(r.header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	// Seconds are written in digits alone. Years are as good as never.
	if strings.Trim(text, "0123456789") == "" {
		const longest = 1 << 31
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			seconds = longest
		}
		return time.Duration(min(seconds, longest)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// location is where a redirect leads; ok is false when the reply is none. to is nil
// where text, which the server says, is no page's address.
func (r reply) location(from *url.URL) (to *url.URL, text string, ok bool) {
	switch r.status {
	case 301, 302, 303, 307, 308:
	default:
		return nil, "", false
	}
	text = r.header.Get("Location")
	if text == "" {
		return nil, "", false
	}
	ref, err := url.Parse(encodeStray(text))
	if err != nil {
		return nil, text, true
	}
	to = from.ResolveReference(ref)
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	if to, err = parseURL(to.String()); err != nil {
		return nil, text, true
	}
	return to, text, true
}
