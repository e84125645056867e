package linkcheck

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/event"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/objects"
)

// Options are what the command line says, but for what stands for a setting.
type Options struct {
	Resume       bool // a run that was stopped goes on
	Strict       bool // doubtful links fail too
	Suggest      bool // pages of the Wayback Machine are named
	AllowPrivate bool // private addresses are asked too
	JSON         bool // no paths on stdout, where a document goes
}

// citedBy are the pages that a project's books cite, together for the books of
// one folder: variants of a book cite the same.
func citedBy(p *project.Project, rules links.Rules) ([]*Run, error) {
	var runs []*Run
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
		i := slices.IndexFunc(runs, func(r *Run) bool { return r.book.Dir == b.Dir })
		if i < 0 {
			runs, i = append(runs, &Run{book: b, name: b.Name}), len(runs)
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
func rules(p *project.Project, f *Options) links.Rules {
	return links.Rules{Ignore: links.Ignore(p.Settings.Links.Ignore), AllowPrivate: f.AllowPrivate}
}

// List prints every URL and where it stands, without asking anyone.
func List(w *world.World, p *project.Project) error {
	runs, err := citedBy(p, links.Rules{})
	if err != nil {
		return err
	}
	here := world.Here(p.Root)
	for _, r := range runs {
		for _, c := range r.cited {
			line := fmt.Sprintf("%s:%d: %s", screen.RelativeTo(p.Root, here, c.File), c.Line, c.URL)
			if _, err := fmt.Fprintln(w.Stdout, text.Printable(line)); err != nil { // as the manuscript has it
				return fmt.Errorf("writing the list: %w", err)
			}
		}
	}
	return nil
}

// Ask asks for what the books cite. What is known so far is returned with
// the error that stopped it.
func Ask(ctx context.Context, w *world.World, p *project.Project, f *Options, show screen.Show) ([]*Run, error) {
	s := p.Settings.Links
	runs, err := citedBy(p, rules(p, f))
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
	if err := forgetBrought(ctx, w, p, show); err != nil {
		return nil, err
	}
	memory, err := links.OpenMemory(filepath.Join(p.State(), "links.json"))
	if err != nil {
		show.Println(fmt.Sprintf("bookci: warning: what was fine the last time is not known: %v", err))
	}
	var all []*links.Page
	for _, r := range runs {
		all = append(all, r.pages...)
	}
	for _, r := range runs {
		if err = askBook(ctx, w, p, f, r, memory, store, show); err != nil {
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

// forgetBrought removes what is known of the links where it came with the sources:
// whoever committed it may have written there that a dead page was fine.
func forgetBrought(ctx context.Context, w *world.World, p *project.Project, show screen.Show) error {
	if !p.BroughtState(ctx, w) {
		return nil
	}
	show.Println("bookci: nothing that .bookci holds of the links is used, as it is under version control and came with the sources; " +
		"`git rm -r --cached --ignore-unmatch .bookci .texmf-var` takes it out")
	for _, name := range []string{"links", "links.json"} {
		if err := fsx.RemoveAll(filepath.Join(p.State(), name)); err != nil {
			return fault.Environmentf("", "%w", err)
		}
	}
	return nil
}

// askBook asks for what one book cites.
func askBook(ctx context.Context, w *world.World, p *project.Project, f *Options, r *Run, memory *links.Memory, store objects.Store, show screen.Show) error {
	s := p.Settings.Links
	state := filepath.Join(p.State(), "links", strings.ReplaceAll(r.book.Dir, "/", "+"))
	if err := fsx.MakeOwnFolder(p.Root, state); err != nil {
		return err
	}
	options := links.RecordOptions{Dir: state, Memory: memory, Book: r.name, Store: store, Bodies: s.Bodies, Begun: time.Now(), Resume: f.Resume}
	if store != nil {
		options.Dest = store.String()
	}
	if begun, ok := links.Unfinished(state); ok && !f.Resume {
		show.Println(fmt.Sprintf("bookci: the run of %s was not finished; --resume would have gone on with it", begun))
	}
	record, err := links.OpenRecord(ctx, options)
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
		Version: w.Version, Contact: s.Contact, Rules: rules(p, f), Fresh: s.Fresh, Now: time.Now, Proxy: proxyOf(w),
		Progress: func(at links.Progress) { show.Event(stage(standing(at))) },
	})
	show.Event(event.Event{Kind: event.Ended, Book: r.name})
	if errors.Is(err, links.ErrNoNetwork) || errors.Is(err, links.ErrNoRoots) {
		// What was seen says something of this machine, not of the links.
		return errorOf(ctx, errors.Join(err, record.Discard()))
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
	return errorOf(ctx, err)
}

// errorOf says whose fault it is that a run did not come to its end.
func errorOf(ctx context.Context, err error) error {
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

// proxyOf is the one that the environment names, nil for none.
func proxyOf(w *world.World) func(*http.Request) (*url.URL, error) {
	either := func(name string) string {
		if v := w.Getenv(strings.ToLower(name)); v != "" {
			return v
		}
		return w.Getenv(name)
	}
	c := httpproxy.Config{HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY"), CGI: w.Getenv("REQUEST_METHOD") != ""}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	of := c.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return of(r.URL) }
}
