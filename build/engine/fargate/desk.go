package fargate

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/bookci/bookci/objects"
)

const (
	// usualLease is how long a task lives on with a desk that nobody renews.
	usualLease = 90 * time.Second
	// beatsPerLease: three beats may be lost, and a little more.
	beatsPerLease = 4.5
	// usualLife is how long an address on the desk is good for. Beats renew the
	// addresses; a task that still waits for its machine needs the first one for long.
	usualLife = time.Hour
)

// desk is the object that a task reads: shell text, replaced whole.
type desk struct {
	store *objects.S3   // of the session
	life  time.Duration // of an address

	mu      sync.Mutex
	beat    int
	number  int // of the command that is on it
	cancel  int // commands up to this number shall end
	command func(ctx context.Context) (string, error)
	watch   bool
	bound   int64
	gone    bool
}

const deskName = "desk"

func outName(n int) string  { return fmt.Sprintf("out-%d", n) }
func liveName(n int) string { return fmt.Sprintf("live-%d", n) }

// lay puts a command on the desk and returns its number.
func (d *desk) lay(ctx context.Context, command func(context.Context) (string, error), watch bool, bound int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.number++
	d.command, d.watch, d.bound = command, watch, bound
	return d.number, d.write(ctx)
}

// stop tells the task to end command n.
func (d *desk) stop(ctx context.Context, n int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = n
	return d.write(ctx)
}

// renew is a beat.
func (d *desk) renew(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(ctx)
}

// leave keeps later beats from writing the desk.
func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = true
}

// watched reports a command whose output is shown while it runs.
func (d *desk) watched() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watch
}

func (d *desk) address(ctx context.Context) (string, error) {
	return d.store.GetURL(ctx, deskName, d.life)
}

// write writes the desk with fresh addresses. The caller holds mu.
func (d *desk) write(ctx context.Context) error {
	if d.gone {
		return errClosed
	}
	d.beat++
	address, err := d.address(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "desk=%s\nbeat=%d cancel=%d n=%d watch=%s bound=%d\n", quote(address), d.beat, d.cancel, d.number, mark(d.watch), d.bound)
	if d.command != nil {
		for name, object := range map[string]string{"result": outName(d.number), "live": liveName(d.number)} {
			url, err := d.store.PutURL(ctx, object, d.life)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s=%s\n", name, quote(url))
		}
		text, err := d.command(ctx)
		if err != nil {
			return err
		}
		b.WriteString("message() {\n" + text + "}\n")
	}
	b.WriteString("# end\n")
	_, err = d.store.Put(ctx, deskName, bytes.NewReader(b.Bytes()), objects.PutOptions{})
	return err
}

func mark(yes bool) string {
	if yes {
		return "1"
	}
	return ""
}

// quote makes one word of s for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
