package fargate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/source"
)

// fill makes the work tree $1 a copy of $2. Names end in NUL and begin with "./":
// any name is safe. The folder itself is left out: its times are not ours to set.
const fill = inside.EmptyFirst + `cd "$2" && find . -mindepth 1 -maxdepth 1 -print0 | xargs -0 -r sh -c 'tar -cf - -- "$@" | tar -xof - -C "$0"' "$1"`

// Sync implements engine.Session. The sources go up at once, and are unpacked
// with the next command.
func (s *session) Sync(ctx context.Context, files []source.File) error {
	if err := s.send(ctx, files); err != nil {
		return source.OrChanged(err, s.root, files)
	}
	s.queue(step{op: "filling the work tree", text: shell(fill, s.paths.Work, ownDir+"/tree")})
	return nil
}

// send queues the steps that bring the task's copy of the sources up to date: they
// remove what vanished, then unpack what changed.
func (s *session) send(ctx context.Context, files []source.File) error {
	tree := ownDir + "/tree"
	if s.sent == nil {
		s.queue(step{op: "emptying the task's copy", text: shell(inside.EmptyFirst, tree)})
	}
	now, changed, stale := source.Difference(s.sent, files)
	if len(stale) > 0 {
		slices.Sort(stale)
		name, err := s.putPlain(ctx, strings.NewReader("./"+strings.Join(stale, "\x00./")+"\x00"))
		if err != nil {
			return s.e.fault(ctx, "sending to the task", err)
		}
		s.queue(step{op: "removing files from the task", input: name, at: s.own, text: shell(`cd "$1" && xargs -0 rm -rf --`, tree)})
	}
	if len(changed) > 0 {
		if err := s.sendChanged(ctx, tree, changed, len(s.sent) == 0); err != nil {
			s.sent = nil // unknown: send all the next time
			return err
		}
	}
	s.sent = now
	return nil
}

// sendChanged uploads sources. When all of the root is sent, files outside the
// book's folder go apart: sessions of other books send the same ones, and they go
// up once for all.
func (s *session) sendChanged(ctx context.Context, tree string, changed []source.File, all bool) error {
	if !all {
		return s.sendPart(ctx, tree, changed, false)
	}
	var own, common []source.File
	for _, f := range changed {
		if s.dir == "" || s.dir == "." || strings.HasPrefix(f.Path, s.dir+"/") {
			own = append(own, f)
		} else {
			common = append(common, f)
		}
	}
	for _, part := range [][]source.File{common, own} {
		if len(part) == 0 {
			continue
		}
		if err := s.sendPart(ctx, tree, part, true); err != nil {
			return err
		}
	}
	return nil
}

// sendPart uploads files, for the sessions of other books as well where shared.
func (s *session) sendPart(ctx context.Context, tree string, files []source.File, shared bool) error {
	var unread error
	write := func(w io.Writer) error {
		unread = source.WriteTree(w, s.root, files)
		return unread
	}
	name, at := "", s.own
	var err error
	if shared {
		at = s.e.folder
		sum := sha256.Sum256([]byte(fmt.Sprint(s.root, files)))
		name, err = s.e.share(ctx, hex.EncodeToString(sum[:]), write)
	} else {
		name, err = s.putInput(ctx, write)
	}
	switch {
	case unread != nil:
		return unread
	case err != nil:
		return s.e.fault(ctx, "sending the sources", err)
	}
	s.queue(step{op: "sending the sources", input: name, at: at, text: shell(`cd "$1" && exec tar -xzf -`, tree)})
	return nil
}
