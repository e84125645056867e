package fargate

import (
	"context"
	"io"
	"slices"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/source"
)

// prepare queues what a task has before its first command.
func (s *session) prepare(ctx context.Context, opts engine.SessionOptions) error {
	own, err := s.e.share(ctx, "own", func(w io.Writer) error { return inside.WriteOwn(w, nil, nil) })
	if err != nil {
		return s.e.fault(ctx, "sending bookci's own programs", err)
	}
	s.unpack(own, ownDir, "mkdir -p home run state texmf-var tree && ", "preparing the task")
	if len(opts.Seeds) > 0 {
		if err := s.seed(ctx, opts.Seeds); err != nil {
			return s.e.fault(ctx, "sending what the last build learnt", err)
		}
	}
	s.queue(step{op: "preparing the task", text: shell(`cd "$1" && touch run/opened && { [ -z "$2" ] || bin/bookci-ready "$2" </dev/null >/dev/null 2>&1 & }`, ownDir, opts.Maker)})
	return nil
}

// killAll ends every process of the task but the agent. It must run in the agent's
// own shell: kill spares the shell that calls it, but not that shell's parent.
const killAll = `kill -KILL -1 2>/dev/null; sleep 0.1; kill -KILL -1 2>/dev/null; true`

// emptyAll empties the task's volumes $2 ..., and $1 but for the agent's folder.
// The image's own files are read-only.
const emptyAll = inside.Emptied + `own=$1
for dir; do emptied "$dir" "$own/agent" || exit 1; done`

var _ engine.Renewer = (*session)(nil)

// Renew implements engine.Renewer: machine and image stay, and nothing else.
func (s *session) Renew(ctx context.Context, opts engine.SessionOptions) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.next()
	if opts.Note == nil {
		opts.Note = func(string, ...any) {}
	}
	s.root, s.note, s.steps, s.sent = opts.Root, opts.Note, nil, map[string]source.File{}
	s.env = slices.Concat(inside.Env(s.paths), opts.Env)
	s.queue(step{op: "clearing the task", text: killAll})
	s.queue(step{op: "clearing the task", text: shell(emptyAll, ownDir, s.paths.Work, "/tmp")})
	return s.prepare(ctx, opts)
}
