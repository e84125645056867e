package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/cmd/bookci/ahead"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
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
	var r reportFlags
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
	r.add(cmd)
	return cmd
}

// runBuild is the build command.
func (a *app) runBuild(ctx context.Context, f *buildFlags, r *reportFlags, flags *pflag.FlagSet) (err error) {
	var results []build.Result
	var p *project.Project
	if f.json {
		defer func() {
			var root string
			if p != nil {
				root = p.Root
			}
			if werr := a.answer(newReport(root, results, err)); werr != nil {
				err = errors.Join(err, fmt.Errorf("writing the report: %w", werr))
			}
		}()
	}
	begun := time.Now()
	// After the progress has been taken off the screen, before the JSON document.
	defer func() { err = a.writeReports(r, p, f.only, results, begun, err) }()
	show, err := screen.New(a.Terminal(), f.progress)
	if err != nil {
		return err
	}
	defer show.Close()
	if p, err = project.Open(ctx, a.World, f.choice, flags, show.Println); err != nil {
		return err
	}
	p.LeaveOut(r.files()...)
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
	err = a.sayAll(show, p, untold, f.json)
	resume()
	if context.Cause(ctx) == nil {
		// The image is worth keeping also when the book has a fault.
		w.KeepImages(ctx)
	}
	return err
}

// sayAll tells what became of the results and returns the error that the exit
// status follows from.
func (a *app) sayAll(show screen.Show, p *project.Project, results []build.Result, json bool) error {
	here := world.Here(p.Root)
	var errs []error
	for _, res := range results {
		a.Terminal().Result(show, p.Root, here, res, fault.Hint(cmp.Or(res.Err, res.Missing)))
		if res.Err != nil {
			if !a.excused(p, res, results) {
				errs = append(errs, res.Err)
			}
			continue
		}
		if res.Missing != nil && a.mistakable(p, res) {
			errs = append(errs, res.Missing)
		}
		if !json {
			if _, err := fmt.Fprintln(a.Stdout, cmp.Or(res.Address, screen.RelativeTo(p.Root, here, res.Artifact.Path))); err != nil {
				errs = append(errs, fmt.Errorf("writing the path: %w", err))
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	// The causes outside the book come first in the exit status; what there is
	// to say has been said.
	return errors.Join(append(errs, exit.ErrReported)...)
}

// mistakable tells whether a draft that nobody asked for could be taken for the
// book: by a job that goes on with what it finds, or where an older book lies.
func (a *app) mistakable(p *project.Project, res build.Result) bool {
	return a.Getenv("CI") != "" || p.Settings.Strict || res.Beside
}

// excused tells whether what only Re:VIEW makes is no failure of a first build: a
// draft stands in for the same book, nothing can be mistaken, and nobody asked
// for this target by name.
func (a *app) excused(p *project.Project, res build.Result, all []build.Result) bool {
	var missing *build.NoMakers
	if !errors.As(res.Err, &missing) || p.Asked || res.Kept != "" {
		return false
	}
	return slices.ContainsFunc(all, func(other build.Result) bool {
		return other.Book == res.Book && other.Missing != nil && !a.mistakable(p, other)
	})
}

// oneDir accepts a folder or nothing.
func oneDir(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fault.Usagef("", "one folder at most, not %d: %s", len(args), strings.Join(args, " "))
	}
	return nil
}

func dirArg(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault.Usagef("", "unexpected argument %q", args[0])
	}
	return nil
}
