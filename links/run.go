package links

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how to ask. The zero value of most is a good one.
type Options struct {
	Version string // bookci's
	Contact string // of who asks, for the User-Agent; "" for none
	Rules   Rules
	Fresh   time.Duration // how long what was fine is not asked again
	Pause   time.Duration // between two requests to a host; 0 for a second
	AtOnce  int           // hosts asked at the same moment; 0 for 16
	Now     func() time.Time

	Resolver *net.Resolver                         // nil for the system's
	RootCAs  *x509.CertPool                        // nil for the system's
	Proxy    func(*http.Request) (*url.URL, error) // nil for none

	Progress func(Progress) // told after each page; nil for nobody

	transport   http.RoundTripper // of tests that have a network of their own
	retryPause  time.Duration     // 0 for the constant; shorter in tests on real sockets
	requestTime time.Duration     // likewise
}

const (
	defaultPause  = time.Second
	defaultAtOnce = 16
	maxHops       = 10
	// retryPause lies between the two tries of a page, and between two failures
	// after which a host counts as dead.
	retryPause = 5 * time.Second
	// patience is the longest that a host may make bookci wait between requests.
	// Longer waits are obeyed by not asking that host any more in this run.
	patience = 2 * time.Minute
	// busyTries is how often in a row a host may say that it was asked too often.
	busyTries = 3
	// lastWords is how long requests under way may take once the run is to stop.
	lastWords = 10 * time.Second
)

// Progress is how far a run has come.
type Progress struct {
	Done, Total int           // pages
	Hosts       int           // with pages left to ask
	Left        time.Duration // what politeness alone will take, at least
}

// ErrNoNetwork is a run in which no host gave any sign of life.
var ErrNoNetwork = errors.New("not one host can be reached")

// ErrNoRoots is a machine that trusts no authority, so no certificate is good.
var ErrNoRoots = errors.New("this machine has no certificates of authorities")

func (o *Options) agent() string {
	agent := "bookci/" + strings.TrimPrefix(o.Version, "v") + " (checks the links of a book; +https://github.com/bookci/bookci"
	if c := headerText(o.Contact); c != "" {
		agent += "; " + c
	}
	return agent + ")"
}

// headerText is what of a text may stand in a header's comment.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// Check asks what is to be asked of pages and returns what was seen of each, in
// the order of pages, without bodies; those that were not reached before ctx
// ended are missing, and the error is ctx's cause. What record keeps decides
// what need not be asked again.
func Check(ctx context.Context, pages []*Page, record *Record, o Options) ([]*Item, error) {
	if o.Pause == 0 {
		o.Pause = defaultPause
	}
	if o.AtOnce == 0 {
		o.AtOnce = defaultAtOnce
	}
	if o.retryPause == 0 {
		o.retryPause = retryPause
	}
	if o.requestTime == 0 {
		o.requestTime = requestTime
	}
	r := &run{
		o: o, record: record, agent: o.agent(), transport: o.transport,
		gates:   newGates(o.AtOnce, o.Pause, o.Now),
		hosts:   map[string]*host{},
		origins: map[string]*origin{},
		done:    make(chan struct{}),
		seen:    map[string]*Item{},
		total:   len(pages),
	}
	if r.transport == nil {
		t := newTransport(o)
		defer t.CloseIdleConnections()
		r.transport = t
	}
	err := r.all(ctx, pages)
	var items []*Item
	for _, p := range pages {
		if i := r.seen[p.URL]; i != nil {
			items = append(items, i)
		}
	}
	if err == nil {
		err = r.offline(items)
	}
	return items, err
}

// run is one Check.
type run struct {
	o         Options
	record    *Record
	agent     string
	transport http.RoundTripper
	gates     *gates
	group     sync.WaitGroup // of the hosts' goroutines
	stop      context.CancelCauseFunc
	hard      context.Context // of requests; ends some time after ctx

	mu      sync.Mutex
	hosts   map[string]*host
	origins map[string]*origin
	seen    map[string]*Item
	total   int
	pending int
	done    chan struct{} // closed when nothing is pending
	alive   bool          // some host has answered
}

// host asks the pages of one host, one after the other.
type host struct {
	name  string
	wake  chan struct{}
	tasks []*task // guarded by run.mu
	busy  bool    // a task is with the goroutine
}

// task is a page on its way to a verdict.
type task struct {
	page   *Page
	at     *url.URL // what is to be asked next
	hops   []Hop
	first  *Try // what the first of two tries came to
	after  time.Time
	known  *Item // what is remembered of it, to ask for changes only
	passed map[string]bool
}

// origin is what is known of a scheme, host and port.
type origin struct {
	rules    *robots // nil until robots.txt was asked
	later    int     // how often robots.txt said "not now"
	busy     int     // answers "too many requests" in a row
	fails    Try     // the last failure that says something of the whole origin
	failedAt time.Time
	givenUp  *Try // what all that is left comes to, nil while it is asked
}

func (r *run) all(ctx context.Context, pages []*Page) error {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	r.hard = hard
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, giveUp) })()

	r.pending = 1 // this function
	for _, p := range pages {
		if ctx.Err() != nil {
			break
		}
		if err := r.begin(ctx, p); err != nil {
			r.stop(err)
		}
	}
	r.less()
	r.group.Wait()
	if r.left() == 0 {
		return nil
	}
	return context.Cause(ctx)
}

func (r *run) left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total - len(r.seen)
}

// begin settles what needs no request and queues the rest.
func (r *run) begin(ctx context.Context, p *Page) error {
	now := r.o.Now()
	if item := r.record.resumed(p); item != nil {
		r.saw(item)
		return nil
	}
	if p.at == nil {
		return r.finish(unaskable(p, stamp(now)))
	}
	known := r.record.remembered(p)
	if known != nil && r.o.Fresh > 0 {
		if at, err := time.Parse(time.RFC3339, known.CrawledAt); err == nil && now.Sub(at) < r.o.Fresh && !at.After(now) {
			item := *known
			item.Cited, item.Remembered = p.Cited, true
			return r.finish(&item)
		}
	}
	r.mu.Lock()
	r.pending++
	r.mu.Unlock()
	r.enqueue(ctx, &task{page: p, at: p.at, known: known}, false)
	return nil
}

// enqueue hands a task to the host that is to be asked, first or last.
func (r *run) enqueue(ctx context.Context, t *task, front bool) {
	name := t.at.Hostname()
	r.mu.Lock()
	h := r.hosts[name]
	if h == nil {
		h = &host{name: name, wake: make(chan struct{}, 1)}
		r.hosts[name] = h
		r.group.Go(func() { r.serve(ctx, h) })
	}
	if front {
		h.tasks = slices.Insert(h.tasks, 0, t)
	} else {
		h.tasks = append(h.tasks, t)
	}
	r.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// serve asks a host's pages until the run ends.
func (r *run) serve(ctx context.Context, h *host) {
	for {
		t, wait := r.next(h)
		if t != nil {
			r.step(ctx, t)
			continue
		}
		if wait == 0 {
			wait = time.Hour // until there is a task
		}
		timer := time.NewTimer(wait)
		select {
		case <-h.wake:
		case <-timer.C:
		case <-r.done:
			timer.Stop()
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// next takes the first task that is due off the queue, else says how long until one is.
func (r *run) next(h *host) (*task, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h.busy = false
	now := r.o.Now()
	var soonest time.Duration
	for i, t := range h.tasks {
		wait := t.after.Sub(now)
		if wait <= 0 {
			h.tasks = slices.Delete(h.tasks, i, i+1)
			h.busy = true
			return t, 0
		}
		if soonest == 0 || wait < soonest {
			soonest = wait
		}
	}
	return nil, soonest
}

// step takes a task one request further. A task that ctx cut short is dropped:
// it has seen nothing yet.
func (r *run) step(ctx context.Context, t *task) {
	if ctx.Err() != nil {
		return
	}
	if len(t.hops) > 0 && r.o.Rules.Ignore != nil && r.o.Rules.Ignore(t.at.String()) {
		r.end(ctx, t, &Item{NotAsked: notByRules})
		return
	}
	o := r.origin(t.at)
	if o.givenUp != nil {
		gone := *o.givenUp
		t.first = &gone
		item := &Item{Try: gone}
		if gone.Error == notByPause {
			item.Error, item.NotAsked, t.first = "", notByPause, nil
		}
		r.end(ctx, t, item)
		return
	}
	if o.rules == nil {
		if err := r.askRobots(ctx, o, t.at); err != nil {
			return
		}
		if o.rules == nil || o.givenUp != nil { // not now, or not at all
			r.enqueue(ctx, t, true)
			return
		}
	}
	if !o.rules.allows(t.at.RequestURI()) {
		r.end(ctx, t, &Item{NotAsked: notByRobots})
		return
	}
	var answer reply
	var wait time.Duration
	gate := r.gates.of(t.at.Hostname())
	err := r.gates.pass(ctx, t.at.Hostname(), func() {
		answer = r.ask(t.at, bodyLimit, t.conditions())
		if wait = answer.retryAfter(r.o.Now()); wait > 0 && wait <= patience && (answer.status == 429 || answer.status == 503) {
			gate.rest(r.o.Now().Add(wait))
		}
	})
	if err != nil {
		return
	}
	if r.hard.Err() != nil && answer.err != nil {
		return // the run's end cut it off: nothing was seen
	}
	if noRoots(answer.err) {
		r.stop(ErrNoRoots)
		return
	}
	if answer.status != 0 {
		r.mu.Lock()
		r.alive = true
		r.mu.Unlock()
	}
	if to, text, ok := answer.location(t.at); ok {
		r.follow(ctx, t, answer.status, to, text)
		return
	}
	r.judge(ctx, o, t, answer, wait)
}

// ask sends a request that the end of the run does not cut off at once.
func (r *run) ask(u *url.URL, limit int, more http.Header) reply {
	ctx, cancel := context.WithTimeout(r.hard, r.o.requestTime)
	defer cancel()
	return ask(ctx, r.transport, u, r.agent, limit, more)
}

// conditions ask for changes only, where the body is known.
func (t *task) conditions() http.Header {
	k := t.known
	if k == nil || k.FinalURL != t.at.String() || k.ETag == "" && k.LastModified == "" {
		return nil
	}
	h := http.Header{}
	if k.ETag != "" {
		h.Set("If-None-Match", k.ETag)
	} else {
		h.Set("If-Modified-Since", k.LastModified)
	}
	return h
}

// follow queues a redirect with the host that it leads to.
func (r *run) follow(ctx context.Context, t *task, status int, to *url.URL, text string) {
	if to == nil {
		t.hops = append(t.hops, Hop{status, text})
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failRedirect, Detail: plain(errors.New(text))}})
		return
	}
	if t.passed == nil {
		t.passed = map[string]bool{}
	}
	t.passed[t.at.String()] = true
	t.hops = append(t.hops, Hop{status, to.String()})
	t.at = to
	switch {
	case t.passed[to.String()]:
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failCircle}})
	case len(t.hops) > maxHops:
		r.end(ctx, t, &Item{Try: Try{Status: status, Error: failRedirects}})
	default:
		r.enqueue(ctx, t, true)
	}
}

// judge decides whether the answer is the last word about a page.
func (r *run) judge(ctx context.Context, o *origin, t *task, answer reply, wait time.Duration) {
	try := answer.try()
	now := r.o.Now()
	r.health(o, t, try, wait, now)
	if c := try.class(); (c == definite || c == passing) && t.first == nil {
		again := &task{page: t.page, at: t.page.at, first: &try, after: now.Add(r.o.retryPause)}
		r.enqueue(ctx, again, false)
		return
	}
	r.end(ctx, t, r.item(t, try, answer))
}

// item is what was seen, the body included.
func (r *run) item(t *task, try Try, answer reply) *Item {
	if try.Status == 304 && t.known != nil {
		item := *t.known
		item.Try, item.Remembered = try, false
		return &item
	}
	item := &Item{Try: try}
	if answer.status == 0 {
		return item
	}
	h := answer.header
	item.ContentType, item.ETag, item.LastModified = headerValue(h, "Content-Type"), headerValue(h, "ETag"), headerValue(h, "Last-Modified")
	item.Bytes, item.Truncated = len(answer.body), answer.truncated
	sum := sha256.Sum256(answer.body)
	item.SHA256 = hex.EncodeToString(sum[:])
	item.BodyBytes = answer.body // read as text when it is recorded, one page at a time
	return item
}

// headerValue is a header's value as text that JSON can hold.
func headerValue(h http.Header, key string) string {
	v := strings.ToValidUTF8(h.Get(key), "\uFFFD")
	if len(v) > 1000 {
		return ""
	}
	return v
}

// health notes what an answer says of all that its host has: dead hosts are not
// asked for each of their pages, and impatient ones are left alone.
func (r *run) health(o *origin, t *task, try Try, wait time.Duration, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gate := r.gates.of(t.at.Hostname())
	switch try.Error {
	case failNoHost, failRefused, failCertificate, failUnreachable:
		switch {
		case o.fails.Error != try.Error:
			o.fails, o.failedAt = try, now
		case now.Sub(o.failedAt) >= r.o.retryPause:
			o.givenUp = &try
		}
		return
	case "":
		o.fails = Try{}
	}
	if try.Status != 429 && !(try.Status == 503 && wait > 0) {
		o.busy = 0
		return
	}
	o.busy++
	switch {
	case wait > patience:
		o.givenUp = &Try{Error: failNotNow, Detail: t.at.Host + " asks to be left alone until " + now.Add(wait).UTC().Format("2006-01-02 15:04 UTC")}
	case o.busy >= busyTries:
		o.givenUp = &Try{Status: try.Status}
	case wait == 0:
		pause, _ := gate.state(now)
		gate.slow(min(2*pause, time.Minute))
		gate.rest(now.Add(2 * r.o.retryPause))
	}
}

// origin is what is known of a URL's scheme, host and port. Its fields belong
// to the goroutine of its host.
func (r *run) origin(u *url.URL) *origin {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if r.origins[key] == nil {
		r.origins[key] = &origin{}
	}
	return r.origins[key]
}

// askRobots reads the rules of a site. o.rules stays nil when the site says
// "not now"; after the second time it is given up. An error is ctx's.
func (r *run) askRobots(ctx context.Context, o *origin, of *url.URL) error {
	at := &url.URL{Scheme: of.Scheme, Host: of.Host, Path: "/robots.txt"}
	gate := r.gates.of(of.Hostname())
	var answer reply
	for hop := 0; ; hop++ {
		err := r.gates.pass(ctx, at.Hostname(), func() { answer = r.ask(at, robotsLimit, nil) })
		if err != nil {
			return err
		}
		if r.hard.Err() != nil && answer.err != nil {
			return context.Cause(ctx)
		}
		to, _, ok := answer.location(at)
		if !ok {
			break
		}
		if to == nil || hop >= 5 {
			answer = reply{status: 404} // RFC 9309, 2.3.1.2: as good as none
			break
		}
		at = to
	}
	try := answer.try()
	switch {
	case try.Error == failTimeout || try.Error == failCut || try.Error == "" && (try.Status == 429 || try.Status >= 500):
		o.later++
		wait := answer.retryAfter(r.o.Now())
		if wait == 0 {
			wait = 2 * r.o.retryPause
		}
		if o.later >= 2 || wait > patience {
			why := "takes too long"
			if try.Status != 0 {
				why = try.words()
			}
			o.givenUp = &Try{Error: failNotNow, Detail: "the robots.txt of " + of.Host + " " + why}
			return nil
		}
		gate.rest(r.o.Now().Add(wait))
		return nil
	case try.Error == "" && try.Status/100 == 2:
		o.rules = parseRobots(answer.body, "bookci")
	default:
		// No rules, or a failure that the page itself will show.
		o.rules = &robots{}
	}
	if o.rules.delay > patience {
		o.givenUp = &Try{Error: notByPause, Detail: o.rules.delay.String()}
		return nil
	}
	gate.slow(o.rules.delay)
	gate.rest(r.o.Now().Add(o.rules.delay)) // counts from robots.txt already
	return nil
}

// end completes an item and settles its task.
func (r *run) end(ctx context.Context, t *task, item *Item) {
	item.URL, item.Cited, item.CrawledAt = t.page.URL, t.page.Cited, stamp(r.o.Now())
	item.Redirects, item.FinalURL = t.hops, t.at.String()
	if item.class() != good || item.NotAsked != "" {
		item.First = t.first
	}
	if err := r.finish(item); err != nil {
		r.stop(err)
	}
	r.less()
}

// finish records an item, and keeps it without its body.
func (r *run) finish(item *Item) error {
	if err := r.record.add(item); err != nil {
		return err
	}
	r.saw(item)
	return nil
}

func (r *run) saw(item *Item) {
	r.mu.Lock()
	r.seen[item.URL] = item
	p := r.progress()
	r.mu.Unlock()
	if r.o.Progress != nil {
		r.o.Progress(p)
	}
}

// less counts a page as settled.
func (r *run) less() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending--; r.pending == 0 {
		close(r.done)
	}
}

// progress is called with r.mu held.
func (r *run) progress() Progress {
	p := Progress{Done: len(r.seen), Total: r.total}
	now := r.o.Now()
	for _, h := range r.hosts {
		n := len(h.tasks)
		if h.busy {
			n++
		}
		if n == 0 {
			continue
		}
		p.Hosts++
		pause, wait := r.gates.of(h.name).state(now)
		p.Left = max(p.Left, wait+time.Duration(n-1)*pause)
	}
	return p
}

// offline tells whether it was this machine that cannot reach anyone.
func (r *run) offline(items []*Item) error {
	if r.alive {
		return nil
	}
	var failed, sure int
	for _, i := range items {
		switch i.Error {
		case failNoHost, failRefused:
			sure++
		case failDNS, failUnreachable:
			failed++
		}
	}
	// One dead link in a small book proves nothing; many hosts at once do.
	if failed+sure == 0 || failed == 0 && len(r.hosts) < 3 {
		return nil
	}
	for _, i := range items {
		if i.Remembered || i.Status != 0 || i.Error == failCertificate || i.Error == failTLS || i.Error == failPrivate {
			return nil
		}
	}
	return ErrNoNetwork
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
