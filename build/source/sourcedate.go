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

// Date returns the date that the artifacts of the sources in root bear,
// in seconds since 1970: that of git's last commit, else the day of the newest
// input (UTC).
//
// A day is what a book shows of a date. A finer one would change every artifact
// with every save, and spoil what TeX has begun before it.
//
// It is the last commit's also when files have changed since. A date that moved
// with the edit, or with the moment of the checkout, would make two builds of
// the same sources differ; and an author who has an edit open sees the date of
// the commit that it is based on.
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

// commitDate asks git. rev-list, and not log: log obeys the repository's own
// settings, among them one that starts a program to check signatures.
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
