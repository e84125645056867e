package fargate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bookci/bookci/objects"
)

// look gives the caller the output of a running command so far. Errors do no harm:
// the answer will hold all of the output.
func (s *session) look(ctx context.Context, n int, live *progress) {
	const max = 3 << 20
	data, _, err := objects.ReadAll(ctx, s.store, liveName(n), max)
	if err != nil {
		return
	}
	r := bufio.NewReader(bytes.NewReader(data))
	head, err := readHead(r, n, 1)
	if err != nil {
		return
	}
	out := io.LimitReader(r, head[0])
	_ = live.stdoutRest(out, -1)
	if _, err := io.Copy(io.Discard, out); err != nil {
		return
	}
	_ = live.stderrRest(io.LimitReader(r, head[1]), -1)
}

// progress gives output to its writers once, though it comes in growing pieces.
type progress struct {
	stdout, stderr       io.Writer
	stdoutGot, stderrGot int64
}

func (p *progress) stdoutRest(r io.Reader, length int64) error {
	return rest(p.stdout, r, length, &p.stdoutGot)
}

func (p *progress) stderrRest(r io.Reader, length int64) error {
	return rest(p.stderr, r, length, &p.stderrGot)
}

// rest writes what of r's length bytes (-1: all) is not written yet.
func rest(w io.Writer, r io.Reader, length int64, got *int64) error {
	skip := *got
	if length >= 0 {
		skip = min(skip, length)
	}
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		if length < 0 && err == io.EOF {
			return nil // an older piece
		}
		return err
	}
	var n int64
	var err error
	if length < 0 {
		n, err = io.Copy(w, r)
	} else {
		n, err = io.CopyN(w, r, length-skip)
	}
	*got += n
	return err
}

// readHead reads the line "bookci N A B ..." with more+1 numbers after N.
func readHead(r *bufio.Reader, n, more int) ([]int64, error) {
	const longest = 200
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) > longest {
		return nil, errors.New("it does not begin as an answer does")
	}
	var number int64
	numbers := make([]int64, more+1)
	words := strings.Fields(string(line))
	if len(words) != more+3 || words[0] != "bookci" {
		return nil, errors.New("it does not begin as an answer does")
	}
	for i, w := range words[1:] {
		var v int64
		if _, err := fmt.Sscanf(w, "%d", &v); err != nil || v < 0 {
			return nil, errors.New("it does not begin as an answer does")
		}
		if i == 0 {
			number = v
		} else {
			numbers[i-1] = v
		}
	}
	if number != int64(n) {
		return nil, fmt.Errorf("it is that of command %d, not %d", number, n)
	}
	return numbers, nil
}
