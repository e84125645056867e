package cache

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The classic builder, which every engine has, does not know all that BuildKit
// does. Its own words for that ("unknown instruction: APT-GET") do not say what
// is meant. So the line is looked for when a build has failed.

// onlyBuildKit returns the first instruction of a Dockerfile that the classic
// builder does not know: its line, and what it is in words. The line is 0 when
// there is none.
func onlyBuildKit(opts BuildOptions) (line int, what string) {
	list, err := readDockerfile(opts)
	if err != nil {
		return 0, ""
	}
	for _, in := range list {
		if what := beyondClassic(in); what != "" {
			return in.line, what
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

// beyondClassic names what an instruction has that only BuildKit knows, "" where
// there is nothing.
func beyondClassic(in instruction) string {
	flags, known := buildKitFlags[in.name]
	if !known {
		return ""
	}
	for _, w := range in.words {
		flag, ok := strings.CutPrefix(w, "--")
		if !ok {
			break
		}
		if flag, _, _ = strings.Cut(flag, "="); slices.Contains(flags, flag) {
			return in.name + " --" + flag
		}
	}
	for _, m := range heredoc.FindAllStringSubmatch(strings.Join(in.words, " "), -1) {
		for _, l := range in.below { // else it is an operator of the shell, as in $((1<<N))
			if strings.TrimSpace(l) == m[1] {
				return fmt.Sprintf("a here-document (%s <<%s)", in.name, m[1])
			}
		}
	}
	return ""
}
