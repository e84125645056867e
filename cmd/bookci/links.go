package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bookci/bookci/cmd/bookci/linkcheck"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/internal/fault"
)

// linksFlags are the flags of the links command that are no settings.
type linksFlags struct {
	linkcheck.Options
	choice   project.Choice
	from     string
	list     bool
	progress string
}

func (a *app) newLinksCmd() *cobra.Command {
	var f linksFlags
	var r outcome.Files
	cmd := &cobra.Command{
		Use:   "links [DIR]",
		Short: "Find out which URLs of the book are dead",
		Long: `links asks for every URL that the book in DIR, or in this folder, cites, and
tells at which lines of the manuscript those stand that are dead.

It asks politely: one request at a time to a host, with a pause after each, as
robots.txt wants it. What was fine is not asked again for seven days. A book with
hundreds of links to one host therefore takes its time; Ctrl-C stops, and
--resume goes on.

Only links that were dead twice make it fail. What may only be closed to programs
is doubtful; with --strict that fails too.`,
		Example: `  bookci links
  bookci links --archive archive
  bookci links --archive s3://my-bucket/links --resume
  bookci links --from archive`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.choice.Dir = dirArg(args)
			return a.runLinks(cmd.Context(), &f, &r, cmd.Flags())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.choice.Config, "config", "c", "", "the Re:VIEW config of the book, instead of config.yml or bookci.yml's books")
	flags.StringSliceVarP(&f.choice.Names, "book", "b", nil, "the books of bookci.yml to look at, instead of all")
	flags.String("archive", "", "keep the pages in this folder, or in s3://bucket/prefix")
	flags.StringVar(&f.from, "from", "", "judge what an archive holds once more, without a request")
	flags.StringSlice("ignore", nil, "leave out URLs that begin so, or the hosts of this name; * stands for anything")
	flags.String("contact", "", "tell the sites whom to write to, as in mailto:me@books.jp")
	flags.String("fresh", "", "ask again what was fine only after this `duration`, as in 7d; none to ask always")
	flags.BoolVar(&f.list, "list", false, "print the URLs and where they stand, and ask nobody")
	flags.BoolVar(&f.Resume, "resume", false, "go on with a run that was stopped")
	flags.BoolVar(&f.Strict, "strict", false, "fail for doubtful links too")
	flags.BoolVar(&f.Suggest, "suggest", false, "name a page of the Wayback Machine for what is dead")
	flags.BoolVar(&f.AllowPrivate, "allow-private", false, "ask addresses of private nets and of this machine too")
	flags.BoolVar(&f.JSON, "json", false, "print one JSON document on stdout")
	flags.StringVar(&f.progress, "progress", screen.Auto, "how to show progress: auto, tty, plain or quiet")
	r.AddFlags(cmd.Flags())
	return cmd
}

// runLinks is the links command.
func (a *app) runLinks(ctx context.Context, f *linksFlags, r *outcome.Files, flags *pflag.FlagSet) (err error) {
	var runs []*linkcheck.Run
	var p *project.Project
	begun := time.Now()
	if f.JSON && !f.list {
		defer func() { err = a.conclude(linkcheck.NewDocument(a.Version, p, runs, err), err) }()
	}
	defer func() {
		if r.Wanted(a.World) {
			err = r.Write(a.World, linkcheck.Report(a.World, p, runs, f.Strict, begun, err), err)
		}
	}()
	show, err := screen.New(a.Terminal(), f.progress)
	if err != nil {
		return err
	}
	defer show.Close()
	if f.from != "" {
		for _, other := range []string{"archive", "resume", "list", "config", "book", "fresh", "ignore"} {
			if flags.Changed(other) {
				return fault.Usagef("leave one of them out", "--from asks nobody and reads no book, so --%s means nothing beside it", other)
			}
		}
		runs, err = linkcheck.Judge(ctx, f.from)
	} else {
		if p, err = project.Open(ctx, a.World, f.choice, flags, show.Println); err != nil {
			return err
		}
		if f.list {
			return linkcheck.List(a.World, p)
		}
		runs, err = linkcheck.Ask(ctx, a.World, p, &f.Options, show)
	}
	resume := a.StopCommands(show)
	defer resume()
	return linkcheck.Say(a.World, show, p, &f.Options, runs, err)
}
