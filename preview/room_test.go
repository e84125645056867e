package preview

import (
	"bufio"
	"context"
	"errors"
	"testing"
	"time"
)

// A request may come while the preview is closed, which waits for all programs.
func TestNoProgramBeginsWhenThePreviewIsClosed(t *testing.T) {
	r := &rooms{ctx: t.Context(), now: time.Now, open: func(context.Context) (Room, error) { return newFakeRoom(t, t.TempDir()), nil }}
	h := &helper{rooms: r, limit: time.Minute, make: func(own string) Program {
		if err := r.close(); err != nil {
			t.Error(err)
		}
		return Program{Argv: []string{"/bin/sh", own + "/bin/bookci-pages"}}
	}}
	err := h.ask([]byte("page x 1 1\n"), func(in *bufio.Reader) error { _, err := readAnswer(in); return err })
	if !errors.Is(err, errClosed) {
		t.Errorf("asking ended with %v", err)
	}
}
