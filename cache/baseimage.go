package cache

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
)

// BaseImages returns the images that a Dockerfile builds upon, in order and
// each once. They are what a lock pins of an image of the book's own: the rest
// is in the context, whose hash is the image's tag.
func BaseImages(opts BuildOptions) ([]string, error) {
	f, err := opts.open(opts.dockerfile())
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	defer f.Close() // only read
	refs, err := baseImages(io.LimitReader(f, maxDockerfile), opts.Args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opts.dockerfile(), err)
	}
	return refs, nil
}

// maxDockerfile bounds what is read of one, bytes.
const maxDockerfile = 1 << 20

// open opens a file of the context, which came with the book.
func (o BuildOptions) open(name string) (*os.File, error) {
	return fsx.OpenBelow(o.Context, filepath.Join(o.Context, filepath.FromSlash(name)))
}

func baseImages(r io.Reader, args map[string]string) ([]string, error) {
	values := map[string]string{}
	stages := map[string]bool{"scratch": true}
	var refs []string
	froms := 0
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch strings.ToUpper(words[0]) {
		case "ARG":
			if froms == 0 { // later ones do not reach a FROM
				name, value, _ := strings.Cut(words[1], "=")
				if given, ok := args[name]; ok {
					value = given
				}
				values[name] = strings.Trim(value, `"'`)
			}
		case "FROM":
			froms++
			words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
			if len(words) == 0 {
				return nil, errors.New("a FROM names no image")
			}
			name := expand(words[0], values)
			if !stages[strings.ToLower(name)] {
				ref, err := normalize(name)
				if err != nil {
					return nil, err
				}
				if !slices.Contains(refs, ref) {
					refs = append(refs, ref)
				}
			}
			if len(words) == 3 && strings.EqualFold(words[1], "as") {
				stages[strings.ToLower(words[2])] = true
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if froms == 0 {
		return nil, errors.New("there is no FROM")
	}
	return refs, nil
}

// copiesFiles reports whether a Dockerfile may take files from its context. It
// says so too where it cannot tell.
func copiesFiles(opts BuildOptions) (bool, error) {
	f, err := opts.open(opts.dockerfile())
	if err != nil {
		return false, err
	}
	defer f.Close() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxDockerfile))
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) > 0 && strings.EqualFold(words[0], "ONBUILD") {
			words = words[1:]
		}
		if len(words) < 2 {
			continue
		}
		fromStage := func(flag string) bool { return strings.HasPrefix(flag, "--from=") }
		mounts := func(flag string) bool { return strings.HasPrefix(flag, "--mount") }
		switch strings.ToUpper(words[0]) {
		case "COPY", "ADD":
			if !slices.ContainsFunc(words[1:], fromStage) {
				return true, nil
			}
		case "RUN":
			if slices.ContainsFunc(words[1:], mounts) {
				return true, nil
			}
		}
	}
	return false, nil
}

// expand replaces $NAME, ${NAME} and ${NAME:-default} by build arguments.
func expand(text string, values map[string]string) string {
	return os.Expand(text, func(name string) string {
		name, fallback, _ := strings.Cut(name, ":-")
		if v := values[name]; v != "" {
			return v
		}
		return fallback
	})
}
