package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/cache"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// The templates have [[ and ]] around what is filled in: CircleCI and GitHub
// have {{ and }} of their own.
//
//go:embed ci
var ciTemplates embed.FS

// The values of --form: where the job's steps run, and where Docker does.
const (
	formMachine = "machine"       // both on the job's own machine
	formRemote  = "remote-docker" // the steps in a container, Docker elsewhere
	formInImage = "in-image"      // the steps in the book's image, without Docker
)

// ciSystem is a CI that there is a template for.
type ciSystem struct {
	name     string
	template string   // in ci/
	file     string   // where the CI looks for it, a slash path below the repository's top
	forms    []string // the first is the default
}

var ciSystems = []ciSystem{
	{"circleci", "circleci.yml", ".circleci/config.yml", []string{formMachine, formRemote, formInImage}},
	{"github", "github.yml", ".github/workflows/book.yml", []string{formMachine}},
	{"gitlab", "gitlab.yml", ".gitlab-ci.yml", []string{formRemote, formInImage}},
	{"jenkins", "Jenkinsfile", "Jenkinsfile", []string{formMachine}},
}

func (a *app) newCICmd() *cobra.Command {
	var form string
	var write, withLinks bool
	var names []string
	for _, s := range ciSystems {
		names = append(names, s.name)
	}
	cmd := &cobra.Command{
		Use:   "ci " + strings.Join(names, "|") + " [DIR]",
		Short: "Print a CI pipeline for this book",
		Long: `ci prints a pipeline that builds the book in DIR, or in this folder: it keeps the
image and what TeX learnt in the CI's cache, and shows the book and what is wrong
with it on the CI's pages.

With --write it goes to the file in which the CI looks for it; one that is there
is never written over.`,
		Example: `  bookci ci github --write
  bookci ci circleci --form remote-docker
  bookci ci jenkins articles`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || !slices.Contains(names, args[0]) {
				meant := ""
				if len(args) > 0 {
					meant = text.DidYouMean(args[0], names)
				}
				return fault.Usagef("as in `bookci ci github`", "ci takes the name of a CI: %s%s", strings.Join(names, ", "), meant)
			}
			return oneDir(nil, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			system := ciSystems[slices.Index(names, args[0])]
			return a.runCI(cmd.Context(), system, form, dirArg(args[1:]), withLinks, write)
		},
	}
	cmd.Flags().StringVar(&form, "form", "", "where the job runs: machine, remote-docker or in-image, as far as the CI has it")
	cmd.Flags().BoolVar(&withLinks, "links", false, "with a job that looks at the book's links once a week")
	cmd.Flags().BoolVar(&write, "write", false, "write the file, unless it is there")
	return cmd
}

func (a *app) runCI(ctx context.Context, system ciSystem, form, dir string, withLinks, write bool) error {
	if form == "" {
		form = system.forms[0]
	}
	if !slices.Contains(system.forms, form) {
		return fault.Usagef(fmt.Sprintf("for %s there is %s", system.name, strings.Join(system.forms, ", ")), "--form %q", form)
	}
	p, err := project.Open(ctx, a.World, project.Choice{Dir: dir}, nil, a.Println)
	if err != nil {
		return err
	}
	top := a.RepositoryTop(p.Root)
	text, err := pipeline(p, system, form, top, withLinks)
	if err != nil {
		return err
	}
	if !write {
		_, err := a.Stdout.Write(text)
		return err
	}
	here := world.Here(top)
	name := screen.RelativeTo(top, here, system.file)
	file := filepath.Join(top, filepath.FromSlash(system.file))
	if err := writeNew(top, system.file, text); err != nil {
		if there, readErr := fsx.ReadBelow(top, file, maxPipeline); errors.Is(err, os.ErrExist) && readErr == nil && bytes.Equal(there, text) {
			a.Println("bookci: " + name + " is there already, as it would be written now")
			_, err = fmt.Fprintln(a.Stdout, name)
			return err
		}
		if errors.Is(err, os.ErrExist) {
			return fault.Usagef(fmt.Sprintf("`bookci ci %s` prints what would be in it; take from that what you need", system.name), "%s is there already", name)
		}
		return &fault.Environment{Err: fmt.Errorf("writing %s: %w", name, fsx.Reason(err))}
	}
	added := shellWord(name)
	lock := filepath.Join(p.Root, cache.LockName)
	if _, err := os.Stat(lock); err == nil {
		added += " " + shellWord(screen.RelativeTo(top, here, lock))
	}
	a.Println("bookci: next: `git add " + added + "`, commit and push")
	_, err = fmt.Fprintln(a.Stdout, name)
	return err
}

// maxPipeline bounds what is read of a pipeline that is there, in bytes.
const maxPipeline = 1 << 20

// writeNew writes a file below the folder top that is not there, whole or not at all.
// No link leads it out of that: a clone may bring one in the place of .github.
func writeNew(top, name string, text []byte) error {
	root, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = root.Remove(name) // ours, and of no use
	}
	return err
}

// pipelineData is what the templates fill in. Paths are slash paths below the
// repository's top, in which CIs run commands.
type pipelineData struct {
	Form      string
	Dir       string // what to build, "" for the top itself
	Artifacts string // a folder
	// The same below the root, "" when it is `artifacts` there.
	OtherArtifacts string
	State          string   // .bookci
	Fonts          string   // .texmf-var
	Image          string   // the reference, "" when the book builds its own
	ImageName      string   // the same as a word
	KeyFiles       []string // files that say which image it is; empty when only Image does
	Branches       []string // the default branch, or what it may be called
	Links          bool     // with a job for the links
	Cron           string   // when that runs
}

// weekly is a time of the week for cron, early on a Sunday in Japan: another for
// each book, so that not all of them ask the same sites at the same moment.
func weekly(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	n := h.Sum32() % (6 * 60)
	return fmt.Sprintf("%d %d * * 6", n%60, 15+n/60) // Saturday by UTC
}

// defaultBranches is origin's default branch, as of the clone or of the last
// `git remote set-head`, as a pattern of GitHub's. Where none is known it is what default
// branches are called, and the branch that is checked out.
func defaultBranches(top string) []string {
	const most = 1 << 10
	ref := func(prefix string, file ...string) string {
		head, err := fsx.ReadBelow(top, filepath.Join(append([]string{top, ".git"}, file...)...), most)
		name, ok := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: "+prefix)
		if err != nil || !ok || text.Printable(name) != name {
			return "" // an archive may hold what git refuses
		}
		return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "+", `\+`, "[", `\[`, "]", `\]`, "!", `\!`).Replace(name)
	}
	if name := ref("refs/remotes/origin/", "refs", "remotes", "origin", "HEAD"); name != "" {
		return []string{name}
	}
	branches := []string{"main", "master"}
	if name := ref("refs/heads/", "HEAD"); name != "" && !slices.Contains(branches, name) {
		branches = append(branches, name)
	}
	return branches
}

// pipeline is the text of a pipeline for the project's books.
func pipeline(p *project.Project, system ciSystem, form, top string, withLinks bool) ([]byte, error) {
	data := pipelineData{Form: form, Image: p.ImageRef(), Branches: defaultBranches(top), Links: withLinks, Cron: weekly(p.Books[0].Bookname)}
	dir := p.Root
	if len(p.Settings.Books) == 0 {
		dir = filepath.Join(p.Root, filepath.FromSlash(p.Books[0].Dir))
	}
	for _, one := range []struct {
		set *string
		abs string
	}{
		{&data.Dir, dir}, {&data.Artifacts, p.Artifacts()},
		{&data.State, p.State()}, {&data.Fonts, filepath.Join(p.Root, ".texmf-var")},
	} {
		var err error
		if *one.set, err = ciPath(top, one.abs); err != nil {
			return nil, err
		}
	}
	if data.Dir == "." {
		data.Dir = ""
	}
	// Both are below the top, so one can be named from the other.
	if rel, err := filepath.Rel(p.Root, p.Artifacts()); err == nil && rel != "artifacts" {
		data.OtherArtifacts = filepath.ToSlash(rel)
	}
	lock := filepath.Join(p.Root, cache.LockName)
	if _, err := os.Stat(lock); err == nil {
		name, err := ciPath(top, lock)
		if err != nil {
			return nil, err
		}
		data.KeyFiles = append(data.KeyFiles, name)
	}
	if s := p.Settings.Image; s.Build != "" {
		if form == formInImage {
			return nil, fault.Usagef("take another form, or push the image to a registry and name it in bookci.yml", "the book builds its own image, in which no job can run before it is built")
		}
		file := s.Dockerfile
		if file == "" {
			file = "Dockerfile"
		}
		name, err := ciPath(top, filepath.Join(p.Root, s.Build, file))
		if err != nil {
			return nil, err
		}
		data.KeyFiles = append(data.KeyFiles, name)
		data.Image = ""
	}
	data.ImageName = notWord.ReplaceAllString(data.Image, "-")

	t, err := template.New(system.template).Delims("[[", "]]").Funcs(template.FuncMap{"sh": shellWord, "yaml": yamlWord}).
		ParseFS(ciTemplates, path.Join("ci", system.template))
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, data); err != nil {
		return nil, err
	}
	return append(bytes.TrimSpace(text.Bytes()), '\n'), nil
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// ciPath is abs as a slash path below top. Names with characters that one of
// the CIs takes for more than a part of a name are refused: what they would do
// in a pipeline cannot be seen by looking at it.
func ciPath(top, abs string) (string, error) {
	rel, err := filepath.Rel(top, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fault.Usagef("CIs keep files from below the repository's top only", "%s lies outside %s", abs, top)
	}
	name := filepath.ToSlash(rel)
	bad := func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("$`'\"\\*?[]{}<>,|&;!#%:", r) }
	if strings.ContainsFunc(name, bad) || strings.ContainsAny(name[:1], "-~@=+") || name != strings.TrimSpace(name) {
		return "", fault.Usagef("rename the folder", "the name %q has characters that CI systems do not take for a name", name)
	}
	return name, nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/][A-Za-z0-9._/:@-]*$`)

// shellWord is a name that ciPath has let pass as one word of a shell command.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + s + "'"
}

// yamlWord is the same, an image's reference or a branch, as a YAML scalar that is a
// string.
func yamlWord(s string) string {
	var plain any
	if err := yaml.Unmarshal([]byte(s), &plain); err == nil && plain == s && plainWord.MatchString(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
