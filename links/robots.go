package links

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// robots.txt as RFC 9309 has it, with Crawl-delay. The libraries at hand compare
// paths byte by byte, so that "Disallow: /日本/" does not cover /%E6%97%A5%E6%9C%AC/,
// and give up on a file with one wrong line.

// robotsLimit is what is read of a file. RFC 9309 asks for 500 KiB at least.
const robotsLimit = 512 << 10

// robots are the rules of one site for bookci.
type robots struct {
	rules []robotsRule
	delay time.Duration // Crawl-delay, 0 when there is none
}

type robotsRule struct {
	allow   bool
	pattern string // canonical path with * and a $ at its end
}

// parseRobots reads the rules of the groups that name agent, else those for all.
// Groups that name the same agent are one.
func parseRobots(text []byte, agent string) *robots {
	if len(text) > robotsLimit {
		text = text[:robotsLimit]
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	agent = strings.ToLower(agent)
	var own, all robots
	var found bool       // some group names agent
	var named, star bool // the group at hand names agent, or is for all
	inRules := false     // its rules have begun
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r", "\n"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch key = strings.ToLower(strings.TrimSpace(key)); key {
		case "user-agent", "useragent", "user agent":
			if inRules {
				named, star, inRules = false, false, false
			}
			switch name := agentToken(value); {
			case value == "*":
				star = true
			case name == agent:
				named, found = true, true
			}
		case "allow", "disallow", "crawl-delay":
			inRules = true
			if named {
				own.add(key, value)
			}
			if star {
				all.add(key, value)
			}
		}
	}
	if found {
		return &own
	}
	return &all
}

// agentToken is the product token at the beginning of a User-agent line.
func agentToken(s string) string {
	s = strings.ToLower(s)
	end := strings.IndexFunc(s, func(r rune) bool { return r != '-' && r != '_' && (r < 'a' || r > 'z') })
	if end >= 0 {
		s = s[:end]
	}
	return s
}

// add adds the rule of a line.
func (r *robots) add(key, value string) {
	if key == "crawl-delay" {
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && seconds < 1e6 {
			r.delay = max(r.delay, time.Duration(seconds*float64(time.Second)))
		}
		return
	}
	if value == "" {
		return // an empty rule covers nothing
	}
	r.rules = append(r.rules, robotsRule{allow: key == "allow", pattern: canonicalPath(value)})
}

// allows tells whether a path with its query may be asked: the longest rule
// that matches decides, Allow where two are as long.
func (r *robots) allows(path string) bool {
	path = canonicalPath(path)
	if path == "/robots.txt" {
		return true
	}
	best, allow := -1, true
	for _, rule := range r.rules {
		n := len(rule.pattern)
		if n < best || n == best && !rule.allow {
			continue
		}
		if matchRule(rule.pattern, path) {
			best, allow = n, rule.allow
		}
	}
	return allow
}

// matchRule matches a pattern against the beginning of a path. Each part between
// stars is looked for once, from left to right, so the time is bounded.
func matchRule(pattern, path string) bool {
	end := strings.HasSuffix(pattern, "$")
	if end {
		pattern = strings.TrimSuffix(pattern, "$")
	}
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(path, parts[0])
	if !ok {
		return false
	}
	for i, part := range parts[1:] {
		if end && i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return !end || rest == ""
}

// canonicalPath is the form in which paths and rules are compared: what may not
// stand in a URL is percent-encoded in upper case, and letters, digits and the
// other characters that need no encoding have none.
func canonicalPath(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		encoded := false
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two hex digits
			c, encoded = byte(n), true
			i += 2
		}
		unreserved := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
		if !unreserved && (encoded || c <= ' ' || c >= 0x7f || c == '%') {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
