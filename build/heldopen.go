package build

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
)

// On Windows a file that a viewer shows can be neither replaced nor removed, and
// some viewers keep a PDF open for as long as they show it. The new artifact is
// then kept beside the old one, so that no build is lost.

// besideOf is the name of an artifact that is kept beside the one named name.
func besideOf(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-new" + ext
}

// publishBeside keeps the artifact at made beside the one named name, which
// programs have open. It returns the error that tells of it.
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
		return // nothing there, as nearly always: the manifest need not be read
	}
	if b.manifest.entry(b.pathOf(besideOf(name))) != nil {
		return // another book's own artifact, of that name
	}
	_ = fsx.RemoveAll(file) // where a viewer has it open, the next build tries again
}
