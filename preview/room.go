package preview

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Room is a place to run programs in, beside the one where the book is built.
// Its methods are called from several goroutines at once.
type Room interface {
	// Run runs a program to its end. When ctx ends every program of the room
	// may end with it.
	Run(ctx context.Context, p Program) error
	// Put unpacks a tar stream into dir, absolute as programs see it.
	Put(ctx context.Context, dir string, tar io.Reader) error
	// Own is a folder for files of the preview's own, absolute as programs see it.
	Own() string
	// Close ends every program and removes all that the room held.
	Close() error
}

// Program is a program to run in a Room.
type Program struct {
	Argv   []string
	Env    []string // KEY=value
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Opener opens a room in which the sources lie as they are now.
type Opener func(ctx context.Context) (Room, error)

// errClosed says that the preview is at its end.
var errClosed = errors.New("the preview is closed")

// reopenAfter is how long a room that could not be opened is left alone.
const reopenAfter = 2 * time.Second

// rooms keeps a room open, and opens another one when it is lost: the daemon
// was restarted, or a program in it hung.
type rooms struct {
	ctx    context.Context // ends with the preview
	open   Opener
	now    func() time.Time
	opened func() // a new room is there; called before anything runs in it

	mu         sync.Mutex
	room       Room
	generation int
	failed     time.Time
	err        error
	closed     bool
	closing    sync.WaitGroup
}

// get returns the room and its generation, which grows with each new one.
func (r *rooms) get() (Room, int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, 0, errClosed
	case r.room != nil:
		return r.room, r.generation, nil
	case r.err != nil && r.now().Sub(r.failed) < reopenAfter:
		return nil, 0, r.err
	}
	r.room, r.err = r.open(r.ctx)
	if r.err != nil {
		r.room, r.failed = nil, r.now()
		return nil, 0, r.err
	}
	r.generation++
	if r.opened != nil {
		r.opened()
	}
	return r.room, r.generation, nil
}

// current returns the room if there is one.
func (r *rooms) current() (Room, int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.room == nil {
		return nil, 0, errClosed
	}
	return r.room, r.generation, nil
}

// renew gives up the room that is open, so that the next one is made otherwise.
func (r *rooms) renew() {
	r.mu.Lock()
	generation := r.generation
	r.err = nil
	r.mu.Unlock()
	r.drop(generation)
}

// drop gives up the room of a generation, in which something hung or failed.
func (r *rooms) drop(generation int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.room == nil || r.generation != generation {
		return
	}
	room := r.room
	r.room = nil
	r.closing.Add(1)
	go func() {
		defer r.closing.Done()
		_ = room.Close() // the room is lost: an error tells nothing new
	}()
}

// enter has close wait until closing.Done is called.
func (r *rooms) enter() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	r.closing.Add(1)
	return nil
}

func (r *rooms) close() error {
	r.mu.Lock()
	r.closed = true
	room := r.room
	r.room = nil
	r.mu.Unlock()
	var err error
	if room != nil {
		err = room.Close()
	}
	r.closing.Wait()
	return err
}

// helper is a program of the room that answers requests, one at a time. It is
// started when it is first asked, and again when it ended.
type helper struct {
	rooms *rooms
	make  func(own string) Program
	limit time.Duration             // for one answer
	start func(*conversation) error // first words with a new program, or nil

	mu   sync.Mutex
	talk *conversation
}

// conversation is a running program.
type conversation struct {
	generation int
	room       Room
	in         *io.PipeWriter
	out        *bufio.Reader
	outPipe    *io.PipeReader
	ended      chan struct{}
	err        error // why it ended, once ended is closed
	stderr     tailWriter
}

// ask sends a request and reads its answer. read must read the whole answer.
func (h *helper) ask(request []byte, read func(*bufio.Reader) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	talk, err := h.running()
	if err != nil {
		return err
	}
	return h.exchange(talk, request, read)
}

// running returns the conversation with the program of the room that is open
// now, and begins it where there is none.
func (h *helper) running() (*conversation, error) {
	if h.talk != nil {
		select {
		case <-h.talk.ended:
			// Such programs do not end by themselves: the room is lost.
			h.rooms.drop(h.talk.generation)
			h.talk = nil
		default:
		}
	}
	room, generation, err := h.rooms.get()
	if err != nil {
		return nil, err
	}
	if h.talk != nil && h.talk.generation == generation {
		return h.talk, nil
	}
	if h.talk != nil {
		h.talk.stop()
	}
	if h.talk, err = begin(h.rooms, room, generation, h.make(room.Own())); err != nil {
		return nil, err
	}
	if h.start != nil {
		if err := h.start(h.talk); err != nil {
			return nil, err
		}
	}
	return h.talk, nil
}

// begin starts a program in a room, unless the preview has been closed meanwhile.
func begin(rooms *rooms, room Room, generation int, p Program) (*conversation, error) {
	if err := rooms.enter(); err != nil {
		return nil, err
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	c := &conversation{generation: generation, room: room, in: inW, out: bufio.NewReaderSize(outR, 64<<10), outPipe: outR, ended: make(chan struct{})}
	p.Stdin, p.Stdout, p.Stderr = inR, outW, &c.stderr
	go func() {
		defer rooms.closing.Done()
		defer close(c.ended)
		err := room.Run(rooms.ctx, p)
		if err == nil {
			err = errors.New("the program ended")
		}
		if said := c.stderr.String(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		c.err = err
		outW.CloseWithError(err)
		inR.CloseWithError(err)
	}()
	return c, nil
}

// stop ends a program by the end of its input.
func (c *conversation) stop() {
	c.in.Close()
	c.outPipe.Close()
}

// exchange is one request and its answer, within the helper's limit.
func (h *helper) exchange(c *conversation, request []byte, read func(*bufio.Reader) error) error {
	timer := time.AfterFunc(h.limit, func() {
		c.outPipe.CloseWithError(fmt.Errorf("no answer in %s", h.limit))
		c.in.CloseWithError(fmt.Errorf("no answer in %s", h.limit))
	})
	_, err := c.in.Write(request)
	if err == nil {
		err = read(c.out)
	}
	timer.Stop()
	if err == nil {
		return nil
	}
	select {
	case <-c.ended:
		// The program is at an end: by itself, or because the room is.
		err = c.err
	case <-time.After(100 * time.Millisecond):
	}
	c.stop()
	h.talk = nil
	h.rooms.drop(c.generation)
	return err
}

func (h *helper) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.talk != nil {
		h.talk.stop()
		h.talk = nil
	}
}

// tailWriter keeps the end of what a program says on standard error.
type tailWriter struct {
	mu  sync.Mutex
	buf []byte
}

const tailLimit = 2000

func (t *tailWriter) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p[max(0, len(p)-tailLimit):]...)
	if extra := len(t.buf) - tailLimit; extra > 0 {
		t.buf = t.buf[extra:]
	}
	return len(p), nil
}

func (t *tailWriter) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.buf), ""))
}
