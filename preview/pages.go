package preview

import (
	"archive/tar"
	"bufio"
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// painters draw pages. A few work side by side, so that a page in sight need
// not wait for those passed by.
type painters struct {
	rooms *rooms
	free  chan *helper
	all   []*helper
	cache *pictureCache

	mu   sync.Mutex
	sent map[string]int // by an edition's name: the generation of the room that it is in
}

const (
	painterCount = 2
	painterLimit = 60 * time.Second
	cacheLimit   = 32 << 20 // the browser keeps what it has shown, too
	pictureLimit = 64 << 20
)

func newPainters(rooms *rooms) *painters {
	p := &painters{rooms: rooms, free: make(chan *helper, painterCount), cache: &pictureCache{limit: cacheLimit, byKey: map[string]*list.Element{}}, sent: map[string]int{}}
	for range painterCount {
		h := &helper{rooms: rooms, limit: painterLimit, make: func(own string) Program {
			return Program{Argv: []string{"/bin/sh", own + "/bin/bookci-pages"}}
		}}
		p.all = append(p.all, h)
		p.free <- h
	}
	return p
}

// picture returns page n of an edition as PNG, width pixels wide.
func (p *painters) picture(ctx context.Context, e *edition, n, width int) ([]byte, error) {
	key := e.pages[n-1].Hash + " " + strconv.Itoa(width)
	if found := p.cache.get(key); found != nil {
		return found, nil
	}
	data, err := p.ask(ctx, e, "page", n, width, func() []byte { return p.cache.get(key) })
	if err != nil {
		return nil, fmt.Errorf("drawing page %d: %w", n, err)
	}
	p.cache.put(key, data)
	return data, nil
}

// words returns the words of every page of an edition.
func (p *painters) words(ctx context.Context, e *edition) ([][]line, error) {
	data, err := p.ask(ctx, e, "text", 1, len(e.pages), func() []byte { return nil })
	if err != nil {
		return nil, fmt.Errorf("reading the words: %w", err)
	}
	pages, err := readWords(bytes.NewReader(bytes.ToValidUTF8(data, nil)))
	if err != nil && len(pages) == 0 {
		return nil, fmt.Errorf("reading the words: %w", err)
	}
	return pages, nil
}

// ask has a painter answer a request about an edition. made is looked at when a
// painter is free: the answer may be there by then.
func (p *painters) ask(ctx context.Context, e *edition, op string, n, m int, made func() []byte) ([]byte, error) {
	var h *helper
	select {
	case h = <-p.free:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { p.free <- h }()
	if data := made(); data != nil {
		return data, nil
	}
	file, err := p.send(ctx, e)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = h.ask(fmt.Appendf(nil, "%s %s %d %d\n", op, file, n, m), func(r *bufio.Reader) (err error) {
		data, err = readAnswer(r)
		var refused refusal
		if errors.As(err, &refused) {
			return nil // the program is well
		}
		return err
	})
	if err == nil && data == nil {
		err = errors.New("nothing was drawn")
	}
	return data, err
}

// refusal is an answer that says what went wrong.
type refusal string

func (r refusal) Error() string { return string(r) }

// readAnswer reads a painter's answer: its length and its bytes, or a refusal.
func readAnswer(r *bufio.Reader) ([]byte, error) {
	head, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	head = strings.TrimSpace(head)
	if why, ok := strings.CutPrefix(head, "-"); ok {
		return nil, refusal(strings.TrimSpace(why))
	}
	n, err := strconv.Atoi(head)
	if err != nil || n < 0 || n > pictureLimit {
		return nil, fmt.Errorf("an answer begins with %.40q", head)
	}
	data := make([]byte, n)
	_, err = io.ReadFull(r, data)
	return data, err
}

// send puts an edition into the room, once, and returns its path there.
func (p *painters) send(ctx context.Context, e *edition) (string, error) {
	room, generation, err := p.rooms.get()
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	dir := room.Own() + "/run/preview"
	if p.sent[e.name] == generation {
		return dir + "/" + e.name, nil
	}
	pr, pw := io.Pipe()
	defer pr.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tw := tar.NewWriter(pw)
		err := tw.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: e.size, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.Copy(tw, io.NewSectionReader(e.file, 0, e.size))
		}
		if err == nil {
			err = tw.Close()
		}
		if err == nil {
			_, err = pw.Write(make([]byte, 16<<10)) // GNU tar reads whole records
		}
		pw.CloseWithError(err)
	}()
	// Whoever asked may go away, but the next request needs the file too.
	err = room.Put(context.WithoutCancel(ctx), dir, pr)
	pr.Close()
	<-done
	if err != nil {
		return "", fmt.Errorf("sending the PDF: %w", err)
	}
	p.sent[e.name] = generation
	return dir + "/" + e.name, nil
}

// forget removes an edition from the room.
func (p *painters) forget(e *edition) {
	p.mu.Lock()
	generation := p.sent[e.name]
	delete(p.sent, e.name)
	p.mu.Unlock()
	room, now, err := p.rooms.current()
	if err != nil || now != generation || generation == 0 {
		return
	}
	h := <-p.free
	defer func() { p.free <- h }()
	_ = h.ask([]byte("drop "+room.Own()+"/run/preview/"+e.name+" 0 0\n"), func(r *bufio.Reader) error {
		_, err := readAnswer(r)
		return err
	})
}

func (p *painters) close() {
	for _, h := range p.all {
		h.close()
	}
}

// pictureCache keeps the pictures last asked for.
type pictureCache struct {
	limit int
	mu    sync.Mutex
	size  int
	order list.List // of *picture, the last used one in front
	byKey map[string]*list.Element
}

type picture struct {
	key  string
	data []byte
}

func (c *pictureCache) get(key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*picture).data
}

func (c *pictureCache) put(key string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(data) > c.limit/4 || c.byKey[key] != nil {
		return
	}
	c.byKey[key] = c.order.PushFront(&picture{key, data})
	c.size += len(data)
	for c.size > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*picture)
		delete(c.byKey, old.key)
		c.size -= len(old.data)
	}
}
