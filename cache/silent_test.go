package cache

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// silentDaemon fails where Docker would gather an image.
type silentDaemon struct {
	Daemon
	told *[]Progress
	had  int // how much had been told by then
}

func (d *silentDaemon) ImageSave(context.Context, []string, ...client.ImageSaveOption) (io.ReadCloser, error) {
	d.had = len(*d.told)
	return nil, errors.New("no")
}

func TestASaveSaysThatItHasBegunBeforeDockerSendsAByte(t *testing.T) {
	var told []Progress
	d := &silentDaemon{told: &told}
	s := &Store{Dir: t.TempDir(), Daemon: d, Progress: func(p Progress) { told = append(told, p) }}
	if _, err := s.save(t.Context(), "a:b", image.InspectResponse{Size: 7}); err == nil {
		t.Fatal("saved without Docker")
	}
	if d.had != 1 || told[0] != (Progress{Step: "saving", Ref: "a:b", Total: 7}) {
		t.Errorf("Docker was asked after %v", told)
	}
}
