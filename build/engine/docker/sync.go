package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/go-units"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/inside"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
)

// How the sources come into a container: from the mount, or through the API.

// Sync implements Session.
func (s *session) Sync(ctx context.Context, files []source.File) error {
	if err := s.fits(files); err != nil {
		return err
	}
	if s.transport == Bind {
		err := s.copyMounted(ctx, files)
		var failed *engine.ScriptError
		if errors.As(err, &failed) && strings.Contains(failed.Stderr, "as we read it") {
			// The author saved a file at that moment.
			err = s.copyMounted(ctx, files)
		}
		if err == nil || !errors.As(err, &failed) {
			return err
		}
		if err = source.OrChanged(err, s.root, files); errors.Is(err, source.ErrChanged) {
			return err
		}
		// The container's user may lack the right to read a file that the invoking
		// user may read: it is root without capabilities, or a user of the engine's.
		s.note("reading the mounted folder failed (%s), sending the files instead", failed.FirstLine())
		s.transport = Copy
		if err := s.fits(files); err != nil {
			return err
		}
	}
	if err := s.send(ctx, files); err != nil {
		return source.OrChanged(err, s.root, files)
	}
	// The folder itself is left out: its times are not the user's to set.
	return s.shell(ctx, "filling the work tree", inside.EmptyFirst+`cd "$2" && find . -mindepth 1 -maxdepth 1 -print0 |`+copyNames,
		[]string{s.paths.Work, ownDir + "/tree", ownDir + "/run/unread"}, nil, nil)
}

// fits refuses sources that the container's memory cannot hold. Files that are
// sent are held twice: as they came and in the work tree.
func (s *session) fits(files []source.File) error {
	if s.memory <= 0 {
		return nil
	}
	var need int64
	var largest source.File
	for _, f := range files {
		need += f.Size
		if f.Size > largest.Size {
			largest = f
		}
	}
	if s.transport == Copy {
		need *= 2
	}
	const copying = 32 << 20 // memory of the processes that copy
	if need+copying < s.memory {
		return nil
	}
	return fault.Environmentf(
		fmt.Sprintf("leave out what the book does not use, as with `exclude: [%s]` in bookci.yml (that file has %s), or raise limits.memory there", largest.Path, units.HumanSize(float64(largest.Size))),
		"the sources take %s of memory and limits.memory is %s", units.HumanSize(float64(need)), units.HumanSize(float64(s.memory)))
}

// copyNames copies the files that standard input names from this folder to $1.
// Names end in NUL and begin with "./": any name is safe with GNU tar and busybox's.
// A pipeline's status is that of its last command, so the file $3 tells when the
// first could not read something. The files become the user's own (-o): root
// without capabilities cannot give them away.
const copyNames = ` unread=$3 more=$4 xargs -0 -r sh -c '
rm -f "$unread"
{ tar -cf - $more -- "$@" || : >"$unread"; } | tar -xof - -C "$0" && [ ! -e "$unread" ]' "$1"`

// copyMounted fills the work tree from the mount. The copies are writable even
// where the checkout is not: makers write there.
func (s *session) copyMounted(ctx context.Context, files []source.File) error {
	script := inside.EmptyFirst + `cd "$2" &&` + copyNames + ` && cd "$1" &&
find . -mindepth 1 ! -type l ! -perm -600 -exec chmod u+rwX {} +`
	pr, pw := io.Pipe()
	go func() {
		for _, f := range files {
			if _, err := io.WriteString(pw, "./"+f.Path+"\x00"); err != nil {
				return
			}
		}
		pw.Close()
	}()
	defer pr.Close()
	return s.shell(ctx, "filling the work tree", script,
		[]string{s.paths.Work, sourceDir, ownDir + "/run/unread", "--no-recursion"}, pr, nil)
}

// send brings the container's copy of the sources up to date: what changed
// goes as tar, what vanished goes first, by name.
func (s *session) send(ctx context.Context, files []source.File) error {
	tree := ownDir + "/tree"
	if s.sent == nil {
		if err := s.shell(ctx, "emptying the container's copy", inside.EmptyFirst, []string{tree}, nil, nil); err != nil {
			return err
		}
	}
	now, changed, stale := source.Difference(s.sent, files)
	if len(stale) > 0 {
		err := s.shell(ctx, "removing files from the container", `cd "$1" && xargs -0 rm -rf --`, []string{tree},
			strings.NewReader("./"+strings.Join(stale, "\x00./")+"\x00"), nil)
		if err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		pr, pw := io.Pipe()
		readErr := make(chan error, 1)
		go func() {
			err := source.WriteTree(pw, s.root, changed)
			pw.CloseWithError(err)
			readErr <- err
		}()
		err := s.shell(ctx, "sending the sources", `cd "$1" && exec tar -xf -`, []string{tree}, pr, nil)
		pr.Close()
		// A file that could not be read here explains more than tar's error there.
		if rerr := <-readErr; rerr != nil && !errors.Is(rerr, io.ErrClosedPipe) {
			err = rerr
		}
		if err != nil {
			s.sent = nil // unknown: send all the next time
			return err
		}
	}
	s.sent = now
	return nil
}
