package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// These are set by the release build; other builds say what they were built from.
var (
	released  string // the version, such as 1.2.3
	commit    string // its whole hash
	committed string // when, as RFC 3339 has it
)

// bookciVersion identifies this build, down to the commit.
func bookciVersion() string {
	if released != "" {
		return released
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
		if hash := buildSetting(info, "vcs.revision"); len(hash) >= shortHash {
			version += "-" + hash[:shortHash]
		}
		if buildSetting(info, "vcs.modified") == "true" {
			version += "-dirty"
		}
	}
	return version
}

const shortHash = 12

// buildSetting is what Go noted of a build, "" for what it did not.
func buildSetting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// origin is the commit of this build and its day, as far as they are known.
func origin() string {
	hash, date := commit, committed
	if info, ok := debug.ReadBuildInfo(); ok && hash == "" {
		hash, date = buildSetting(info, "vcs.revision"), buildSetting(info, "vcs.time")
	}
	if len(hash) < shortHash {
		return ""
	}
	text := "commit " + hash[:shortHash]
	if when, err := time.Parse(time.RFC3339, date); err == nil {
		text += " of " + when.UTC().Format(time.DateOnly)
	}
	return " (" + text + ")"
}

func (a *app) newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.Stdout, "bookci %s%s %s/%s %s\n", bookciVersion(), origin(), runtime.GOOS, runtime.GOARCH, runtime.Version())
			return err
		},
	}
}
