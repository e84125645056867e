package project

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// Lock keeps other builds of this root out until the answer is called. It
// waits for them, and says so.
func (p *Project) Lock(ctx context.Context, say func(string)) (unlock func(), err error) {
	return p.LockFile(ctx, "lock", say)
}

// LockFile is Lock for those who need not wait for builds, only for their like.
func (p *Project) LockFile(ctx context.Context, name string, say func(string)) (unlock func(), err error) {
	if err := fsx.MakeOwnFolder(p.Root, p.State()); err != nil {
		return nil, fmt.Errorf("making bookci's own folder: %w", err)
	}
	name = filepath.Join(p.State(), name)
	if st, err := os.Lstat(name); err == nil && !st.Mode().IsRegular() {
		return nil, &fault.Environment{Err: fmt.Errorf("locking: %s is no regular file", name), Hint: "remove it"}
	}
	l := flock.New(name)
	ok, err := l.TryLock()
	if err == nil && !ok {
		say("another bookci is at work here, waiting for it" + p.holder())
		_, err = l.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, &fault.Environment{Err: fmt.Errorf("locking %s: %w", p.State(), err)}
	}
	p.sayHolder()
	return func() {
		_ = os.Remove(p.holderFile())
		_ = l.Unlock() // the end of the process unlocks it too
	}, nil
}

// The process that has the root says so in a file beside the lock, for those who
// wait. Only people read that file. A false one, which may have come with the
// manuscript, decides nothing.

// holder is what the file says.
type holder struct {
	Command string    `json:"command"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
}

func (p *Project) holderFile() string { return filepath.Join(p.State(), "lock-holder.json") }

// longestCommand bounds what is said of a command line, in characters.
const longestCommand = 80

// sayHolder writes that this process has the root. Without the file others wait
// as well, and know less.
func (p *Project) sayHolder() {
	command := append([]string{"bookci"}, os.Args[1:]...)
	text, err := json.Marshal(holder{Command: strings.Join(command, " "), PID: os.Getpid(), Since: time.Now()})
	if err != nil {
		return
	}
	f, err := fsx.CreateOwn(p.holderFile())
	if err != nil {
		return
	}
	_, _ = f.Write(text)
	_ = f.Close()
}

// holder tells who has the root, as the end of a sentence; "" when it is not known.
func (p *Project) holder() string {
	text, err := fsx.ReadBelow(p.Root, p.holderFile(), 64<<10)
	var h holder
	if err != nil || json.Unmarshal(text, &h) != nil || h.PID == 0 {
		return ""
	}
	command := []rune(h.Command)
	if len(command) > longestCommand {
		command = append(command[:longestCommand-1], '…')
	}
	return fmt.Sprintf(": %q, process %d, since %s", string(command), h.PID, h.Since.Format("15:04:05"))
}
