package watcher

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/watch"
)

// noDocker is the error of a daemon that is not there.
func noDocker(t *testing.T) error {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost("unix://" + filepath.Join(t.TempDir(), "nowhere.sock")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Ping(t.Context())
	return err
}

func TestOnlyWhatCanMendItselfIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a good build":         {nil, false},
		"Docker is not there":  {noDocker(t), true},
		"nobody listens":       {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"the disk is full":     {syscall.ENOSPC, true},
		"the network is away":  {&jsonmessage.JSONError{Message: "Get https://registry/v2/: net/http: TLS handshake timeout"}, true},
		"no such tag":          {&jsonmessage.JSONError{Message: "manifest for vvakame/review:9.9 not found: manifest unknown"}, false},
		"no such tag, typed":   {cerrdefs.ErrNotFound, false},
		"not let in":           {&jsonmessage.JSONError{Message: "pull access denied for x"}, false},
		"another image":        {&cache.Mismatch{}, false},
		"too large a tree":     {errors.New("No space left on device"), false},
		"an image without sh":  {errors.New("review-pdfmaker was not found"), false},
		"a registry that errs": {cerrdefs.ErrInternal, true},
	} {
		var err error
		if c.err != nil {
			err = errors.Join(errors.New("another variant"), &fault.Environment{Err: fmt.Errorf("at work: %w", c.err)})
		}
		if got := mendsItself(err); got != c.want {
			t.Errorf("%s: tried again is %t", name, got)
		}
	}
	if mendsItself(fmt.Errorf("the book's: %w", syscall.ENOSPC)) {
		t.Error("an error that is not the environment's is tried again")
	}
}

func TestPausesGrowUntilSomethingIsEdited(t *testing.T) {
	away := &fault.Environment{Err: noDocker(t)}
	again := watch.Change{Reason: againReason}
	edit := watch.Change{Edits: []watch.Edit{{Path: "/ch01.re", Kind: watch.Changed}}}
	var r retry
	var got []time.Duration
	for _, c := range []watch.Change{edit, again, again, again, again, again, again, again, edit, again} {
		got = append(got, r.after(c, away, false)/time.Second)
	}
	if want := []time.Duration{5, 10, 20, 40, 80, 160, 300, 300, 5, 10}; !slices.Equal(got, want) {
		t.Errorf("pauses in seconds %v, want %v", got, want)
	}
	if p := r.after(again, errors.New("the book is wrong"), false); p != 0 {
		t.Errorf("a wrong book is tried again after %v", p)
	}
	if p := r.after(again, away, false); p != firstPause {
		t.Errorf("the next time begins with %v", p)
	}
}
