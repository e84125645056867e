package watch

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// probeFor is how long a tried event may take. A local one takes under a millisecond.
const probeFor = 500 * time.Millisecond

// chooseSource returns the event source, or nil and why edits have to be looked
// for. No events arrive for what another machine writes: a file server, or the host
// of Docker Desktop's or WSL2's virtual machine. Most such folders are known by their
// file system's name, some more by a trial (probe). The slow poll under the events
// (loop.tick) finds the rest.
func chooseSource(opts Options) (src *events, why Notice) {
	if opts.Poll {
		return nil, Notice{Kind: ByPolling, Text: "as asked"}
	}
	if n, ok := remoteIn(opts.Scope); ok {
		return nil, n
	}
	src, err := newEvents()
	if err != nil {
		return nil, limitNotice(err)
	}
	if opts.ProbeDir != "" {
		if err := src.probe(opts.ProbeDir, opts.Clock); err != nil {
			src.close()
			return nil, Notice{Kind: ByPolling, Text: err.Error()}
		}
	}
	return src, Notice{}
}

// remoteIn names the first folder of the scope that lies on a file system whose
// changes are made elsewhere.
func remoteIn(s Scope) (Notice, bool) {
	for _, dir := range s.Folders {
		if name := remoteFS(dir); name != "" {
			return Notice{Kind: ByPolling, Text: fmt.Sprintf("%s is on %s, which does not report every edit", dir, name)}, true
		}
	}
	return Notice{}, false
}

func limitNotice(err error) Notice {
	var limit *errLimit
	if errors.As(err, &limit) {
		text, hint := limit.explain()
		return Notice{Kind: ByPolling, Text: text, Hint: hint}
	}
	return Notice{Kind: ByPolling, Text: err.Error()}
}

// probe writes a file in dir and waits for its event. The error says that none came,
// or that the system allows no more of them.
func (e *events) probe(dir string, clock Clock) error {
	if err := e.w.Add(dir); err != nil {
		return fmt.Errorf("trying file events: %w", limitOf(err, "max_user_watches"))
	}
	// Remove fails only when the folder is gone, and the watch with it.
	defer func() { _ = e.w.Remove(dir) }()
	f, err := os.CreateTemp(dir, "events-*")
	if err != nil {
		return nil // a folder that cannot be written to shows nothing
	}
	name := f.Name()
	// Errors do no harm: the poll finds out what the probe could not.
	_ = f.Close()
	defer func() { _ = os.Remove(name) }()
	timer, stop := clock.Timer(probeFor)
	defer stop()
	for {
		select {
		case <-e.ready:
			if names, _ := e.drain(); len(names) > 0 {
				return nil
			}
		case <-timer:
			return errors.New("file events do not arrive here")
		}
	}
}
