package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// zipEpoch is 1980-01-01, the earliest date that an EPUB's entries can bear.
const zipEpoch = 315532800

// Date returns the date that the artifacts of the sources in root bear, in seconds
// since 1970: that of git's last commit, else the day (UTC) of the newest input.
// The error is the cause of ctx's end.
//
// The last commit's date counts also when files have changed since. A date that
// moved with an edit, or with the moment of a checkout, would make two builds of the
// same sources differ.
//
// Without git it is a day, as a book shows no more of a date. A finer date would
// change every artifact with every save, and spoil the passes that TeX has begun
// before the save.
func Date(ctx context.Context, git Git, root string, inputs []File) (int64, error) {
	if git.Path != "" {
		seconds, err := commitDate(ctx, git, root)
		if err == nil {
			return max(seconds, zipEpoch), nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return 0, cause
		}
		// No repository, no commit yet, a repository of another user or a
		// broken one: the files themselves have dates.
	}
	var newest int64
	for _, f := range inputs {
		if !f.Mode.IsDir() {
			newest = max(newest, f.MTime/int64(time.Second))
		}
	}
	const day = 24 * 60 * 60
	return max(newest-newest%day, zipEpoch), nil
}

var errNoCommit = errors.New("no commit")

// commitDate asks git for the date of the last commit, by rev-list: git log obeys
// the repository's own settings, and one of them starts a program to check signatures.
func commitDate(ctx context.Context, git Git, root string) (int64, error) {
	out, err := git.ask(ctx, root, "rev-list", "--max-count=1", "--timestamp", "HEAD", "--")
	if err != nil {
		return 0, fmt.Errorf("asking git for the last commit: %w", err)
	}
	word, _, _ := strings.Cut(string(bytes.TrimSpace(out)), " ")
	seconds, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("asking git for the last commit: %w", errNoCommit)
	}
	return seconds, nil
}
