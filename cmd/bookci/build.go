package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/cmd/bookci/ahead"
	"github.com/bookci/bookci/cmd/bookci/fleet"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/workshop"
)

// buildFlags are the flags that build and watch share, but for those that stand
// for a setting: settings.Read takes these.
type buildFlags struct {
	choice   project.Choice
	only     []string
	force    bool
	json     bool
	progress string
}

func (f *buildFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.choice.Targets, "target", "t", nil, "what to make: pdf, epub, web, text, idgxml")
	flags.StringVarP(&f.choice.Config, "config", "c", "", "the Re:VIEW config to build with, instead of config.yml or bookci.yml's books")
	flags.StringSliceVarP(&f.choice.Names, "book", "b", nil, "the books of bookci.yml to build, instead of all")
	flags.StringSliceVar(&f.only, "only", nil, "make a PDF of these chapters' own pages, with the numbers of the last whole build")
	flags.String("image", "", "the image to build with")
	flags.String("engine", "", "where the makers run: auto, docker, host or fargate; or draft: bookci sets the pages itself")
	flags.String("transport", "", "how sources reach the container: auto, bind or copy")
	flags.String("artifacts", "", "the folder for what is made, or s3://bucket/prefix")
	flags.String("cache-dir", "", "keep the image in this folder, and take it from there")
	flags.String("timeout", "", "end what takes longer than this `duration`, as in 15m; none for no end")
	flags.StringP("jobs", "j", "", "the `number` of books built at a time")
	flags.BoolVarP(&f.force, "force", "f", false, "build what is up to date too, from nothing")
	flags.Bool("strict", false, "fail for what the makers let pass: a missing image, a failed hook, an undefined reference")
	flags.BoolVar(&f.json, "json", false, "print one JSON document on stdout instead of the artifacts' paths")
	flags.StringVar(&f.progress, "progress", screen.Auto, "how to show progress: auto, tty, plain or quiet")
}

func (a *app) newBuildCmd() *cobra.Command {
	var f buildFlags
	var r outcome.Files
	cmd := &cobra.Command{
		Use:   "build [DIR...]",
		Short: "Make the book's artifacts",
		Long: `build makes the book in DIR, or in this folder, and prints the paths of what it made.

Several folders are built at once: each is what it would be alone.

Nothing that is up to date is made again. The manuscript is not written to; the
artifacts appear in artifacts/ when they are complete, and the last good ones
stay when a build fails.`,
		Example: `  bookci build
  bookci build --target pdf,epub
  bookci build articles --config config-ebook.yml
  bookci build --only ch03,ch04
  bookci build --engine fargate --jobs 50 books/*`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return a.runBuilds(cmd.Context(), &f, &r, cmd.Flags(), args)
			}
			f.choice.Dir = dirArg(args)
			return a.runBuild(cmd.Context(), &f, &r, cmd.Flags())
		},
	}
	f.add(cmd)
	r.AddFlags(cmd.Flags())
	return cmd
}

// runBuild is the build command.
func (a *app) runBuild(ctx context.Context, f *buildFlags, r *outcome.Files, flags *pflag.FlagSet) (err error) {
	var results []build.Result
	var p *project.Project
	if f.json {
		defer func() { err = a.conclude(outcome.NewDocument(a.Version, p, results, err), err) }()
	}
	begun := time.Now()
	// After the progress has been taken off the screen, before the JSON document.
	defer func() { err = r.WriteResults(a.World, p, f.only, results, begun, err) }()
	show, err := screen.New(a.Terminal(), f.progress)
	if err != nil {
		return err
	}
	defer show.Close()
	if p, err = project.Open(ctx, a.World, f.choice, flags, show.Println); err != nil {
		return err
	}
	p.LeaveOut(r.Paths()...)
	c, err := workshop.ClaimRoot(ctx, a.World, p, show.Println, show.Event)
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := c.Open(ctx, p)
	if err != nil {
		return err
	}
	defer w.Close()
	w.ForceAll(f.force)
	if err := w.Reach(ctx); err != nil {
		return err
	}
	jobs, err := w.Jobs(ctx, p, f.only)
	if err != nil {
		return err
	}
	early := ahead.Tell(a.World, p, w.Builder, show)
	results = w.Build(ctx, jobs)
	resume := a.StopCommands(show)
	untold, takenBack := early.Settle(results)
	for _, line := range takenBack {
		show.Println(line)
	}
	err = outcome.Say(a.World, show, p, untold, f.json)
	resume()
	if context.Cause(ctx) == nil {
		// The image is worth keeping also when the book has a fault.
		w.KeepImages(ctx)
	}
	return err
}

// runBuilds is the build command for several folders.
func (a *app) runBuilds(ctx context.Context, f *buildFlags, r *outcome.Files, flags *pflag.FlagSet, dirs []string) (err error) {
	all := fleet.New(a.World, fleet.Options{Choice: f.choice, Given: flags, Only: f.only, Force: f.force, JSON: f.json, Reports: r})
	begun := time.Now()
	if f.json {
		defer func() { err = a.conclude(outcome.NewDocument(a.Version, nil, all.Results(), err), err) }()
	}
	defer func() { err = all.WriteReports(begun, err) }()
	show, err := screen.New(a.Terminal(), f.progress)
	if err != nil {
		return err
	}
	defer show.Close()
	return all.Build(ctx, show, dirs)
}
