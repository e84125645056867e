package linkcheck

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bookci/bookci/cmd/bookci/outcome"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/text"
	"github.com/bookci/bookci/links"
	"github.com/bookci/bookci/reports"
)

// Document is the JSON document of links --json.
type Document struct {
	outcome.Head
	Books []documentBook `json:"books"`
	Error *outcome.Error `json:"error,omitempty"`
}

type documentBook struct {
	Book    string          `json:"book"`
	Archive string          `json:"archive,omitempty"`
	Stopped bool            `json:"stopped,omitempty"` // not all links were looked at
	LeftOut documentLeft    `json:"left_out"`
	Links   []links.Verdict `json:"links"`
}

type documentLeft struct {
	Reserved int `json:"reserved"`
	Ignored  int `json:"ignored"`
	Other    int `json:"not_http"`
}

// NewDocument is the document of a run that ended with err; p is nil where no
// project could be opened.
func NewDocument(version string, p *project.Project, runs []*Run, err error) Document {
	r := Document{Head: outcome.NewHead(version, p, err), Books: []documentBook{}, Error: outcome.ErrorOf(err)}
	for _, one := range runs {
		b := documentBook{Book: one.name, Archive: one.archive, Stopped: one.stopped, LeftOut: documentLeft(one.left), Links: slices.Clone(one.verdicts)}
		if b.Links == nil {
			b.Links = []links.Verdict{}
		}
		for i := range b.Links {
			b.Links[i].Hint = one.hint(b.Links[i], false)
		}
		r.Books = append(r.Books, b)
	}
	return r
}

// Report is a run in the words of package reports: a finding at every
// place that cites a link.
func Report(w *world.World, p *project.Project, runs []*Run, strict bool, begun time.Time, err error) reports.Run {
	run, place := outcome.EmptyRun(w, p, begun, err)
	source, done := sourceLines(p)
	defer done()
	for _, r := range runs {
		one := reports.Result{Book: r.name, Target: "links", Status: reports.Built, Checked: !r.stopped, Seconds: time.Since(begun).Seconds()}
		seen := map[string]bool{}
		if r.book != nil {
			one.Config = place(path.Join(r.book.Dir, r.book.Config))
			for _, c := range r.book.Chapters {
				if file := place(c.Path); !seen[file] {
					seen[file] = true
					one.Chapters = append(one.Chapters, reports.Chapter{ID: c.ID, File: file})
				}
			}
		}
		failed := 0
		for _, v := range r.verdicts {
			if v.Code == "" {
				continue
			}
			level := reports.Note
			switch {
			case v.Kind == links.Broken || v.Kind == links.Doubtful && strict:
				level = reports.Error
				failed++
			case v.Kind == links.Doubtful:
				level = reports.Warning
			}
			for _, c := range v.Cited {
				one.Findings = append(one.Findings, reports.Finding{
					Level: level, Code: v.Code, File: place(c.File), Line: c.Line, Message: v.Message, Hint: r.hint(v, false), Source: source(c.File, c.Line),
				})
				if file := place(c.File); r.book == nil && !seen[file] {
					seen[file] = true
					one.Chapters = append(one.Chapters, reports.Chapter{ID: strings.TrimSuffix(filepath.Base(file), ".re"), File: file})
				}
			}
		}
		slices.SortStableFunc(one.Findings, func(a, b reports.Finding) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
		if failed > 0 {
			one.Status, one.Err = reports.Failed, text.Count(failed, "broken link")
		}
		run.Results = append(run.Results, one)
	}
	return run
}
