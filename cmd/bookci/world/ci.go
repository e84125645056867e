package world

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/bookci/bookci/cmd/bookci/screen"
)

// This file says what the CI that bookci runs in reads of its output, and where.

// InGitHub tells whether a runner of GitHub reads along.
func (w *World) InGitHub() bool { return w.Getenv("GITHUB_ACTIONS") == "true" }

// StopCommands keeps GitHub's runner from obeying commands in what is printed
// until the answer is called: the lines quoted from a manuscript are not trusted.
func (w *World) StopCommands(show screen.Show) (resume func()) {
	if !w.InGitHub() {
		return func() {}
	}
	token := rand.Text()
	show.Println("::stop-commands::" + token)
	return func() { show.Println("::" + token + "::") }
}

// Inert is text that GitHub's runner obeys nothing in: it reads commands after ::
// at the beginning of a line, and after ##[ anywhere. For lines that other
// programs read, among which StopCommands has no place.
func (w *World) Inert(text string) string {
	if !w.InGitHub() {
		return text
	}
	lines := strings.Split(strings.ReplaceAll(text, "##[", "## ["), "\n")
	for i, line := range lines {
		if begun := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(begun, "::") {
			lines[i] = strings.TrimSuffix(line, begun) + "·" + begun
		}
	}
	return strings.Join(lines, "\n")
}

// RepositoryTop is the folder that a CI's pages take paths from: the top of
// git's work tree, else the folder that the CI names, else root.
func (w *World) RepositoryTop(root string) string {
	for dir := root; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, name := range []string{"GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE", "CIRCLE_WORKING_DIRECTORY"} {
		dir := w.Getenv(name)
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			dir = filepath.Join(w.Home(), rest)
		}
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil || !filepath.IsAbs(dir) {
			continue
		}
		if rel, err := filepath.Rel(dir, root); err == nil && filepath.IsLocal(rel) {
			return dir
		}
	}
	return root
}
