package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// released is set by the release build; other builds say what they were built from.
var released string

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
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				version += "-" + s.Value[:12]
			}
			if s.Key == "vcs.modified" && s.Value == "true" {
				version += "-dirty"
			}
		}
	}
	return version
}

func (a *app) newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.stdout, "bookci %s %s/%s %s\n", bookciVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
			return err
		},
	}
}
