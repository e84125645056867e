package links

import (
	"net/url"
	"slices"
)

// Citation is a URL as the manuscript has it.
type Citation struct {
	URL string
	Place
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
