package main

import (
	"context"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

// runFlags are the flags of the run command.
type runFlags struct {
	choice  project.Choice
	write   bool
	dryRun  bool
	reports []string
}

func (a *app) newRunCmd() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [DIR] -- COMMAND [ARG...]",
		Short: "Run any command where the makers run",
		Long: `run runs a command in the book's container, in a copy of the sources, and passes
its standard input, output and exit status on.

What the command writes is thrown away, unless --write brings the changed files
back into the source folder. Nothing comes back into version control, bookci's own
folders or the artifacts, nor what would be executable and was not so before.`,
		Example: `  bookci run -- review-check
  bookci run --write -- review-update
  bookci run --junit-glob 'reports/*.xml' -- rake test`,
		Args: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash < 0 || dash == len(args) {
				return fault.Usagef("write it after two dashes: bookci run -- review-check", "run needs a command")
			}
			return oneDir(cmd, args[:dash])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			f.choice.Dir = dirArg(args[:dash])
			return a.runRun(cmd.Context(), &f, args[dash:], cmd.Flags())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.choice.Config, "config", "c", "", "the Re:VIEW config whose folder the command runs in")
	flags.StringSliceVarP(&f.choice.Names, "book", "b", nil, "the book of bookci.yml whose folder the command runs in")
	flags.String("image", "", "the image to run in")
	flags.String("engine", "", "where to run: auto, docker, host or fargate")
	flags.String("transport", "", "how sources reach the container: auto, bind or copy")
	flags.String("timeout", "", "end what takes longer than this `duration`, as in 15m; none for no end, as without it")
	flags.BoolVar(&f.write, "write", false, "bring changed files back into the source folder")
	flags.BoolVar(&f.dryRun, "dry-run", false, "tell what --write would bring back, and bring nothing")
	flags.StringSliceVar(&f.reports, "junit-glob", nil, "bring files that match back into the artifacts folder")
	return cmd
}

func (a *app) runRun(ctx context.Context, f *runFlags, argv []string, flags *pflag.FlagSet) error {
	// Progress would get in the way of what the command says.
	show := screen.NewQuiet(a.Stderr)
	p, err := project.Open(ctx, a.World, f.choice, flags, show.Println)
	if err != nil {
		return err
	}
	if !flags.Changed("timeout") {
		p.Settings.Timeout = 0 // commands may take as long as they like unless the user says otherwise
	}
	for _, b := range p.Books { // the first one's, always
		if err := p.Faults[b]; err != nil {
			return err
		}
	}
	if len(p.Books) > 1 {
		p.Books = p.Books[:1] // they share the root; the folder is the first one's
	}
	note := func(e event.Event) {
		if e.Kind == event.Note || e.Kind == event.Stage && e.Book == "" {
			show.Println("bookci: " + e.Text)
		}
	}
	c, err := workshop.ClaimRoot(ctx, a.World, p, show.Println, note)
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := c.Open(ctx, p)
	if err != nil {
		return err
	}
	defer w.Close()
	jobs, err := w.Jobs(ctx, p, nil)
	if err != nil {
		return err
	}
	job := build.CommandJob{
		Job: jobs[0], Argv: argv,
		Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr, Write: f.write || f.dryRun, DryRun: f.dryRun,
	}
	if len(f.reports) > 0 {
		if job.Reports, err = reportMatcher(p.Books[0].Dir, f.reports); err != nil {
			return err
		}
	}
	res, err := w.Run(ctx, job)
	wrote, removed := "wrote ", "removed "
	if f.dryRun {
		wrote, removed = "would write ", "would remove "
	}
	for _, name := range res.Written {
		show.Println("bookci: " + wrote + text.Printable(name))
	}
	for _, name := range res.Removed {
		show.Println("bookci: " + removed + text.Printable(name))
	}
	for _, name := range res.Refused {
		show.Println("bookci: left out " + text.Printable(name))
	}
	for _, name := range res.Reports {
		show.Println("bookci: report " + screen.RelativeTo(p.Root, p.Dir, filepath.Join(p.Artifacts(), name)))
	}
	if len(f.reports) > 0 && err == nil && len(res.Reports) == 0 {
		show.Println("bookci: no file matched --junit-glob")
	}
	if err == nil && res.Status != 0 {
		return exit.Status(res.Status)
	}
	return err
}

// reportMatcher tells which files, slash paths below the root, match one of
// the patterns, which are below the folder that the command runs in.
func reportMatcher(dir string, patterns []string) (func(string) bool, error) {
	var below []string
	for _, pattern := range patterns {
		below = append(below, filepath.Join(filepath.FromSlash(dir), pattern))
	}
	m, err := patternmatcher.New(below)
	if err != nil {
		return nil, fault.Usagef("a pattern is written as in 'reports/**/*.xml'", "--junit-glob: %w", err)
	}
	return func(name string) bool {
		ok, err := m.MatchesOrParentMatches(filepath.FromSlash(name))
		return ok && err == nil
	}, nil
}
