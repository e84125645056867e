package build

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// On Windows a file that a viewer shows can be neither replaced nor removed, and
// some viewers keep a PDF open for as long as they show it. What was built is
// then kept beside it, so that no build is lost.

// besideOf is the name that an artifact has while its own cannot be given to it.
func besideOf(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-new" + ext
}

// publishBeside keeps the artifact at made beside the one named name, which
// programs have open. The error says so.
func (b *Builder) publishBeside(made, name string, programs []string) error {
	who := "another program"
	if len(programs) > 0 {
		who = strings.Join(programs, ", ")
	}
	open := b.pathOf(name)
	beside := besideOf(name)
	if err := fsx.Replace(made, filepath.Join(b.Artifacts, beside)); err != nil {
		return fault.Environmentf("close "+open+" there, then build again", "%s is open in %s and cannot be replaced: %w", open, who, err)
	}
	return fault.Environmentf("close "+open+" there, then build again; or look at "+b.pathOf(beside),
		"%s is open in %s and cannot be replaced: the new one is %s", open, who, b.pathOf(beside))
}

// removeBeside removes what publishBeside has left of an older build.
func (b *Builder) removeBeside(name string) {
	file := filepath.Join(b.Artifacts, besideOf(name))
	if _, err := os.Lstat(file); err != nil {
		return // as nearly always: the manifest need not be read
	}
	if b.manifest.entry(b.pathOf(besideOf(name))) != nil {
		return // an artifact of another book, whose name that is
	}
	_ = fsx.RemoveAll(file) // one that is open itself goes after the next build
}
