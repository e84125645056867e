package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
)

// loadCall makes one load call and reads its answer to the end, because the
// engine reports failure inside a stream that began with 200.
func (s *Store) loadCall(ctx context.Context, tar io.Reader) error {
	body := &lease{r: tar}
	defer body.end() // the HTTP client may still read when the call has returned
	resp, err := s.Daemon.ImageLoad(ctx, body)
	if err != nil {
		if cerrdefs.IsInternal(err) || cerrdefs.IsInvalidArgument(err) || cerrdefs.IsNotFound(err) {
			return &refusedError{err}
		}
		return err
	}
	defer resp.Body.Close() // read to its end
	return readStream(resp.Body, func(m streamMessage) {
		if m.Status != "" || m.Stream != "" {
			s.log().Debug("load", "id", m.ID, "message", m.Status+m.Stream)
		}
	})
}

// streamMessage is one line of an engine's answer to load and build.
type streamMessage struct {
	Stream      string `json:"stream"`
	Status      string `json:"status"`
	ID          string `json:"id"`
	Error       string `json:"error"`
	ErrorDetail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// readStream reads an engine's answer to its end and returns the error that it
// reports, as a *refusedError.
func readStream(r io.Reader, each func(streamMessage)) error {
	var failed error
	d := json.NewDecoder(r)
	for {
		var m streamMessage
		err := d.Decode(&m)
		if err == io.EOF {
			return failed
		}
		if err != nil {
			if failed != nil {
				return failed
			}
			return fmt.Errorf("reading the daemon's answer: %w", err)
		}
		switch {
		case failed != nil:
		case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
			failed = &refusedError{errors.New(m.ErrorDetail.Message)}
		case m.Error != "":
			failed = &refusedError{errors.New(m.Error)}
		}
		each(m)
	}
}

// lease lends a reader to the HTTP client until end, which waits for a Read
// that is under way.
type lease struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lease) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.r == nil {
		return 0, io.ErrClosedPipe
	}
	return l.r.Read(b)
}

func (l *lease) end() {
	l.mu.Lock()
	l.r = nil
	l.mu.Unlock()
}
