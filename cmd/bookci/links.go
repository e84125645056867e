package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpproxy"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/objects"
)

// linksFlags are the flags of the links command that are no settings.
type linksFlags struct {
	choice       project.Choice
	from         string
	list         bool
	resume       bool
	strict       bool
	suggest      bool
	allowPrivate bool
	json         bool
	progress     string
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
	flags.BoolVar(&f.resume, "resume", false, "go on with a run that was stopped")
	flags.BoolVar(&f.strict, "strict", false, "fail for doubtful links too")
	flags.BoolVar(&f.suggest, "suggest", false, "name a page of the Wayback Machine for what is dead")
	flags.BoolVar(&f.allowPrivate, "allow-private", false, "ask addresses of private nets and of this machine too")
	flags.BoolVar(&f.json, "json", false, "print one JSON document on stdout")
	flags.StringVar(&f.progress, "progress", screen.Auto, "how to show screen.Show: auto, tty, plain or quiet")
	r.AddFlags(cmd.Flags())
	return cmd
}

// linksRun is what became of the links of one book: of all variants that share
// its folder.
type linksRun struct {
	book     *book.Book // nil for one that is known from an archive alone
	name     string
	cited    []links.Citation
	pages    []*links.Page
	left     links.Left
	verdicts []links.Verdict
	archive  string // where the run lies in the archive, "" without one
	copies   map[string]links.Copy
	seen     int  // pages that were looked at
	stopped  bool // not all were
}

// runLinks is the links command.
func (a *app) runLinks(ctx context.Context, f *linksFlags, r *outcome.Files, flags *pflag.FlagSet) (err error) {
	var runs []*linksRun
	var p *project.Project
	begun := time.Now()
	if f.json && !f.list {
		defer func() {
			if werr := a.answer(newLinksReport(a.Version, p, runs, err)); werr != nil {
				err = errors.Join(err, fmt.Errorf("writing the report: %w", werr))
			}
		}()
	}
	defer func() {
		if r.Wanted(a.World) {
			err = r.Write(a.World, a.linksReportRun(p, runs, f.strict, begun, err), err)
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
		runs, err = a.judgeArchive(ctx, f.from)
	} else {
		if p, err = project.Open(ctx, a.World, f.choice, flags, show.Println); err != nil {
			return err
		}
		if f.list {
			return a.listLinks(p)
		}
		runs, err = a.askLinks(ctx, p, f, show)
	}
	resume := a.StopCommands(show)
	defer resume()
	return a.sayLinks(show, p, f, runs, err)
}

// citedBy are the pages that a project's books cite, together for the books of
// one folder: variants of a book cite the same.
func (a *app) citedBy(p *project.Project, rules links.Rules) ([]*linksRun, error) {
	var runs []*linksRun
	told := map[string]map[links.Citation]bool{} // by folder: variants share chapters
	root, err := fsx.OpenRoot(p.Root)
	if err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	defer root.Close()
	for _, b := range p.Books {
		if err := p.Faults[b]; err != nil {
			return nil, err
		}
		tree, err := manuscript.Read(b, p.Targets[b]...)
		if err != nil {
			return nil, fault.Environmentf("", "%w", err)
		}
		i := slices.IndexFunc(runs, func(r *linksRun) bool { return r.book.Dir == b.Dir })
		if i < 0 {
			runs, i = append(runs, &linksRun{book: b, name: b.Name}), len(runs)
			told[b.Dir] = map[links.Citation]bool{}
		}
		more := links.Citations(tree)
		for _, name := range b.ConfigFiles {
			text, err := root.ReadFile(name, maxQuoted)
			if err != nil {
				continue // its absence is told where it matters
			}
			more = append(more, links.ConfigCitations(name, text)...)
		}
		for _, c := range more {
			if !told[b.Dir][c] {
				told[b.Dir][c] = true
				runs[i].cited = append(runs[i].cited, c)
			}
		}
	}
	for _, r := range runs {
		r.pages, r.left = links.Gather(r.cited, rules)
	}
	return runs, nil
}

// rules say what is left out.
func rules(p *project.Project, f *linksFlags) links.Rules {
	return links.Rules{Ignore: links.Ignore(p.Settings.Links.Ignore), AllowPrivate: f.allowPrivate}
}

// listLinks prints every URL and where it stands, without asking anyone.
func (a *app) listLinks(p *project.Project) error {
	runs, err := a.citedBy(p, links.Rules{})
	if err != nil {
		return err
	}
	here := world.Here(p.Root)
	for _, r := range runs {
		for _, c := range r.cited {
			line := fmt.Sprintf("%s:%d: %s", screen.RelativeTo(p.Root, here, c.File), c.Line, c.URL)
			if _, err := fmt.Fprintln(a.Stdout, text.Printable(line)); err != nil { // as the manuscript has it
				return fmt.Errorf("writing the list: %w", err)
			}
		}
	}
	return nil
}

// askLinks asks for what the books cite. What is known so far is returned with
// the error that stopped it.
func (a *app) askLinks(ctx context.Context, p *project.Project, f *linksFlags, show screen.Show) ([]*linksRun, error) {
	s := p.Settings.Links
	runs, err := a.citedBy(p, rules(p, f))
	if err != nil {
		return nil, err
	}
	store, err := openArchive(ctx, p, s.Archive)
	if err != nil {
		return nil, err
	}
	unlock, err := p.LockFile(ctx, "links.lock", func(text string) { show.Println("bookci: " + text) })
	if err != nil {
		return nil, err
	}
	defer unlock()
	memory, err := links.OpenMemory(filepath.Join(p.State(), "links.json"))
	if err != nil {
		show.Println(fmt.Sprintf("bookci: warning: what was fine the last time is not known: %v", err))
	}
	var all []*links.Page
	for _, r := range runs {
		all = append(all, r.pages...)
	}
	for _, r := range runs {
		if err = a.askBook(ctx, p, f, r, memory, store, show); err != nil {
			break
		}
	}
	if errors.Is(err, links.ErrNoNetwork) || errors.Is(err, links.ErrNoRoots) {
		return runs, err // nothing was learnt
	}
	if serr := memory.Save(all); serr != nil {
		err = errors.Join(err, fault.Environmentf("", "%w", serr))
	}
	return runs, err
}

// askBook asks for what one book cites.
func (a *app) askBook(ctx context.Context, p *project.Project, f *linksFlags, r *linksRun, memory *links.Memory, store objects.Store, show screen.Show) error {
	s := p.Settings.Links
	state := filepath.Join(p.State(), "links", strings.ReplaceAll(r.book.Dir, "/", "+"))
	if err := fsx.MakeOwnFolder(p.Root, state); err != nil {
		return err
	}
	keep := links.Keep{Dir: state, Memory: memory, Book: r.name, Store: store, Bodies: s.Bodies, Begun: time.Now(), Resume: f.resume}
	if store != nil {
		keep.Dest = store.String()
	}
	if begun, ok := links.Unfinished(state); ok && !f.resume {
		show.Println(fmt.Sprintf("bookci: the run of %s was not finished; --resume would have gone on with it", begun))
	}
	record, err := links.OpenRecord(ctx, keep)
	if err != nil {
		var other *links.OtherArchiveError
		if errors.As(err, &other) {
			return fault.Usagef("give the same --archive, or leave --resume out", "%w", err)
		}
		return fault.Environmentf("", "%w", err)
	}
	stage := func(text string) event.Event { return event.Event{Kind: event.Standing, Book: r.name, Text: text} }
	show.Event(stage(fmt.Sprintf("%d links to look at", len(r.pages))))
	items, err := links.Check(ctx, r.pages, record, links.Options{
		Version: a.Version, Contact: s.Contact, Rules: rules(p, f), Fresh: s.Fresh, Now: time.Now, Proxy: a.proxy(),
		Progress: func(at links.Progress) { show.Event(stage(standing(at))) },
	})
	show.Event(event.Event{Kind: event.Ended, Book: r.name})
	if errors.Is(err, links.ErrNoNetwork) || errors.Is(err, links.ErrNoRoots) {
		// What was seen says something of this machine, not of the links.
		return linksError(ctx, errors.Join(err, record.Discard()))
	}
	if cerr := record.Close(err == nil); cerr != nil {
		err = errors.Join(err, cerr)
	}
	if store != nil && len(items) > 0 {
		r.archive = strings.TrimSuffix(store.String(), "/") + "/" + record.Prefix()
	}
	r.judge(items)
	r.stopped = r.seen < len(r.pages)
	r.findCopies(context.WithoutCancel(ctx), memory, store, record.Prefix())
	return linksError(ctx, err)
}

// linksError says whose fault it is that a run did not come to its end.
func linksError(ctx context.Context, err error) error {
	var own *fault.Environment
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case cause != nil && errors.Is(err, cause), errors.As(err, &own):
		return err
	case errors.Is(err, links.ErrNoNetwork):
		return fault.Environmentf("is there a network here? A proxy is taken from HTTPS_PROXY and HTTP_PROXY", "%w", err)
	case errors.Is(err, links.ErrNoRoots):
		return fault.Environmentf("install them: `apt-get install ca-certificates`, `apk add ca-certificates`", "%w", err)
	}
	return fault.Environmentf("`bookci links --resume` goes on where it stopped", "%w", err)
}

// standing says how far a run has come.
func standing(p links.Progress) string {
	text := fmt.Sprintf("%d of %d links", p.Done, p.Total)
	if p.Hosts > 0 {
		text += fmt.Sprintf(", %d hosts to go, at least %s", p.Hosts, screen.Seconds(p.Left))
	}
	return text
}

// judge says what the items mean.
func (r *linksRun) judge(items []*links.Item) {
	order := map[string]int{} // of the files, as they are first met
	for _, i := range items {
		for _, c := range i.Cited {
			if _, met := order[c.File]; !met {
				order[c.File] = len(order)
			}
		}
		r.verdicts = append(r.verdicts, links.Judge(i)...)
	}
	r.seen = len(items)
	slices.SortStableFunc(r.verdicts, func(v, w links.Verdict) int {
		if len(v.Cited) == 0 || len(w.Cited) == 0 {
			return len(w.Cited) - len(v.Cited)
		}
		a, b := v.Cited[0], w.Cited[0]
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// dead are the pages that are broken.
func (r *linksRun) dead() (urls []string) {
	for _, v := range r.verdicts {
		if v.Kind == links.Broken {
			urls = append(urls, v.URL)
		}
	}
	return urls
}

// findCopies finds out when what is dead was last fine, and where it was kept.
func (r *linksRun) findCopies(ctx context.Context, memory *links.Memory, store objects.Store, prefix string) {
	r.copies = map[string]links.Copy{}
	var unknown []string
	for _, u := range r.dead() {
		at, archive, key := memory.WasFine(u)
		if key != "" {
			key = strings.TrimSuffix(archive, "/") + "/" + key
		}
		if at != "" {
			r.copies[u] = links.Copy{Key: key, At: at}
		}
		if key == "" {
			unknown = append(unknown, u)
		}
	}
	if store == nil || len(unknown) == 0 {
		return
	}
	// An archive that cannot be read has no copies; the verdicts stand.
	found, _ := links.FindCopies(ctx, store, r.name, prefix, unknown)
	for u, c := range found {
		c.Key = strings.TrimSuffix(store.String(), "/") + "/" + c.Key
		r.copies[u] = c
	}
}

// openArchive opens the archive at a location, nil for none. A folder is taken
// from the root when bookci.yml names it, else from where the user stands.
func openArchive(ctx context.Context, p *project.Project, location string) (objects.Store, error) {
	if location == "" {
		return nil, nil
	}
	if !objects.IsS3(location) && !filepath.IsAbs(location) && strings.HasPrefix(p.Settings.Origin["links.archive"], book.SettingsFile) {
		location = filepath.Join(p.Root, location)
		if err := fsx.MakeOwnFolder(p.Root, location); err != nil { // the manuscript's word does not lead out of it
			return nil, err
		}
	}
	store, err := objects.Open(ctx, location, p.S3())
	if err != nil {
		return nil, fault.Environmentf("the region is taken from AWS_REGION, credentials from where the AWS SDK looks for them", "%w", err)
	}
	return store, nil
}

// judgeArchive judges the newest run of each book in an archive. It asks nobody.
func (a *app) judgeArchive(ctx context.Context, location string) ([]*linksRun, error) {
	if !objects.IsS3(location) {
		if st, err := os.Stat(location); err != nil || !st.IsDir() {
			if err == nil {
				err = errors.New("not a folder")
			}
			return nil, fault.Usagef("name the folder that --archive had", "--from %s: %w", location, fsx.Reason(err))
		}
	}
	s, err := settings.Read("", nil)
	if err != nil {
		return nil, err
	}
	store, err := objects.Open(ctx, location, (&project.Project{Settings: s}).S3())
	if err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	found, err := links.Runs(ctx, store, "")
	if err != nil {
		return nil, fault.Environmentf("", "%w", err)
	}
	newest := map[string]links.Run{} // by book; runs are in the order of their times
	var names []string
	for _, run := range found {
		name := run.Book()
		if _, known := newest[name]; !known {
			names = append(names, name)
		}
		newest[name] = run
	}
	if len(names) == 0 {
		return nil, fault.Usagef("", "--from %s: there is no archive of links", location)
	}
	slices.Sort(names)
	var runs []*linksRun
	for _, name := range names {
		run := newest[name]
		items, err := links.Reread(ctx, store, run)
		if err != nil {
			return nil, fault.Environmentf("", "%w", err)
		}
		one := &linksRun{name: name, archive: strings.TrimSuffix(strings.TrimSuffix(store.String(), "/")+"/"+run.Prefix, "/.")}
		if name == "" {
			one.name = "links"
		}
		one.judge(items)
		runs = append(runs, one)
	}
	return runs, nil
}

// proxy is the one that the environment names, nil for none.
func (a *app) proxy() func(*http.Request) (*url.URL, error) {
	either := func(name string) string {
		if v := a.Getenv(strings.ToLower(name)); v != "" {
			return v
		}
		return a.Getenv(name)
	}
	c := httpproxy.Config{HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY"), CGI: a.Getenv("REQUEST_METHOD") != ""}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	of := c.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return of(r.URL) }
}
