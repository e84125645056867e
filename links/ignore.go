package links

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// A pattern of `links: ignore` is the beginning of a URL, or a host with or
// without the beginning of a path. A star stands for anything:
//
//	https://www.amazon.co.jp/     all that begins so
//	twitter.com                   that host, with http and https
//	*.corp.books.jp/wiki          hosts below that one, what begins with /wiki

// CheckPattern tells what is wrong with a pattern, nil when nothing is.
func CheckPattern(p string) error {
	switch {
	case strings.TrimSpace(p) == "":
		return errors.New("is empty")
	case strings.ContainsFunc(p, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("%q holds a blank", p)
	case strings.Trim(p, "*") == "" || strings.Trim(p, "*/") == "" && !strings.Contains(p, "://"):
		return fmt.Errorf("%q would leave out every URL", p)
	}
	if scheme, rest, ok := strings.Cut(p, "://"); ok {
		if s := strings.ToLower(scheme); s != "http" && s != "https" && s != "*" {
			return fmt.Errorf("%q begins with neither http:// nor https://", p)
		}
		if strings.Trim(rest, "*/") == "" {
			return fmt.Errorf("%q would leave out every URL", p)
		}
	}
	return nil
}

// Ignore returns what tells whether one of the patterns covers a URL.
func Ignore(patterns []string) func(string) bool {
	return func(text string) bool {
		u, err := url.Parse(encodeStray(text))
		for _, p := range patterns {
			if coversURL(p, text) || err == nil && (coversURL(p, u.String()) || coversHost(p, u)) {
				return true
			}
		}
		return false
	}
}

func coversURL(pattern, text string) bool {
	return strings.Contains(pattern, "://") && matchRule(lowerHost(pattern), lowerHost(text))
}

func coversHost(pattern string, u *url.URL) bool {
	if strings.Contains(pattern, "://") || u.Host == "" {
		return false
	}
	host, path, below := strings.Cut(pattern, "/")
	host = strings.ToLower(host)
	if !matchRule(host+"$", strings.ToLower(u.Host)) && !matchRule(host+"$", strings.ToLower(u.Hostname())) {
		return false
	}
	return !below || matchRule("/"+path, u.RequestURI()) || matchRule("/"+path, u.Path)
}

// lowerHost is a URL with its scheme and host in small letters.
func lowerHost(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	host, path, below := strings.Cut(rest, "/")
	s = strings.ToLower(scheme + "://" + host)
	if below {
		s += "/" + path
	}
	return s
}
