package main

import (
	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/workshop"
)

// newReapCmd is the reaper itself, where no shell can be it.
func (a *app) newReapCmd() *cobra.Command {
	return &cobra.Command{
		Use:    reaper.Word,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return reaper.Serve(a.Stdin) },
	}
}

// newSweepCmd removes the containers of a bookci that was killed. The reaper
// runs it.
func (a *app) newSweepCmd() *cobra.Command {
	return &cobra.Command{
		Use:    workshop.SweepContainersWord + " TOKEN",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := daemon.Connect(cmd.Context(), a.Getenv)
			if err != nil {
				return err
			}
			defer d.Close() // nothing is under way any more
			return workshop.SweepContainers(cmd.Context(), d, args[0])
		},
	}
}

// newSweepTasksCmd stops the tasks of a bookci that was killed and removes its
// objects. The reaper runs it.
func (a *app) newSweepTasksCmd() *cobra.Command {
	return &cobra.Command{
		Use:    workshop.SweepTasksWord + " TOKEN PLACE",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return workshop.SweepTasks(cmd.Context(), args[0], args[1])
		},
	}
}
