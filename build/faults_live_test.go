package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/diagnose/planted"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/source"
	"github.com/docker/docker/client"
)

// realImage is what the faults are tried on where the machine has it.
const realImage = "vvakame/review:5.9"

// TestPlantedFaultsAreReportedByARealBuild builds faulty books from their folder
// to their diagnostics. It takes every twenty-fifth fault, all with BOOKCI_ALL_FAULTS=1
// (five minutes or more), and is skipped where the image is not to be had.
func TestPlantedFaultsAreReportedByARealBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("builds books")
	}
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Skip("no Docker: ", err)
	}
	t.Cleanup(func() { _ = api.Close() })
	ctx := t.Context()
	image, ok, err := docker.FindImage(ctx, api, realImage)
	if err != nil || !ok {
		t.Skip(realImage, " is not to be had: ", err)
	}
	step := 25
	if os.Getenv("BOOKCI_ALL_FAULTS") != "" {
		step = 1
	}
	fonts := t.TempDir()
	exact, tried := 0, 0
	for i := 0; i < len(planted.Faults); i += step {
		f := planted.Faults[i]
		t.Run(f.Name, func(t *testing.T) {
			root := t.TempDir()
			folder := filepath.Join(root, "articles")
			if err := f.Plant(folder); err != nil {
				t.Fatal(err)
			}
			file, line, err := f.Place(folder)
			if err != nil {
				t.Fatal(err)
			}
			tried++
			diagnostics := buildFaulty(ctx, t, f.Target, root, fonts, &docker.Engine{
				API: api, Image: image.ID, Mount: "/work", Transport: docker.Copy, Network: "none",
				Limits: docker.Limits{Memory: 3 << 30, PIDs: 512},
				Owner:  docker.Owner{UID: os.Getuid(), GID: os.Getgid(), Token: t.Name(), Alive: func(string) bool { return true }},
				State:  filepath.Join(root, ".bookci"), Now: time.Now,
			})
			for _, d := range diagnostics {
				// What bookci finds before it starts a maker has words of its own.
				if d.File == "articles/"+file && d.Line >= line-1 && d.Line <= line+1 && (d.Severity == f.Severity || d.Severity == book.Error) {
					if d.Line == line {
						exact++
					}
					return
				}
			}
			t.Errorf("want a diagnostic at articles/%s:%d, got:", file, line)
			for _, d := range diagnostics {
				t.Log(d)
			}
		})
	}
	t.Logf("%d faults tried, %d reported at the very line", tried, exact)
}

func buildFaulty(ctx context.Context, t *testing.T, target book.Target, root, fonts string, eng engine.Engine) []book.Diagnostic {
	t.Helper()
	var bad *book.Faults
	b, fault := book.Find(ctx, book.SearchOptions{Dir: filepath.Join(root, "articles"), Root: root})
	if errors.As(fault, &bad) && b == nil {
		return bad.Diagnostics
	}
	if b == nil {
		t.Fatal(fault)
	}
	artifacts := filepath.Join(root, "artifacts")
	sources, err := source.Find(ctx, root, source.Options{Artifacts: "artifacts", Books: []*book.Book{b}})
	if err != nil {
		t.Fatal(err)
	}
	inputs, _, err := sources.Inputs(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	builder := &Builder{
		Root: root, Artifacts: artifacts, State: filepath.Join(root, ".bookci"), FontCache: fonts,
		Engine: func(context.Context) (engine.Engine, Makers, error) { return eng, Makers{Ref: realImage}, nil },
		Image:  realImage, Version: "test", SourceDate: 1700000000, Jobs: 1, Now: time.Now,
	}
	defer func() {
		if err := builder.Close(); err != nil {
			t.Error(err)
		}
	}()
	results := builder.Build(ctx, []Job{{Book: b, Targets: []book.Target{target}, Tree: sources.Files, Inputs: inputs, Fault: fault}})
	diagnostics := results[0].Diagnostics
	if errors.As(results[0].Err, &bad) {
		diagnostics = append(diagnostics, bad.Diagnostics...)
	}
	if errors.As(fault, &bad) {
		diagnostics = append(diagnostics, bad.Diagnostics...)
	}
	return diagnostics
}
