package workshop

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bookci/bookci/build"
	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

// Jobs reads the sources and says what is to be made of them.
func (w *Workshop) Jobs(ctx context.Context, p *project.Project, only []string) ([]build.Job, error) {
	s := p.Settings
	if err := p.CheckArtifacts(); err != nil {
		return nil, err
	}
	sources, err := source.Find(ctx, p.Root, source.Options{Artifacts: p.ArtifactsBelow(), Exclude: p.Excluded(), Books: p.Books})
	if err != nil {
		return nil, err
	}
	var folders []string // of all books of the root, asked for or not
	for _, b := range s.Books {
		folders = append(folders, b.Dir)
	}
	shares := sources.Divide(folders)
	w.Brought = p.BroughtState(ctx, w.world) // First asks for it
	var jobs []build.Job
	var dated []source.File
	for _, book := range p.Books {
		inputs, notes, err := sources.Inputs(book, s.ExtraInputs)
		if err != nil {
			return nil, fault.Usagef("", "extra_inputs: %w", err)
		}
		job := build.Job{Book: book, Targets: p.Targets[book], Command: s.Command, Tree: shares.Tree(book, inputs), Inputs: inputs, Hidden: sources.Hidden, Fault: p.Faults[book]}
		job.Known = append(job.Known, notes...)
		if len(only) > 0 && !p.Asked && slices.Contains(job.Targets, pdfAlone[0]) {
			job.Targets = pdfAlone // chapters alone are read as a PDF, whatever else the whole book is made into
		}
		if job.Only, err = chooseChapters(book, job.Targets, only); err != nil {
			return nil, err
		}
		if len(job.Only) > 0 {
			whole := job
			whole.Only = nil
			if first, _, ok := w.First(whole, job.Only); ok {
				job = first
			}
		}
		jobs = append(jobs, job)
		dated = append(dated, inputs...)
	}
	if heavy := sources.Ballast(p.Books); heavy != nil && len(jobs) > 0 {
		jobs[0].Known = append(jobs[0].Known, *heavy) // once, though all books share it
	}
	w.SourceDate, err = p.SourceDate(ctx, w.world, dated)
	return jobs, err
}

// pdfAlone is what --only makes.
var pdfAlone = []book.Target{book.PDF}

// chooseChapters turns what --only says, IDs or paths, into IDs.
func chooseChapters(b *book.Book, targets []book.Target, only []string) ([]string, error) {
	if len(only) == 0 {
		return nil, nil
	}
	if !slices.Equal(targets, pdfAlone) {
		return nil, fault.Usagef("say --target pdf as well, or build the whole book", "--only makes a PDF and nothing else")
	}
	var ids, known []string
	for _, ch := range b.Chapters {
		known = append(known, ch.ID)
	}
	for _, name := range only {
		id := strings.TrimSuffix(filepath.Base(strings.TrimSpace(name)), ".re")
		if !slices.Contains(known, id) {
			hint := "the chapters are " + strings.Join(known, ", ")
			if near := text.Nearest(id, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, fault.Usagef(hint, "--only: there is no chapter %q in %s", name, b.Name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
