package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"

	"github.com/bookci/bookci/internal/fsx"
)

// events listens to folders. Its goroutine empties fsnotify's channels, so that
// the kernel's queue does not overflow while Run reads files, and keeps at most
// maxNames names: more than that is answered by looking at everything anyway.
type events struct {
	w     *fsnotify.Watcher
	have  map[string]fsx.FolderID // folders that were added; Run's goroutine alone
	ready chan struct{}           // holds one token while there is something to drain
	done  chan struct{}           // closed when the goroutine has ended

	mu    sync.Mutex
	names map[string]struct{}
	lost  bool // events were lost
}

const maxNames = 4096

// errLimit: the system allows no more watches.
type errLimit struct {
	err  error
	what string // the setting that holds the limit, "" when unknown
}

func (e *errLimit) Error() string { return e.err.Error() }
func (e *errLimit) Unwrap() error { return e.err }

func newEvents() (*events, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("starting file events: %w", limitOf(err, "max_user_instances"))
	}
	e := &events{w: w, have: map[string]fsx.FolderID{}, ready: make(chan struct{}, 1), done: make(chan struct{}), names: map[string]struct{}{}}
	go e.pump()
	return e, nil
}

func (e *events) close() {
	// Closing fails only when the descriptor is already gone.
	_ = e.w.Close()
	<-e.done
}

func (e *events) pump() {
	defer close(e.done)
	evs, errs := e.w.Events, e.w.Errors
	for evs != nil || errs != nil {
		select {
		case ev, ok := <-evs:
			if !ok {
				evs = nil
			} else if ev.Name != "" {
				e.put(ev.Name, false)
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil
			} else if err != nil {
				// Events are missing after an overflow and after a failed read.
				e.put("", true)
			}
		}
	}
}

// put keeps a name for drain, or that events were lost.
func (e *events) put(name string, lost bool) {
	e.mu.Lock()
	if lost {
		e.lost = true
	} else if len(e.names) < maxNames {
		e.names[name] = struct{}{}
	}
	e.mu.Unlock()
	select {
	case e.ready <- struct{}{}:
	default:
	}
}

// drain returns the names that events have come for since the last call, and whether
// events were lost.
func (e *events) drain() (names []string, lost bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	names = make([]string, 0, len(e.names))
	for n := range e.names {
		names = append(names, n)
	}
	clear(e.names)
	lost, e.lost = e.lost, false
	return names, lost
}

// sync makes the folders listened to those of snap. It reports whether any was
// added: what happened there before is unknown, so the caller looks again.
//
// fsnotify forgets a folder that is moved, keeps the old paths of the folders
// below it, and answers for a folder under the path by which it met it first.
// So whatever is not exactly as it was is removed first and then added anew.
func (e *events) sync(snap *snapshot) (added bool, err error) {
	want := wanted(snap)
	listed := map[string]bool{}
	for _, p := range e.w.WatchList() {
		listed[p] = true
	}
	for path, id := range e.have {
		if want[path] != id || !listed[path] {
			// Remove fails for a folder that is gone, and that is fine.
			_ = e.w.Remove(path)
			delete(e.have, path)
		}
	}
	for path, id := range want {
		if _, ok := e.have[path]; ok {
			continue
		}
		err := e.w.Add(path)
		switch {
		case err == nil:
			e.have[path] = id
			added = true
		case errors.Is(err, syscall.ENOSPC):
			return added, fmt.Errorf("listening to %s: %w", path, limitOf(err, "max_user_watches"))
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			return added, fmt.Errorf("listening to %s: %w", path, limitOf(err, ""))
		case errors.Is(err, os.ErrPermission):
			// Nothing in it can be read either; the slow poll sees it when that changes.
		default:
			added = true // it vanished: look again
		}
	}
	return added, nil
}

// wanted is every folder to listen to, each once: a second path to the same
// folder would be taken for the first. Walked folders come before those beside.
func wanted(snap *snapshot) map[string]fsx.FolderID {
	want := make(map[string]fsx.FolderID, len(snap.folders)+len(snap.beside))
	byID := make(map[fsx.FolderID]bool, len(want))
	for path, id := range snap.folders {
		want[path] = id
		byID[id] = true
	}
	for path := range snap.beside {
		st, err := fsx.StampAt(path, true)
		if err != nil {
			continue
		}
		if id := st.FolderID(path); !byID[id] {
			want[path] = id
			byID[id] = true
		}
	}
	return want
}

func limitOf(err error, setting string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return &errLimit{err, setting}
	}
	return err
}

// explain tells the author about a limit, and how to raise it.
func (e *errLimit) explain() (text, hint string) {
	if e.what == "" {
		return "too many open files to listen to every folder", "raise the limit with: ulimit -n 65536"
	}
	text = "the system's limit of inotify " + strings.TrimPrefix(e.what, "max_user_") + " is reached"
	raise := 524288
	if e.what == "max_user_instances" {
		raise = 1024
	}
	// The file is absent where the kernel has no inotify, and then there is no such limit.
	if b, err := os.ReadFile(filepath.Join("/proc/sys/fs/inotify", e.what)); err == nil {
		now := strings.TrimSpace(string(b))
		text = fmt.Sprintf("the system's limit of %s inotify %s is reached", now, strings.TrimPrefix(e.what, "max_user_"))
		if n, err := strconv.Atoi(now); err == nil {
			raise = max(raise, 2*n)
		}
	}
	return text, fmt.Sprintf("raise it with: sudo sysctl fs.inotify.%s=%d", e.what, raise)
}
