package workshop

import (
	"context"
	"strings"
	"time"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/settings"
)

// A fingerprint holds the image's name, and the name may stand for another image by
// now. So the engine is asked which one, if it answers at once: a daemon on this
// machine takes 5 ms.
const atOnce = 80 * time.Millisecond

// current says whether the makers of an earlier build are those of today.
func (e *Engines) current(ctx context.Context, earlier build.Makers) build.Currency {
	choice := e.project.Settings.Engine
	onHost := func() build.Currency {
		_, now, err := e.host()
		if err == nil && now == earlier {
			return build.Same
		}
		return build.Changed
	}
	if choice == settings.EngineHost {
		return onHost()
	}
	if choice == settings.EngineFargate {
		image, err := e.project.TaskImage()
		if err != nil || !strings.HasPrefix(earlier.Ref, settings.EngineFargate+" ") || earlier.ID != image {
			return build.Changed
		}
		return build.Same // a digest means the same for ever
	}
	ctx, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	d, err := daemon.Connect(ctx, e.world.Getenv)
	if err != nil {
		if earlier.Ref == settings.EngineHost {
			return onHost()
		}
		return build.Unknown
	}
	defer d.Close()
	if earlier.Ref == settings.EngineHost {
		return build.Changed // Docker comes first, and there is one now
	}
	found, ok, err := docker.FindImage(ctx, d, earlier.Ref)
	switch {
	case err != nil:
		return build.Unknown
	case ok && found.ID != earlier.ID:
		return build.Changed
	}
	// An image that is not there now says nothing against what it made.
	return build.Same
}
