package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/internal/fault"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/jsonmessage"
)

// ImageAPI is the part of the Engine API that getting an image needs.
type ImageAPI interface {
	ImageInspect(ctx context.Context, ref string, opts ...client.ImageInspectOption) (image.InspectResponse, error)
	ImagePull(ctx context.Context, ref string, opts image.PullOptions) (io.ReadCloser, error)
}

// FindImage looks for ref among the daemon's images. The answer is false when
// it is not there.
func FindImage(ctx context.Context, api ImageAPI, ref string) (image.InspectResponse, bool, error) {
	found, err := api.ImageInspect(ctx, ref)
	switch {
	case errdefs.IsNotFound(err):
		return image.InspectResponse{}, false, nil
	case errdefs.IsInvalidArgument(err):
		return image.InspectResponse{}, false, fault.Environmentf("an image is named like vvakame/review:5.9", "%q is no image reference: %w", ref, err)
	case err != nil:
		return image.InspectResponse{}, false, dockerError(ctx, "looking for image "+ref, err)
	}
	return found, true, nil
}

// PullImage pulls ref and returns it. auth is the encoded credentials of its
// registry, "" for none; progress is told of the bytes.
func PullImage(ctx context.Context, api ImageAPI, ref, platform, auth string, progress func(event.Event)) (image.InspectResponse, error) {
	body, err := api.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth, Platform: platform})
	if err != nil {
		return image.InspectResponse{}, pullError(ctx, ref, err)
	}
	defer body.Close()
	if err := readPull(body, ref, progress); err != nil {
		return image.InspectResponse{}, pullError(ctx, ref, err)
	}
	found, ok, err := FindImage(ctx, api, ref)
	if err == nil && !ok {
		err = fault.Environmentf("run `bookci doctor`", "image %s is not there although it was pulled", ref)
	}
	return found, err
}

// readPull reads the daemon's messages about a pull to their end. The status is 200
// even where the pull fails: the failure is one of the messages.
func readPull(body io.Reader, ref string, progress func(event.Event)) error {
	type layer struct{ now, total int64 }
	layers := map[string]layer{}
	dec := json.NewDecoder(body)
	for {
		var msg jsonmessage.JSONMessage
		err := dec.Decode(&msg)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the daemon's answer: %w", err)
		}
		if msg.Error != nil {
			return msg.Error
		}
		if msg.Progress == nil || msg.Status != "Downloading" || msg.Progress.Total <= 0 {
			continue
		}
		layers[msg.ID] = layer{msg.Progress.Current, msg.Progress.Total}
		var now, total int64
		for _, l := range layers {
			now, total = now+l.now, total+l.total
		}
		progress(event.Event{Kind: event.Transfer, Text: "pulling " + ref, N: now, Total: total})
	}
}

// Unreachable says that a registry did not answer as registries do: there is no
// network, or none that leads there.
type Unreachable struct{ error }

func (u *Unreachable) Unwrap() error { return u.error }

func pullError(ctx context.Context, ref string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	trouble := TroubleOf(err)
	switch trouble {
	case NoAnswer, NoName, NotTrusted:
		err = &Unreachable{err}
	}
	return fault.Environmentf(trouble.Hint(), "pulling %s: %w", ref, err)
}
