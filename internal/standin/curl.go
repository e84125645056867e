package standin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// errNoCurl: busybox has no program that can upload, so the image borrows curl.
var errNoCurl = errors.New("no curl on this machine (`go run ./internal/tests` fetches it)")

// libraries finds the files that ldd names, the loader among them.
var libraries = regexp.MustCompile(`(?m)(?:=> |^\s*)(/\S+) \(0x`)

// BuildWithCurl is Build for a task far away, which fetches its work by itself:
// this machine's curl and the libraries that it needs are in it too. Where
// BOOKCI_TEST_DEBIAN names a folder of unpacked packages with curl, it is that one.
func BuildWithCurl(ctx context.Context, api API) (ref string, err error) {
	program, err := exec.LookPath("curl")
	if err != nil {
		return "", errNoCurl
	}
	ldd := exec.CommandContext(ctx, "ldd")
	unpacked := os.Getenv("BOOKCI_TEST_DEBIAN")
	if own := filepath.Join(unpacked, "usr/bin/curl"); unpacked != "" {
		if _, err := os.Stat(own); err == nil {
			folders, _ := filepath.Glob(filepath.Join(unpacked, "usr/lib/*-linux-gnu*")) // the pattern is sound
			program, ldd.Env = own, append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(folders, ":"))
		}
	}
	more := map[string]string{"usr/local/bin/curl": program}
	ldd.Args = append(ldd.Args, program)
	out, err := ldd.Output()
	if err != nil {
		return "", fmt.Errorf("asking for the libraries of %s: %w", program, err)
	}
	for _, found := range libraries.FindAllStringSubmatch(string(out), -1) {
		place := found[1]
		if unpacked != "" {
			place = strings.TrimPrefix(place, unpacked)
		}
		more[strings.TrimPrefix(place, "/")] = found[1]
	}
	return buildWith(ctx, api, "5.9-curl-", more)
}
