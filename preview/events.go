package preview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// hub sends what happens to every open page.
type hub struct {
	mu      sync.Mutex
	clients map[chan message]bool
	closed  bool
}

type message struct {
	kind string
	data []byte
}

const (
	backlog     = 64 // messages that a slow page may be behind
	mostClients = 64 // pages open at a time
	heartbeat   = 15 * time.Second
)

// join returns a channel of messages, nil when too many pages are open or the
// preview is closed. The channel is closed when its page is too slow: the page then
// begins anew.
func (h *hub) join() chan message {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.clients) >= mostClients {
		return nil
	}
	c := make(chan message, backlog)
	h.clients[c] = true
	return c
}

func (h *hub) leave(c chan message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
}

func (h *hub) send(kind string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		return // only a value that JSON cannot hold, and there is none
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c <- message{kind, data}:
		default:
			delete(h.clients, c)
			close(c)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.clients {
		delete(h.clients, c)
		close(c)
	}
}

// events is the stream that a page listens to.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	c := s.hub.join()
	if c == nil {
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer s.hub.leave(c)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	// The page begins with the whole state, whatever it missed.
	state, err := json.Marshal(s.state())
	if err != nil {
		return
	}
	write := func(m message) bool {
		_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", m.kind, m.data)
		return err == nil && out.Flush() == nil
	}
	if !write(message{"state", state}) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case m, ok := <-c:
			if !ok || !write(m) {
				return
			}
		case <-beat.C:
			if !write(message{"beat", []byte("{}")}) {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// state is what every page shows.
type state struct {
	Books    []bookState `json:"books"`
	Building bool        `json:"building"`
	Reason   string      `json:"reason,omitempty"`
	Built    int64       `json:"built,omitempty"` // milliseconds since 1970
	Took     float64     `json:"took,omitempty"`  // seconds
	Error    string      `json:"error,omitempty"`
	Problems []Problem   `json:"problems"`
	Edited   string      `json:"edited,omitempty"`
	Files    string      `json:"files"` // the secret path of the books' files
}

type bookState struct {
	Name     string    `json:"name"`
	Title    string    `json:"title,omitempty"`
	Version  int       `json:"version"` // of the pages, 0 when there are none
	Draft    bool      `json:"draft"`   // the pages are a draft's
	Text     bool      `json:"text"`    // chapters may be had as text
	Chapters []Chapter `json:"chapters"`
}

func (s *Server) state() state {
	s.mu.Lock()
	st := state{Building: s.building, Reason: s.reason, Error: s.err, Problems: s.problems, Edited: s.edited, Took: s.took.Seconds(), Files: "/files/" + s.token + "/"}
	if !s.built.IsZero() {
		st.Built = s.built.UnixMilli()
	}
	s.mu.Unlock()
	for _, b := range s.shelf() {
		b.mu.Lock()
		st.Books = append(st.Books, bookState{Name: b.Name, Title: b.Title, Version: b.version, Draft: b.edition != nil && b.edition.sheets != nil, Text: !b.alone, Chapters: b.chapters})
		b.mu.Unlock()
	}
	return st
}
