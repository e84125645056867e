package links

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// maxURL is the longest URL that is looked at. Servers refuse longer ones.
const maxURL = 8 << 10

var (
	errScheme      = errors.New("neither http nor https")
	errMalformed   = errors.New("no URL that can be asked")
	errCredentials = errors.New("holds a user name or password")
)

// parseURL reads a URL as a manuscript has it, in the form in which it is asked:
// names in ASCII, paths percent-encoded, no port that goes without saying.
func parseURL(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxURL {
		return nil, errMalformed
	}
	scheme, _, ok := strings.Cut(text, ":")
	if !ok {
		return nil, errScheme
	}
	if s := strings.ToLower(scheme); s != "http" && s != "https" {
		return nil, errScheme
	}
	u, err := url.Parse(encodeStray(text))
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return nil, errMalformed
	}
	if u.User != nil {
		return nil, errCredentials
	}
	if err := canonical(u); err != nil {
		return nil, err
	}
	return u, nil
}

// encodeStray percent-encodes what browsers accept in a URL and url.Parse does
// not: blanks, and percent signs that encode nothing.
func encodeStray(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
			b.WriteString("%20")
		case c == '%' && !(i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])):
			b.WriteString("%25")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// canonical brings the URLs of one page to one form.
func canonical(u *url.URL) error {
	u.Scheme = strings.ToLower(u.Scheme)
	host := strings.ToLower(u.Hostname())
	if _, err := netip.ParseAddr(host); err != nil {
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			// Names with underscores exist, although the standard refuses them.
			if host = strings.ToLower(u.Hostname()); !plainName(host) {
				return errMalformed
			}
		}
		if host, err = oldIPv4(host); err != nil {
			return err
		}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if n, err := strconv.Atoi(port); err == nil && n > math.MaxUint16 {
		return errMalformed
	}
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		u.Host = host
	} else {
		u.Host = host + ":" + port
	}
	if u.Path == "" {
		u.Path, u.RawPath = "/", ""
	}
	u.RawQuery = encodeQuery(u.RawQuery)
	return nil
}

// oldIPv4 writes 2130706433, 0x7f.1 and 0177.0.0.1 as the address that browsers,
// resolvers and proxies take them for, and leaves names as they are. A name whose
// last part is a number and which is no address cannot exist.
func oldIPv4(host string) (string, error) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if _, err := strconv.ParseUint(parts[len(parts)-1], 0, 64); err != nil {
		return host, nil
	}
	if len(parts) > 4 {
		return "", errMalformed
	}
	var ip uint64
	for i, part := range parts {
		size := 8
		if i == len(parts)-1 {
			size = 32 - 8*i // all that is left
		}
		n, err := strconv.ParseUint(part, 0, size)
		if err != nil {
			return "", errMalformed
		}
		ip = ip<<size | n
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(ip)))).String(), nil
}

// plainName tells whether a name consists of what resolvers take.
func plainName(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// encodeQuery percent-encodes what may not stand in a request line.
func encodeQuery(q string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(q); i++ {
		if c := q[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(q[i])
	}
	return b.String()
}

// splitFragment returns the page's URL and the fragment, decoded.
func splitFragment(u *url.URL) (page, fragment string) {
	one := *u
	one.Fragment, one.RawFragment = "", ""
	return one.String(), u.Fragment
}

// privateName tells whether a host is the reader's own machine or one of some
// local net, by its name or number alone.
func privateName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return !public(ip)
	}
	return !strings.Contains(host, ".") || inZone(host, "localhost", "local", "internal", "home.arpa")
}

func inZone(host string, zones ...string) bool {
	for _, zone := range zones {
		if host == zone || strings.HasSuffix(host, "."+zone) {
			return true
		}
	}
	return false
}

// exampleName tells whether a host exists for examples and tests alone: RFC 2606,
// RFC 6761, and JPRS's names of the same kind.
func exampleName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return documentation(ip)
	}
	if inZone(host,
		"example.com", "example.net", "example.org", "example.edu", "example.jp", "example.co.jp",
		"example.ne.jp", "example.or.jp", "example.ac.jp", "example.ed.jp", "example.go.jp", "example.gr.jp", "example.ad.jp",
		"example", "test", "invalid", "onion") {
		return true
	}
	// JPRS keeps example0.jp to example9.jp and their like free as well.
	if name, zone, ok := strings.Cut(host, "."); ok && (zone == "jp" || zone == "co.jp" || zone == "ne.jp" || zone == "or.jp" || zone == "ac.jp") {
		if digit, ok := strings.CutPrefix(name, "example"); ok && len(digit) == 1 && '0' <= digit[0] && digit[0] <= '9' {
			return true
		}
	}
	return false
}

// isTop tells whether a path is that of a site's first page.
func isTop(u *url.URL) bool {
	if u.RawQuery != "" {
		return false
	}
	switch strings.ToLower(u.Path) {
	case "", "/", "/index.html", "/index.htm", "/index.php":
		return true
	}
	return false
}
