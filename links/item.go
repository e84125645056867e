package links

import (
	"cmp"
	"net/url"
	"slices"
)

// Place is where a manuscript cites a URL.
type Place struct {
	File string `json:"file"`          // slash path below the root
	Line int    `json:"line"`          // counted from 1
	Col  int    `json:"col,omitempty"` // in characters, counted from 1; 0 when unknown
}

// Citation is a URL as the manuscript has it.
type Citation struct {
	URL string
	Place
}

// Cited is a place that cites a page.
type Cited struct {
	Place
	URL      string `json:"url,omitempty"`      // as the manuscript has it, "" when it is the page's
	Fragment string `json:"fragment,omitempty"` // decoded
}

// Page is what is asked once, however often it is cited.
type Page struct {
	URL   string // canonical, without a fragment
	Cited []Cited
	at    *url.URL // nil for a URL that cannot or must not be asked
}

// fragments are those that the page is cited with, each once, in order.
func (p *Page) fragments() []string {
	var all []string
	for _, c := range p.Cited {
		if c.Fragment != "" {
			all = append(all, c.Fragment)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Item is what was seen of a page: a line of the archive. It holds facts only;
// what they mean is decided anew each time (verdict.go). The first three fields
// are those that readers of such archives know.
type Item struct {
	URL       string `json:"url"`
	Body      string `json:"body"`                  // text in UTF-8, whatever the page was in
	BodyBytes []byte `json:"body_base64,omitempty"` // what is no text
	CrawledAt string `json:"crawled_at"`            // RFC 3339 in UTC

	Try
	First        *Try     `json:"first_try,omitempty"` // what the first of two tries came to
	Redirects    []Hop    `json:"redirects,omitempty"`
	FinalURL     string   `json:"final_url,omitempty"`
	ContentType  string   `json:"content_type,omitempty"`
	Charset      string   `json:"charset,omitempty"` // of the page as it came
	ETag         string   `json:"etag,omitempty"`
	LastModified string   `json:"last_modified,omitempty"`
	SHA256       string   `json:"body_sha256,omitempty"` // of the bytes as they came, decompressed
	Bytes        int      `json:"bytes,omitempty"`
	Truncated    bool     `json:"truncated,omitempty"` // the page is longer than what was read
	Found        []string `json:"fragments_found,omitempty"`
	Missing      []string `json:"fragments_missing,omitempty"`
	NotAsked     string   `json:"not_asked,omitempty"`  // why, "" when it was
	Remembered   bool     `json:"remembered,omitempty"` // not asked, as it was fine a short time ago
	BodyIn       string   `json:"body_in,omitempty"`    // the chunk that holds the body of an unchanged page
	Cited        []Cited  `json:"cited"`
}

// Try is what one attempt to get a page came to.
type Try struct {
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`  // one of the kinds below
	Detail string `json:"detail,omitempty"` // for people
}

// Hop is one redirect.
type Hop struct {
	Status int    `json:"status"`
	To     string `json:"to"`
}

// The kinds of Try.Error.
const (
	failNoHost      = "no-such-host"
	failRefused     = "refused"
	failCertificate = "certificate"
	failDNS         = "dns"         // no answer about the name
	failUnreachable = "unreachable" // no connection in time, or no way there
	failTimeout     = "timeout"
	failTLS         = "tls"
	failCut         = "cut"     // the answer broke off
	failPrivate     = "private" // refused by guard.go
	failRedirects   = "too-many-redirects"
	failCircle      = "redirects-in-a-circle"
	failRedirect    = "bad-redirect"
	failAnswer      = "bad-answer" // no HTTP, or beyond all bounds
	failNotNow      = "not-now"    // the host asks to be left alone
	failMalformed   = "malformed"
	failCredentials = "credentials"
)

// The reasons of Item.NotAsked.
const (
	notByRobots  = "robots.txt"
	notByPause   = "crawl-delay"
	notByRules   = "ignored" // a redirect to what the settings leave out
	notByAddress = "address" // a URL that cannot or must not be asked; Try.Error says why
)

// class says what a Try is worth.
type class int

const (
	good     class = iota
	definite       // says that the page is dead, if it is seen twice
	passing        // may be different in a minute
	refusal        // the server does not want to show it to bookci
)

func (t Try) class() class {
	switch t.Error {
	case "":
	case failNoHost, failRefused, failCertificate, failMalformed:
		return definite
	case failDNS, failUnreachable, failTimeout, failTLS, failCut, failNotNow:
		return passing
	default:
		return refusal
	}
	switch {
	case t.Status == 404 || t.Status == 410:
		return definite
	case t.Status >= 200 && t.Status < 300 || t.Status == 304:
		return good
	case t.Status >= 500 && t.Status < 600 || t.Status == 429 || t.Status == 408 || t.Status == 425:
		return passing
	}
	return refusal
}

// moved returns where a page has moved to for good, "" when it has not: the
// address after the redirects that say so, up to the first that does not.
func (i *Item) moved() string {
	to := ""
	for _, h := range i.Redirects {
		if h.Status != 301 && h.Status != 308 {
			break
		}
		to = h.To
	}
	return to
}

// Left counts the citations that are not asked, by the rule that leaves them out.
type Left struct {
	Reserved int // of hosts for examples, and of one's own machine and net
	Ignored  int // that the settings name
	Other    int // neither http nor https
}

// Rules say what is left out.
type Rules struct {
	Ignore       func(url string) bool // of the settings; nil for none
	AllowPrivate bool                  // ask addresses of private nets too
}

// leaves tells whether a URL is left out, and counts it.
func (r Rules) leaves(u *url.URL, cited string, left *Left) bool {
	switch {
	case r.Ignore != nil && (r.Ignore(cited) || r.Ignore(u.String())):
		left.Ignored++
	case exampleName(u.Hostname()), !r.AllowPrivate && privateName(u.Hostname()):
		left.Reserved++
	default:
		return false
	}
	return true
}

// Gather brings citations together by page, in the order in which the pages are
// first cited. What rules leave out is counted per citation.
func Gather(citations []Citation, rules Rules) ([]*Page, Left) {
	var pages []*Page
	var left Left
	known := map[string]*Page{}
	told := map[Citation]bool{}
	for _, c := range citations {
		if told[c] {
			continue
		}
		told[c] = true
		u, err := parseURL(c.URL)
		if err == errScheme {
			left.Other++
			continue
		}
		cited := Cited{Place: c.Place, URL: c.URL}
		name := c.URL
		if err == nil {
			if rules.leaves(u, c.URL, &left) {
				continue
			}
			name, cited.Fragment = splitFragment(u)
			u.Fragment, u.RawFragment = "", ""
		} else if rules.Ignore != nil && rules.Ignore(c.URL) {
			left.Ignored++
			continue
		}
		if cited.URL == name {
			cited.URL = ""
		}
		p := known[name]
		if p == nil {
			p = &Page{URL: name, at: u}
			known[name] = p
			pages = append(pages, p)
		}
		p.Cited = append(p.Cited, cited)
	}
	return pages, left
}

// unaskable is the item of a page whose URL cannot or must not be asked.
func unaskable(p *Page, at string) *Item {
	_, err := parseURL(p.URL)
	item := &Item{URL: p.URL, CrawledAt: at, NotAsked: notByAddress, Cited: p.Cited, Try: Try{Error: failMalformed}}
	if err == errCredentials {
		item.Error = failCredentials
	}
	return item
}

// sortPlaces orders places as a reader meets them within a file.
func sortPlaces(cited []Cited) []Cited {
	all := slices.Clone(cited)
	slices.SortStableFunc(all, func(a, b Cited) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return all
}
