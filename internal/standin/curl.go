package standin

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// errNoCurl: busybox has no program that can upload, so the image borrows curl.
var errNoCurl = errors.New("no curl on this machine (Debian: apt-get install curl)")

// libraries finds the files that ldd names, the loader among them.
var libraries = regexp.MustCompile(`(?m)(?:=> |^\s*)(/\S+) \(0x`)

// BuildWithCurl is Build for a task far away, which fetches its work by itself:
// this machine's curl and the libraries that it needs are in it too.
func BuildWithCurl(ctx context.Context, api API) (ref string, err error) {
	program, err := exec.LookPath("curl")
	if err != nil {
		return "", errNoCurl
	}
	more := map[string]string{"usr/local/bin/curl": program}
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return "", fmt.Errorf("asking for the libraries of %s: %w", program, err)
	}
	for _, found := range libraries.FindAllStringSubmatch(string(out), -1) {
		more[strings.TrimPrefix(found[1], "/")] = found[1]
	}
	return buildWith(ctx, api, "5.9-curl-", more)
}
