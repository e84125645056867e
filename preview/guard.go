package preview

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard refuses requests that the page itself would not make. Another site's page
// can make the browser send requests here. It can even read the answers when its
// own name resolves to this machine (DNS rebinding). Both show in the headers.
type guard struct {
	loopback bool   // bound to this machine alone
	port     string // that is listened on
}

// newGuard is the guard for a listener's address.
func newGuard(addr net.Addr) guard {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return guard{loopback: true}
	}
	ip, err := netip.ParseAddr(host)
	return guard{loopback: err == nil && ip.IsLoopback(), port: port}
}

// host tells whether a Host header names this server: by a name for this
// machine that no one else can give out, or by an address. A rebinding page
// always has a name of its own.
func (g guard) host(header string) bool {
	name, port, err := net.SplitHostPort(header)
	if err != nil {
		name, port = strings.Trim(header, "[]"), "80"
	}
	if port != g.port {
		return false
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && (ip.IsLoopback() || !g.loopback)
}

// refuses returns why a request is refused, "" when it is not. framed says that
// it may come from the chapter's frame, which has no origin of its own.
func (g guard) refuses(r *http.Request, framed bool) string {
	if !g.host(r.Host) {
		return "unknown host"
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "only reading is possible"
	}
	if origin := r.Header.Get("Origin"); origin != "" && !strings.EqualFold(origin, "http://"+r.Host) {
		return "foreign origin"
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		// A link on another site may lead to the page itself. The frame's files are
		// guarded by their secret path.
		if !framed && !(r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document") {
			return "foreign site"
		}
	}
	return ""
}
