package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/manuscript"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/reports"
)

// checkFlags are the flags of check.
type checkFlags struct {
	choice project.Choice
	json   bool
	notes  bool
}

func (a *app) newCheckCmd() *cobra.Command {
	var f checkFlags
	var r outcome.Files
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Say what is wrong with the manuscript, with no engine",
		Long: `check reads the config, the catalog and all chapters of the book in DIR, or in
this folder, and says what is wrong with them: a line for each fault, in the form
that editors find places in.

It takes milliseconds and asks neither Docker nor Re:VIEW. What only TeX can
find it does not find.`,
		Example: `  bookci check
  bookci check articles --config config-ebook.yml --target epub
  bookci check --strict --sarif check.sarif`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.choice.Dir = dirArg(args)
			return a.runCheck(cmd.Context(), &f, &r, cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.choice.Targets, "target", "t", nil, "what the book is to become: pdf, epub, web, text, idgxml")
	flags.StringVarP(&f.choice.Config, "config", "c", "", "the Re:VIEW config, instead of config.yml or bookci.yml's books")
	flags.StringSliceVarP(&f.choice.Names, "book", "b", nil, "the books of bookci.yml to check, instead of all")
	flags.Bool("strict", false, "fail for what the makers let pass, too: a missing image, an id given twice")
	flags.BoolVar(&f.notes, "notes", true, "tell of images, labels and chapters that nothing uses")
	flags.BoolVar(&f.json, "json", false, "print one JSON document on stdout instead of lines")
	r.AddFlags(cmd.Flags())
	return cmd
}

// checked is what is wrong with one book.
type checked struct {
	book    *book.Book
	targets []book.Target
	found   []book.Diagnostic
	err     error // of a book that has errors, or could not be read
	seconds float64
}

// runCheck is the check command.
func (a *app) runCheck(ctx context.Context, f *checkFlags, r *outcome.Files, cmd *cobra.Command) (err error) {
	var results []checked
	var p *project.Project
	if f.json {
		defer func() { err = a.conclude(newCheckReport(a.Version, p, results, err), err) }()
	}
	begun := time.Now()
	defer func() {
		if r.Wanted(a.World) {
			run, place := outcome.EmptyRun(a.World, p, begun, err)
			for _, c := range results {
				run.Results = append(run.Results, c.report(p.Settings.Strict, place))
			}
			err = r.Write(a.World, run, err)
		}
	}()
	if p, err = project.Open(ctx, a.World, f.choice, cmd.Flags(), a.Println); err != nil {
		return err
	}
	for _, b := range p.Books {
		c := check(p, b)
		if !f.notes {
			c.found = withoutNotes(c.found)
		}
		results = append(results, c)
	}
	return a.sayChecked(p, results, f.json)
}

// check looks at one book.
func check(p *project.Project, b *book.Book) checked {
	c := checked{book: b, targets: p.Targets[b]}
	begun := time.Now()
	c.found, c.err = manuscript.Check(b, p.Faults[b], p.Settings.Command, c.targets...)
	c.seconds = time.Since(begun).Seconds()
	if n := errorsIn(c.found, p.Settings.Strict); n > 0 {
		c.err = faultsError(n)
	}
	return c
}

// faultsError is the number of errors that a check has found: the book's.
type faultsError int

func (n faultsError) Error() string {
	if n == 1 {
		return "1 error"
	}
	return fmt.Sprintf("%d errors", int(n))
}

func errorsIn(found []book.Diagnostic, strict bool) int {
	n := 0
	for _, d := range found {
		if d.Severity == book.Error || d.Severity == book.Lax && strict {
			n++
		}
	}
	return n
}

func withoutNotes(found []book.Diagnostic) []book.Diagnostic {
	var rest []book.Diagnostic
	for _, d := range found {
		if d.Severity != book.Note {
			rest = append(rest, d)
		}
	}
	return rest
}

// sayChecked prints a line for each fault on stdout, since they are what the
// user came for, and what it comes to on stderr.
func (a *app) sayChecked(p *project.Project, results []checked, json bool) error {
	here := world.Here(p.Root)
	told := map[string]bool{} // books share chapters
	var errs []error
	for _, c := range results {
		for _, d := range c.found {
			d.File = screen.RelativeTo(p.Root, here, d.File)
			line := checkLine(d)
			if json || told[line] {
				continue
			}
			told[line] = true
			shown := line
			if a.SomebodyReads() {
				shown = a.Terminal().Paint(d)
			}
			if _, err := fmt.Fprintln(a.Stdout, a.Inert(shown)); err != nil {
				return fmt.Errorf("writing the faults: %w", err)
			}
		}
		a.Println(fmt.Sprintf("bookci: %s: %s", c.book.Name, c.sum()))
		if c.err != nil {
			errs = append(errs, c.err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.Join(append(errs, exit.ErrReported)...)
}

// checkLine is a fault on one line, as editors' problem matchers take it:
//
//	articles/ch01.re:12:3: error: there is no list with the id helo (check the spelling)
func checkLine(d book.Diagnostic) string {
	hint := d.Hint
	d.Source, d.Hint = "", ""
	if d.File != "" && d.Line == 0 {
		d.Line = 1 // matchers want a line
	}
	line := d.String()
	if hint != "" {
		line += " (" + hint + ")"
	}
	return text.Printable(strings.ReplaceAll(line, "\n", " "))
}

// sum is the one line about a book.
func (c checked) sum() string {
	count := map[book.Severity]int{}
	for _, d := range c.found {
		count[d.Severity]++
	}
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, text.Count(n, what))
		}
	}
	var n faultsError
	switch {
	case errors.As(c.err, &n):
		add(int(n), "error")
	case c.err != nil:
		return c.err.Error()
	}
	add(count[book.Error]+count[book.Lax]+count[book.Warning]-int(n), "warning")
	add(count[book.Note], "note")
	if len(parts) == 0 {
		parts = []string{"nothing is wrong"}
	}
	return fmt.Sprintf("%s (%.0f ms)", strings.Join(parts, ", "), c.seconds*1000)
}

// checkReport is the JSON document of check --json.
type checkReport struct {
	outcome.Head
	Results []checkedBook  `json:"results"`
	Error   *outcome.Error `json:"error,omitempty"` // what went wrong and is no book's own
}

type checkedBook struct {
	Book        string            `json:"book"`
	Targets     []book.Target     `json:"targets"`
	Status      string            `json:"status"` // sound or faulty
	Diagnostics []book.Diagnostic `json:"diagnostics"`
	Seconds     float64           `json:"seconds"`
}

func newCheckReport(version string, p *project.Project, results []checked, err error) checkReport {
	r := checkReport{Head: outcome.NewHead(version, p, err), Results: []checkedBook{}, Error: outcome.ErrorOf(err)}
	strict := p != nil && p.Settings.Strict
	for _, c := range results {
		one := checkedBook{Book: c.book.Name, Targets: c.targets, Status: "sound", Diagnostics: book.Shown(c.found, strict), Seconds: c.seconds}
		if c.err != nil {
			one.Status = "faulty"
		}
		r.Results = append(r.Results, one)
	}
	return r
}

// report is a checked book in the words of package reports.
func (c checked) report(strict bool, place func(string) string) reports.Result {
	one := reports.Result{
		Book: c.book.Name, Target: "check", Status: reports.Built, Checked: true, Seconds: c.seconds,
		Config: place(path.Join(c.book.Dir, c.book.Config)),
	}
	if c.err != nil {
		one.Status, one.Err, one.Hint = reports.Failed, c.err.Error(), fault.Hint(c.err)
	}
	for _, ch := range c.book.Chapters {
		one.Chapters = append(one.Chapters, reports.Chapter{ID: ch.ID, File: place(ch.Path)})
	}
	for _, d := range c.found {
		one.Findings = append(one.Findings, outcome.Finding(d, strict, place))
	}
	return one
}
