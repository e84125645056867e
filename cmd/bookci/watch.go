package main

import (
	"github.com/spf13/cobra"

	"github.com/bookci/bookci/cmd/bookci/watcher"
	"github.com/bookci/bookci/internal/fault"
)

func (a *app) newWatchCmd() *cobra.Command {
	var f buildFlags
	var open bool
	cmd := &cobra.Command{
		Use:   "watch [DIR]",
		Short: "Make the artifacts again after each change",
		Long: `watch builds the book and then builds it again after each change to its files,
in a container that stays warm. Ctrl-C ends it and leaves nothing behind.

The commands of --on-success and --on-failure run in the book's root, with the
exit status in BOOKCI_RESULT and the artifacts' paths in BOOKCI_BUILT, one a line.
They may build there themselves: a watch has the root to itself only while it builds.`,
		Example: `  bookci watch
  bookci watch --serve localhost:8000 --open
  bookci watch --on-success 'open artifacts/book.pdf'`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.choice.Dir = dirArg(args); f.json {
				return fault.Usagef("`bookci build --json` prints one document", "watch has no end, so it has no --json")
			}
			return watcher.Run(cmd.Context(), a.World, watcher.Options{
				Choice: f.choice, Given: cmd.Flags(), Only: f.only, Force: f.force, Open: open, Progress: f.progress,
			})
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.Bool("poll", false, "look at the files again and again instead of waiting for events")
	flags.String("debounce", "", "a change is complete when nothing happened for this `duration`")
	flags.String("serve", "", "show the book at this address, such as localhost:8000")
	flags.BoolVar(&open, "open", false, "open the browser at it")
	flags.String("on-success", "", "a shell command to run after a good build")
	flags.String("on-failure", "", "a shell command to run after a failed one")
	flags.String("cancel", "", "give up a build that newer edits have overtaken: auto, always or never")
	flags.String("chapter-first", "", "make the edited chapters' pages before the whole book: auto, always or never")
	return cmd
}
