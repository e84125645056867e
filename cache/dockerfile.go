package cache

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
)

// maxDockerfile bounds what is read of one, bytes.
const maxDockerfile = 1 << 20

func (o BuildOptions) dockerfile() string {
	if o.Dockerfile == "" {
		return "Dockerfile"
	}
	return o.Dockerfile
}

// open opens a file of the context, which came with the book.
func (o BuildOptions) open(name string) (*os.File, error) {
	return fsx.OpenBelow(o.Context, filepath.Join(o.Context, filepath.FromSlash(name)))
}

// instruction is one of a Dockerfile's. Behind an ONBUILD it counts as if it stood
// alone.
type instruction struct {
	name  string   // in capitals
	words []string // behind the name
	line  int      // that it begins in, counted from 1
	below []string // the lines after it
}

// readDockerfile reads the instructions of a context's Dockerfile.
func readDockerfile(opts BuildOptions) ([]instruction, error) {
	f, err := opts.open(opts.dockerfile())
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxDockerfile))
	if err != nil {
		return nil, err
	}
	return parseDockerfile(string(text)), nil
}

// directive is a line at the beginning of a Dockerfile that says how to read it.
var directive = regexp.MustCompile(`^#[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(\S+)`)

// parseDockerfile takes a Dockerfile apart as the classic builder does: an
// instruction goes on in the next line behind a \, or what the file names for it, and what lies between its lines
// as a comment or a blank one is no part of it.
func parseDockerfile(text string) []instruction {
	var list []instruction
	lines := strings.Split(text, "\n")
	escape := `\`
	for _, line := range lines {
		m := directive.FindStringSubmatch(line)
		if m == nil {
			break
		}
		if strings.EqualFold(m[1], "escape") {
			escape = m[2]
		}
	}
	for i := 0; i < len(lines); i++ {
		begin := i
		if isComment(lines[i]) {
			continue
		}
		whole, goesOn := continued(lines[i], escape)
		for goesOn && i+1 < len(lines) {
			i++
			if strings.TrimSpace(lines[i]) == "" || isComment(lines[i]) {
				continue
			}
			var more string
			more, goesOn = continued(lines[i], escape)
			whole += more
		}
		words := strings.Fields(whole)
		if len(words) > 0 && strings.EqualFold(words[0], "ONBUILD") {
			words = words[1:]
		}
		if len(words) > 0 {
			list = append(list, instruction{strings.ToUpper(words[0]), words[1:], begin + 1, lines[i+1:]})
		}
	}
	return list
}

// continued reports whether a line goes on in the next, and takes off the sign that
// says so. Two of them are a plain one.
func continued(line, escape string) (text string, goesOn bool) {
	line = strings.TrimRight(line, " \t\r")
	text, goesOn = strings.CutSuffix(line, escape)
	if strings.HasSuffix(text, escape) {
		return line, false
	}
	return text, goesOn
}

func isComment(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "#") }

// copiesFiles reports whether instructions may take files from the context.
func copiesFiles(list []instruction) bool {
	fromStage := func(flag string) bool { return strings.HasPrefix(flag, "--from=") }
	mounts := func(flag string) bool { return strings.HasPrefix(flag, "--mount") }
	return slices.ContainsFunc(list, func(in instruction) bool {
		switch in.name {
		case "COPY", "ADD":
			return !slices.ContainsFunc(in.words, fromStage)
		case "RUN":
			return slices.ContainsFunc(in.words, mounts)
		}
		return false
	})
}
