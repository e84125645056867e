package preview

import (
	"net/http"
	"time"
)

const (
	patience   = 2 * time.Minute // for a browser that takes nothing
	partOfPace = 256 << 10       // bytes that it must take within that time
)

// paced writes an answer to a browser that may be slow for as long as it likes,
// but must take something all the time: what an answer shows, say a PDF, stays open
// until the answer is written.
//
// An http.Server's own WriteTimeout counts from the request on. It would cut off
// large pictures on slow lines, and the stream of events.
type paced struct {
	http.ResponseWriter
	control  *http.ResponseController
	now      func() time.Time
	patience time.Duration
}

func (s *Server) paced(w http.ResponseWriter) *paced {
	p := &paced{w, http.NewResponseController(w), s.opts.Now, s.patience}
	p.renew() // the connection may still have the deadline of its last answer
	return p
}

func (p *paced) renew() {
	_ = p.control.SetWriteDeadline(p.now().Add(p.patience)) // every connection has one
}

func (p *paced) Write(data []byte) (n int, err error) {
	for {
		p.renew()
		part := data[n:min(len(data), n+partOfPace)]
		written, err := p.ResponseWriter.Write(part)
		if n += written; err != nil || n == len(data) {
			return n, err
		}
	}
}

// Unwrap leads http.ResponseController to the rest of what a writer can do.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }
