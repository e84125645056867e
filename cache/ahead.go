package cache

import "io"

// aheadPieces pieces of aheadBytes are read before anybody asks for them: the daemon
// need not wait while what it sent last is hashed.
const (
	aheadBytes  = 1 << 20
	aheadPieces = 4
)

// ahead reads its source in a goroutine of its own.
type ahead struct {
	filled chan []byte
	empty  chan []byte
	quit   chan struct{}
	ended  chan struct{}
	err    error // of the source, once filled is closed

	whole []byte // the piece that is being passed on
	rest  []byte // of it
}

// readAhead begins to read r. The caller ends it with stop.
func readAhead(r io.Reader) *ahead {
	a := &ahead{filled: make(chan []byte, aheadPieces), empty: make(chan []byte, aheadPieces), quit: make(chan struct{}), ended: make(chan struct{})}
	for range aheadPieces {
		a.empty <- make([]byte, aheadBytes)
	}
	go func() {
		defer close(a.ended)
		defer close(a.filled)
		for {
			var piece []byte
			select {
			case piece = <-a.empty:
			case <-a.quit:
				a.err = io.ErrClosedPipe
				return
			}
			piece = piece[:0]
			var err error
			for len(piece) < aheadBytes && err == nil {
				var n int
				n, err = r.Read(piece[len(piece):aheadBytes])
				piece = piece[:len(piece)+n]
			}
			a.filled <- piece // never full: there are no more pieces than it has places
			if err != nil {
				a.err = err
				return
			}
		}
	}()
	return a
}

func (a *ahead) Read(b []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.whole != nil {
			a.empty <- a.whole
			a.whole = nil
		}
		piece, ok := <-a.filled
		if !ok {
			return 0, a.err
		}
		a.whole, a.rest = piece, piece
	}
	n := copy(b, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// stop ends the reading and waits for it. A Read of the source that is under
// way must have been ended.
func (a *ahead) stop() {
	close(a.quit)
	<-a.ended
}
