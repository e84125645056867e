package links

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Check asks for pages and returns what was seen of each, in their order, without
// bodies. What record holds need not be asked for again. Pages that were not reached
// before ctx ended are missing; the error is then ctx's cause.
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
	hard      context.Context // of requests: ends lastWords after the run is to stop

	mu      sync.Mutex
	hosts   map[string]*host
	origins map[string]*origin
	seen    map[string]*Item
	total   int
	pending int           // pages that are queued or asked, and one for what queues them
	done    chan struct{} // closed when nothing is pending
	alive   bool          // some host has answered

	estimate  Progress // of the hosts, as it was at estimated
	estimated time.Time
}

// all asks for every page. The error is ctx's cause, or what stopped the run.
func (r *run) all(ctx context.Context, pages []*Page) error {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	r.hard = hard
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, giveUp) })()

	r.pending = 1 // this function, which queues them
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

// left is how many pages have not been seen.
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

// saw counts a page as done.
func (r *run) saw(item *Item) {
	r.mu.Lock()
	r.seen[item.URL] = item
	p := r.progress()
	r.mu.Unlock()
	if r.o.Progress != nil {
		r.o.Progress(p)
	}
}

// less counts one as no longer pending.
func (r *run) less() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending--; r.pending == 0 {
		close(r.done)
	}
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
