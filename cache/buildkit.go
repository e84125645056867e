package cache

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// The classic builder, which every engine has, does not know all that BuildKit
// does. Its own words for that ("unknown instruction: APT-GET") do not say what
// is meant, so that the line is looked for when a build has failed.

// onlyBuildKit returns the first instruction of a Dockerfile that the classic
// builder does not know: its line, and what it is in words. The line is 0 when
// there is none.
func onlyBuildKit(opts BuildOptions) (line int, what string) {
	f, err := opts.open(opts.dockerfile())
	if err != nil {
		return 0, ""
	}
	defer f.Close() // only read
	var lines []string
	sc := bufio.NewScanner(io.LimitReader(f, maxDockerfile))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		lines = append(lines, sc.Text())
	}
	for i := 0; i < len(lines); i++ {
		first := i
		instruction := lines[i]
		for strings.HasSuffix(strings.TrimRight(instruction, " \t\r"), `\`) && i+1 < len(lines) {
			i++
			instruction = strings.TrimSuffix(strings.TrimRight(instruction, " \t\r"), `\`) + " " + lines[i]
		}
		words := strings.Fields(instruction)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if strings.EqualFold(words[0], "ONBUILD") {
			words = words[1:]
		}
		if what := beyondClassic(words, lines[i+1:]); what != "" {
			return first + 1, what
		}
	}
	return 0, ""
}

// buildKitFlags are those of instructions that only BuildKit knows.
var buildKitFlags = map[string][]string{
	"RUN":  {"mount", "network", "security", "device"},
	"COPY": {"link", "chmod", "parents", "exclude"},
	"ADD":  {"link", "chmod", "checksum", "keep-git-dir", "exclude", "unpack"},
}

// heredoc is the beginning of one; "<<<" is not.
var heredoc = regexp.MustCompile(`(?:^|[^<])<<-?["']?([A-Za-z_]\w*)`)

// beyondClassic names what the words of an instruction have that only BuildKit
// knows. below are the lines that follow it.
func beyondClassic(words, below []string) string {
	if len(words) == 0 {
		return ""
	}
	name := strings.ToUpper(words[0])
	flags, known := buildKitFlags[name]
	if !known {
		return ""
	}
	for _, w := range words[1:] {
		flag, ok := strings.CutPrefix(w, "--")
		if !ok {
			break
		}
		flag, _, _ = strings.Cut(flag, "=")
		for _, f := range flags {
			if flag == f {
				return name + " --" + f
			}
		}
	}
	for _, m := range heredoc.FindAllStringSubmatch(strings.Join(words[1:], " "), -1) {
		for _, l := range below { // else it is an operator of the shell, as in $((1<<N))
			if strings.TrimSpace(l) == m[1] {
				return fmt.Sprintf("a here-document (%s <<%s)", name, m[1])
			}
		}
	}
	return ""
}
