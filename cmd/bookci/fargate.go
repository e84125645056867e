package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/internal/fault"
)

func (a *app) newFargateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fargate",
		Short: "Prepare an AWS account for --engine fargate, and try it",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newFargateInitCmd(), a.newFargateDoctorCmd())
	return cmd
}

func (a *app) newFargateInitCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Print a CloudFormation template of what the engine needs",
		Long: `init prints a CloudFormation template: a bucket that nobody else can read and that
empties itself, a cluster, a log, a role to start tasks with, a network rule that
lets tasks out by HTTPS alone, and the policy with all the rights that bookci needs.
It asks nothing of AWS and changes nothing; the comment at the top of the template
says how to use it.`,
		Example: `  bookci fargate init >bookci.yaml`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := fmt.Fprint(a.Stdout, fargate.Template); err != nil {
				return fmt.Errorf("writing the template: %w", err)
			}
			return nil
		},
	}
}

func (a *app) newFargateDoctorCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Try the AWS account: each right, and one task from its beginning to its end",
		Long: `doctor tries all that a build on Fargate needs: the settings, the image, the
credentials, each right, the clock, and a task that is started, reads a file, gives
it back and ends. That takes as long as Fargate needs for a machine and for the
image, one to five minutes, and costs less than a cent. Nothing is left behind.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			findings := []finding{}
			err := a.examineFargate(cmd.Context(), project.Choice{Dir: dirArg(args)}, cmd.Flags(), func(f finding) {
				findings = append(findings, f)
				if !asJSON {
					a.printFindings([]finding{f})
				}
			})
			if err != nil {
				return err
			}
			if asJSON {
				if err := a.answer(findings); err != nil {
					return fmt.Errorf("writing the findings: %w", err)
				}
			}
			return worst(findings)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

// examineFargate tells what it finds as it goes. The error is why it could not go on.
func (a *app) examineFargate(ctx context.Context, c project.Choice, flags *pflag.FlagSet, tell func(finding)) error {
	bad := func(check string, err error) {
		tell(finding{Check: check, Text: err.Error(), Mend: fault.Hint(err), code: exit.Code(err)})
	}
	p, err := project.Open(ctx, a.World, c, flags, a.Println)
	if err != nil {
		var wrong *settings.Error
		if errors.As(err, &wrong) {
			bad("settings", err)
			return nil
		}
		// No book is needed; then the image has to be named.
		p = &project.Project{}
		if p.Settings, err = settings.Read("", flags); err != nil {
			bad("settings", err)
			return nil
		}
	}
	if err := workshop.CheckTasks(p); err != nil {
		bad("settings", err)
		return nil
	}
	tell(finding{Check: "settings", OK: true, Text: fmt.Sprintf("cluster %s, bucket %s", p.Settings.Fargate.Cluster, p.Settings.Fargate.Bucket)})
	image, err := p.TaskImage()
	if err != nil {
		bad("image", err)
		return nil
	}
	tell(finding{Check: "image", OK: true, Text: image})
	note := func(e event.Event) {
		if e.Kind == event.Note {
			a.Println("bookci: " + e.Text)
		}
	}
	claim, err := workshop.StandBy(a.World, a.Println, note)
	if err != nil {
		return err
	}
	defer claim.Close()
	engines := claim.Engines(p)
	defer engines.Close()
	tasks, err := engines.Tasks(ctx)
	if err != nil {
		bad("region", err)
		return nil
	}
	tell(finding{Check: "region", OK: true, Text: tasks.Place.Region})
	tasks.Examine(ctx, func(f fargate.Finding) {
		if f.Err != nil {
			bad(f.Check, f.Err)
		} else {
			tell(finding{Check: f.Check, OK: true, Text: f.Text})
		}
	}, func(format string, args ...any) { a.Println("bookci: " + fmt.Sprintf(format, args...)) })
	return context.Cause(ctx)
}
