package build

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/internal/testbook"
)

// A Rakefile may make the cover that the config names.
func TestAValueThatReVIEWCannotUseStopsItsOwnMakerAlone(t *testing.T) {
	root := testbook.Folder(t, testbook.Small(map[string]string{"config.yml": "bookname: b\ncoverimage: made.png\n"}))
	read, err := book.Read(root, ".", "config.yml")
	if err != nil {
		t.Fatal(err)
	}
	reached := errors.New("the engine is asked for")
	b := &Builder{
		Root: root, State: filepath.Join(root, ".bookci"), FontCache: filepath.Join(root, ".texmf-var"), Artifacts: filepath.Join(root, "artifacts"), Now: time.Now,
		Engine: func(context.Context) (engine.Engine, Makers, error) { return nil, Makers{}, reached },
	}
	for command, stopped := range map[string]bool{"": true, "rake pdf": false} {
		results := b.Build(t.Context(), []Job{{Book: read, Targets: []book.Target{book.PDF}, Command: map[book.Target]string{book.PDF: command}}})
		if len(results) != 1 || errors.Is(results[0].Err, reached) == stopped || len(results[0].Diagnostics) != 1 {
			t.Errorf("%q: %+v", command, results)
		}
	}
}
