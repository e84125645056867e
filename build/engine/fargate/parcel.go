package fargate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/bookci/bookci/objects"
)

// What goes to and comes from the bucket lies in a file on this machine in
// between: S3 wants to know a length, and a transfer may have to be repeated.

// pack writes what write writes, compressed, to a temporary file. The caller
// closes it, which removes it.
func (e *Engine) pack(write func(io.Writer) error) (*parcel, error) {
	p, err := e.newParcel()
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	zw, err := gzip.NewWriterLevel(io.MultiWriter(p.file, hash), gzip.BestSpeed)
	if err == nil {
		err = write(zw)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	p.hash = hex.EncodeToString(hash.Sum(nil))
	return p, nil
}

// parcel is a file that nobody else sees.
type parcel struct {
	file *os.File
	hash string
	keep func(string) error
}

func (e *Engine) newParcel() (*parcel, error) {
	file, err := os.CreateTemp(e.TempDir, "bookci-")
	if err != nil {
		return nil, faultf("set TMPDIR to a folder that can be written", "making a temporary file: %w", err)
	}
	p := &parcel{file: file, keep: e.Reaper.Keep}
	if err := e.Reaper.Remove(file.Name()); err != nil {
		p.Close()
		return nil, faultf("", "%w", err)
	}
	return p, nil
}

// Close removes the file.
func (p *parcel) Close() error {
	p.file.Close()
	if err := os.Remove(p.file.Name()); err != nil {
		return err
	}
	return p.keep(p.file.Name())
}

// share uploads, once for all sessions of the engine, what write writes. key says
// what it is made of; what is equal in content goes up once, whatever its key.
// It returns the object's name in the engine's folder.
func (e *Engine) share(ctx context.Context, key string, write func(io.Writer) error) (string, error) {
	do := func() (string, error) {
		p, err := e.pack(write)
		if err != nil {
			return "", err
		}
		defer p.Close()
		name := "shared/" + p.hash
		return e.once(name, func() (string, error) {
			_, err := e.folder().Put(ctx, name, p.file, objects.PutOptions{})
			return name, err
		})
	}
	name, err := e.once(key, do)
	if err != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) && context.Cause(ctx) == nil {
		name, err = e.once(key, do) // only the context of the session that did it was over
	}
	return name, err
}

// leaves notes that objects may lie in the engine's folder from now on, even after
// an upload that failed. They outlive the tasks, so the reaper has to look for them
// when bookci is killed, even when no task runs.
func (e *Engine) leaves() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dirty {
		return nil
	}
	if err := e.Reaper.ExpectContainer(); err != nil {
		return faultf("", "%w", err)
	}
	e.dirty = true
	return nil
}

// once calls do for a key until it succeeds once. Of sessions that ask at the same
// time one calls it, and the others wait.
func (e *Engine) once(key string, do func() (string, error)) (string, error) {
	e.mu.Lock()
	name := e.shared[key]
	e.mu.Unlock()
	if name != "" {
		return name, nil
	}
	v, err, _ := e.asking.Do(key, func() (any, error) {
		if err := e.leaves(); err != nil {
			return "", err
		}
		name, err := do()
		if err != nil {
			return "", err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.shared == nil {
			e.shared = map[string]string{}
		}
		e.shared[key] = name
		return name, nil
	})
	return v.(string), err
}

// fetchTries is how often a transfer from the bucket begins.
const fetchTries = 5

// fetch brings an object of at most max bytes to this machine.
func (e *Engine) fetch(ctx context.Context, store *objects.S3, name string, max int64) (*parcel, error) {
	p, err := e.newParcel()
	if err != nil {
		return nil, err
	}
	for try := range fetchTries {
		if try > 0 {
			select {
			case <-e.Clock.After(time.Second << try):
			case <-ctx.Done():
			}
		}
		if err = e.fetchOnce(ctx, store, name, max, p.file); err == nil {
			return p, nil
		}
		if context.Cause(ctx) != nil || isTooLarge(err) {
			break
		}
	}
	p.Close()
	return nil, err
}

type tooLarge struct{ size, max int64 }

func (t *tooLarge) Error() string {
	return fmt.Sprintf("it is %d bytes long, %d are allowed", t.size, t.max)
}

func isTooLarge(err error) bool { _, ok := err.(*tooLarge); return ok }

func (e *Engine) fetchOnce(ctx context.Context, store *objects.S3, name string, max int64, to *os.File) error {
	body, info, err := store.Get(ctx, name)
	if err != nil {
		return err
	}
	defer body.Close()
	// An address for writing cannot bound what is written.
	if info.Size > max {
		return &tooLarge{info.Size, max}
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := to.Truncate(0); err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(body, max+1))
	if err != nil {
		return err
	}
	if n != info.Size {
		return io.ErrUnexpectedEOF
	}
	_, err = to.Seek(0, io.SeekStart)
	return err
}
