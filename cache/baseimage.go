package cache

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// BaseImages returns the images that a Dockerfile builds upon, in order and
// each once. They are what a lock pins of an image of the book's own: the rest
// is in the context, whose hash is the image's tag.
func BaseImages(opts BuildOptions) ([]string, error) {
	list, err := readDockerfile(opts)
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	refs, err := baseImages(list, opts.Args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opts.dockerfile(), err)
	}
	return refs, nil
}

func baseImages(list []instruction, args map[string]string) ([]string, error) {
	values := map[string]string{}
	stages := map[string]bool{"scratch": true}
	var refs []string
	froms := 0
	for _, in := range list {
		switch {
		case in.name == "ARG" && froms == 0: // later ones do not reach a FROM
			for _, word := range in.words {
				name, value, _ := strings.Cut(word, "=")
				value = expand(strings.Trim(value, `"'`), values)
				if given, ok := args[name]; ok {
					value = given
				}
				values[name] = value
			}
		case in.name == "FROM":
			froms++
			words := slices.DeleteFunc(slices.Clone(in.words), func(w string) bool { return strings.HasPrefix(w, "--") })
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
	if froms == 0 {
		return nil, errors.New("there is no FROM")
	}
	return refs, nil
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
