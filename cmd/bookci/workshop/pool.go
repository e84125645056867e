package workshop

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/bookci/bookci/build/engine/fargate"
)

// taskPool holds the engines of tasks that several projects share: one asks after
// all tasks at once, and sends what is the same once.
type taskPool struct {
	mu      sync.Mutex
	engines map[string]*fargate.Engine
}

// get is the engine for these settings, connected.
func (tp *taskPool) get(ctx context.Context, t *fargate.Engine) (*fargate.Engine, error) {
	text, err := json.Marshal([]any{t.Place, t.Size, t.Image, t.Mount, t.Patience})
	if err != nil {
		return nil, err
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if have := tp.engines[string(text)]; have != nil {
		return have, nil
	}
	if err := t.Connect(ctx); err != nil {
		return nil, err
	}
	if tp.engines == nil {
		tp.engines = map[string]*fargate.Engine{}
	}
	tp.engines[string(text)] = t
	return t, nil
}

func (tp *taskPool) close(say func(string)) {
	for _, t := range tp.engines {
		if err := t.Close(); err != nil {
			say("bookci: " + err.Error())
		}
	}
}
