package fargate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/objects"
)

// step is a part of a command: shell text that ends with status 0, or ends the command.
type step struct {
	op    string // for an error's text
	text  string
	input string             // the object that it reads from in-K, "" for none
	at    func() *objects.S3 // the store that input lies in
}

func (s *session) queue(st step) { s.steps = append(s.steps, st) }

// shell is a script of bookci's own with its arguments.
func shell(script string, args ...string) string {
	words := []string{"/bin/sh", "-c", quote(script), "bookci"}
	for _, a := range args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// maxPlain bounds what a command says, and maxTree what is taken out of a task:
// S3 takes no more in one piece.
const (
	maxPlain = 1 << 30
	maxTree  = 5 << 30
)

// lay puts the queued steps and last on the desk as one command. The queue stays
// until the answer is there.
func (s *session) lay(ctx context.Context, last *step) (int, error) {
	steps := s.steps
	watch, bound := false, int64(0)
	if last != nil {
		steps = append(slices.Clip(steps), *last)
		if last.op == running {
			watch, bound = true, maxPlain
		}
	}
	return s.desk.lay(ctx, func(ctx context.Context) (string, error) { return s.message(ctx, steps) }, watch, bound)
}

// message is the steps as the body of a shell function. Addresses are signed anew
// each time.
func (s *session) message(ctx context.Context, steps []step) (string, error) {
	var b strings.Builder
	for _, env := range s.env {
		if err := export(&b, env); err != nil {
			return "", err
		}
	}
	for i, st := range steps {
		fmt.Fprintf(&b, "echo %d >/bookci/agent/at\ncd /\n", i)
		if st.input != "" {
			url, err := st.at().GetURL(ctx, st.input, s.desk.life)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "input /bookci/agent/in-%d %s || exit\n", i, quote(url))
		}
		b.WriteString(st.text)
		if st.input != "" {
			fmt.Fprintf(&b, " </bookci/agent/in-%d", i)
		}
		b.WriteString(" || exit\n")
	}
	return b.String(), nil
}

func export(b *strings.Builder, env string) error {
	name, value, ok := strings.Cut(env, "=")
	if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") != "" || name[0] >= '0' && name[0] <= '9' {
		return fmt.Errorf("%q is no name that a shell knows for a variable", name)
	}
	fmt.Fprintf(b, "export %s=%s\n", name, quote(value))
	return nil
}

// do sends the queued steps and last, and waits for the answer. It returns the
// status of last; what went wrong in an earlier step is an error.
func (s *session) do(ctx context.Context, last step, stdout, stderr io.Writer) (int, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	n, err := s.lay(ctx, &last)
	if err != nil {
		return 0, s.e.fault(ctx, "writing to the bucket", err)
	}
	return s.answer(ctx, n, stdout, stderr)
}

// inputStatus is the status where the task could not read a step's input.
const inputStatus = 98

func (s *session) failed(f *engine.ScriptError) error {
	switch {
	case f.Status == inputStatus:
		return faultf("can the task reach the bucket? run `bookci fargate doctor`", "%w", f)
	case f.Status == 127:
		return faultf(engine.NoProgramsHint, "%w", f)
	case strings.Contains(f.Stderr, "No space left"):
		return faultf("raise fargate.storage", "%w", f)
	}
	return f
}
