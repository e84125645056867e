package links

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// A manuscript says which URLs are asked, and a page says where it has moved to.
// Neither is trusted. So the address is checked when a socket is about to be
// connected: a name may have resolved to another one a moment ago.

// privateError is a connection that was refused because of its address.
type privateError struct{ host string }

func (e *privateError) Error() string { return e.host + " is no public address" }

// guardedDialer connects to public addresses alone.
func guardedDialer(resolver *net.Resolver, allowPrivate bool) *net.Dialer {
	d := &net.Dialer{Timeout: connectTime, KeepAlive: -1, Resolver: resolver}
	if !allowPrivate {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("connecting to %s: %w", address, err)
			}
			if ip := to.Addr(); !public(ip) {
				return &privateError{ip.String()}
			}
			return nil
		}
	}
	return d
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// proxyError is a proxy that cannot be reached: nothing is known of the page.
type proxyError struct {
	address string
	err     error
}

func (e *proxyError) Error() string { return "the proxy " + e.address + " cannot be reached" }
func (e *proxyError) Unwrap() error { return e.err }

// guardedProxy lets connections go to the user's own proxy, wherever that is. The
// proxy resolves names itself, so they are resolved here too. A name or address
// that leads into a private net is not handed to the proxy. Any other name is, also
// one that only the proxy can resolve.
func guardedProxy(o Options, dial dialFunc) (func(*http.Request) (*url.URL, error), dialFunc) {
	var proxies sync.Map // host:port
	resolver := o.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	choose := func(r *http.Request) (*url.URL, error) {
		through, err := o.Proxy(r)
		if err != nil || through == nil {
			return through, err
		}
		if !o.Rules.AllowPrivate {
			if privateName(r.URL.Hostname()) {
				return nil, &privateError{r.URL.Hostname()}
			}
			addrs, err := resolver.LookupNetIP(r.Context(), "ip", r.URL.Hostname())
			for _, ip := range addrs {
				if err == nil && !public(ip) {
					return nil, &privateError{ip.String()}
				}
			}
		}
		port := through.Port()
		if port == "" {
			port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[through.Scheme]
		}
		proxies.Store(net.JoinHostPort(through.Hostname(), cmp.Or(port, "80")), true)
		return through, nil
	}
	open := guardedDialer(o.Resolver, true).DialContext
	return choose, func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, ok := proxies.Load(address); ok {
			conn, err := open(ctx, network, address)
			if err != nil {
				return nil, &proxyError{address, err}
			}
			return conn, nil
		}
		return dial(ctx, network, address)
	}
}

// connectTime bounds a connection to one address.
const connectTime = 10 * time.Second

// notPublic are the blocks of the IANA special-purpose registries that are not
// reached through the internet, beyond those that netip knows and all of IPv6
// outside 2000::/3.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23",
)

// documented are the blocks for examples in texts.
var documented = prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func within(ip netip.Addr, blocks []netip.Prefix) bool {
	for _, b := range blocks {
		if b.Contains(ip) {
			return true
		}
	}
	return false
}

func documentation(ip netip.Addr) bool { return within(ip.Unmap().WithZone(""), documented) }

// public tells whether an address can be that of a site for everyone. An IPv6
// address that carries an IPv4 one (NAT64, 6to4) is as public as that one.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || within(ip, notPublic) || within(ip, documented) {
		return false
	}
	if ip.Is6() {
		b := ip.As16()
		switch {
		case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
			return public(netip.AddrFrom4([4]byte(b[12:16])))
		case netip.MustParsePrefix("2002::/16").Contains(ip):
			return public(netip.AddrFrom4([4]byte(b[2:6])))
		}
		// No other block has been given to the internet.
		return netip.MustParsePrefix("2000::/3").Contains(ip)
	}
	return true
}
