package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/world"
)

var updateCI = flag.Bool("update-ci", false, "write the pipelines' golden files anew")

// generate is what `bookci ci` says in a folder, with no variable set.
func generate(t *testing.T, dir string, args ...string) (text string, code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{World: &world.World{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Env: func() []string { return nil }}}
	t.Chdir(dir)
	code = a.main(context.Background(), append([]string{"ci"}, args...))
	return out.String(), code, errs.String()
}

// generateOK is generate where it must work.
func generateOK(t *testing.T, dir string, args ...string) string {
	t.Helper()
	text, code, stderr := generate(t, dir, args...)
	if code != exit.Done {
		t.Fatalf("bookci ci %s: exit status %d: %s", strings.Join(args, " "), code, stderr)
	}
	return text
}

// everyPipeline are the arguments for all that `bookci ci` can make.
func everyPipeline() (all [][]string) {
	for _, s := range ciSystems {
		for _, form := range s.forms {
			all = append(all, []string{s.name, "--form", form})
		}
	}
	return all
}

// withLinks are the same with the weekly job.
func withLinks() (all [][]string) {
	for _, args := range everyPipeline() {
		all = append(all, append(args, "--links"))
	}
	return all
}

// repository makes a folder that looks like the top of a repository, with the
// sample book below it in dir.
func repository(t *testing.T, dir string) (top string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(top, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	copySample(t, filepath.Join(top, dir))
	return top
}

// moduleTop is found before any test goes to another folder.
var moduleTop, _ = filepath.Abs("../..")

// copySample copies the sample book's sources.
func copySample(t *testing.T, to string) { copyTree(t, filepath.Join(moduleTop, "sample-book"), to) }

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, name)
		switch {
		case d.IsDir() && (notASource[d.Name()]):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// notASource are the folders that a build may have left in the sample book.
var notASource = map[string]bool{".bookci": true, ".texmf-var": true, "artifacts": true}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPipelinesAreAsKept(t *testing.T) {
	golden := filepath.Join(moduleTop, "cmd/bookci/testdata/ci")
	const lock = "bookci.lock"
	for _, c := range []struct {
		name  string
		setUp func(t *testing.T) string
		args  []string
		all   bool // forms too
	}{
		{"sample-book", func(t *testing.T) string { return repository(t, "") }, nil, true},
		{"locked", func(t *testing.T) string {
			top := repository(t, "")
			write(t, filepath.Join(top, lock), "")
			return top
		}, nil, false},
		{"nested", func(t *testing.T) string {
			top := repository(t, "articles")
			write(t, filepath.Join(top, "articles", lock), "")
			return top
		}, []string{"articles"}, false},
		{"unconfigured", func(t *testing.T) string { // the root is the repository's top, the book below it
			top := repository(t, "私の 本")
			if err := os.Remove(filepath.Join(top, "私の 本", "bookci.yml")); err != nil {
				t.Fatal(err)
			}
			return top
		}, nil, false},
		{"links", func(t *testing.T) string { return repository(t, "articles") }, []string{"articles", "--links"}, true},
		{"own-image", func(t *testing.T) string {
			top := repository(t, "")
			write(t, filepath.Join(top, "bookci.yml"), "image: {build: docker}\n")
			write(t, filepath.Join(top, "docker", "Dockerfile"), "FROM vvakame/review:5.9\n")
			write(t, filepath.Join(top, lock), "")
			return top
		}, nil, false},
	} {
		for _, s := range ciSystems {
			for i, form := range s.forms {
				if i > 0 && !c.all {
					continue
				}
				t.Run(c.name+"/"+s.name+"-"+form, func(t *testing.T) {
					got := generateOK(t, c.setUp(t), append([]string{s.name, "--form", form}, c.args...)...)
					name := filepath.Join(golden, c.name, s.name+"-"+form+filepath.Ext(s.template))
					if *updateCI {
						write(t, name, got)
					}
					want, err := os.ReadFile(name)
					if err != nil {
						t.Fatal(err)
					}
					if got != string(want) {
						t.Errorf("not as in %s (go test -run TestPipelinesAreAsKept -update-ci writes it anew):\n%s", name, got)
					}
				})
			}
		}
	}
}

func TestPipelinesNeedADefaultForm(t *testing.T) {
	top := repository(t, "")
	for _, s := range ciSystems {
		if generateOK(t, top, s.name) != generateOK(t, top, s.name, "--form", s.forms[0]) {
			t.Errorf("%s: the default is not %s", s.name, s.forms[0])
		}
	}
}

func TestWriteNeverWritesOver(t *testing.T) {
	for _, s := range ciSystems {
		t.Run(s.name, func(t *testing.T) {
			top := repository(t, "articles")
			want := generateOK(t, top, s.name)
			// The file belongs at the top, wherever one stands.
			out, code, stderr := generate(t, filepath.Join(top, "articles"), s.name, "--write")
			if next := "next: `git add ../" + s.file + "`"; code != exit.Done || !strings.Contains(stderr, next) {
				t.Errorf("exit status %d, no word of what comes next: %s", code, stderr)
			}
			name := filepath.Join(top, filepath.FromSlash(s.file))
			if got, err := os.ReadFile(name); err != nil || string(got) != want {
				t.Errorf("%s: %v\n%s", name, err, got)
			}
			if out := strings.TrimSpace(out); filepath.Join(top, "articles", out) != name && out != name {
				t.Errorf("stdout says %q", out)
			}
			// What is there already, to the letter, is told and is no error.
			if _, code, stderr := generate(t, top, s.name, "--write"); code != exit.Done || !strings.Contains(stderr, "is there already, as it would be written now") {
				t.Errorf("the second time: exit status %d: %s", code, stderr)
			}
			write(t, name, "mine\n")
			_, code, stderr = generate(t, top, s.name, "--write")
			if code != exit.Usage || !strings.Contains(stderr, "is there already") || !strings.Contains(stderr, "hint: ") {
				t.Errorf("exit status %d: %s", code, stderr)
			}
			if got, _ := os.ReadFile(name); string(got) != "mine\n" {
				t.Errorf("written over: %s", got)
			}
		})
	}
}

func TestPipelineRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		dir  string
		yml  string
		args []string
		says string
	}{
		"an unknown CI":                   {args: []string{"bamboo"}, says: "circleci, github, gitlab, jenkins"},
		"no CI":                           {says: "circleci, github, gitlab, jenkins"},
		"a form that the CI has not":      {args: []string{"github", "--form", "in-image"}, says: "for github there is machine"},
		"a folder that would be code":     {dir: "a$(id)", args: []string{"github"}, says: "rename the folder"},
		"a folder that would be a key":    {dir: "{{ .Branch }}", args: []string{"circleci"}, says: "rename the folder"},
		"a folder that would be a flag":   {dir: "-x", args: []string{"jenkins"}, says: "rename the folder"},
		"in-image with an image to build": {yml: "image: {build: .}\n", args: []string{"circleci", "--form", "in-image"}, says: "the book builds its own image"},
		"artifacts outside":               {yml: "artifacts: /elsewhere\n", args: []string{"gitlab"}, says: "absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			top := repository(t, c.dir)
			if c.yml != "" {
				write(t, filepath.Join(top, "bookci.yml"), c.yml)
			}
			out, code, stderr := generate(t, top, c.args...)
			if code != exit.Usage || out != "" || !strings.Contains(stderr, c.says) {
				t.Errorf("exit status %d, stdout %q, stderr %q", code, out, stderr)
			}
		})
	}
}

// decode reads a pipeline; a key that stands twice is an error of the library's.
func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var doc map[string]any
	dec := yaml.NewDecoder(strings.NewReader(text))
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("no YAML: %v\n%s", err, text)
	}
	if err := dec.Decode(new(any)); err != io.EOF {
		t.Fatalf("more than one document: %v", err)
	}
	return doc
}

func TestAPipelineIsNotWrittenBehindALinkThatLeadsOut(t *testing.T) {
	top, outside := repository(t, ""), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(top, ".github")); err != nil {
		t.Fatal(err)
	}
	if _, code, stderr := generate(t, top, "github", "--write"); code != exit.Environment || !strings.Contains(stderr, "writing .github/workflows/book.yml") {
		t.Errorf("exit status %d: %s", code, stderr)
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) > 0 {
		t.Errorf("outside lies %v, %v", files, err)
	}
}

func TestTheWorkflowBuildsTheDefaultBranchOfTheCloneOnPush(t *testing.T) {
	for head, want := range map[string]string{
		"ref: refs/remotes/origin/develop\n":   "    branches:\n      - develop\n  pull_request:",
		"ref: refs/remotes/origin/2026\n":      "    branches:\n      - \"2026\"\n  pull_request:",
		"ref: refs/remotes/origin/原稿+a\n":      "    branches:\n      - \"原稿\\\\+a\"\n  pull_request:",
		"ref: refs/remotes/origin/true\n":      "    branches:\n      - \"true\"\n  pull_request:",
		"ref: refs/remotes/origin/1e3\n":       "    branches:\n      - \"1e3\"\n  pull_request:",
		"ref: refs/remotes/origin/a\x1b[31m\n": "    branches:\n      - main\n      - master\n  pull_request:",
		"ref: refs/remotes/origin/a\u202eb\n":  "    branches:\n      - main\n      - master\n  pull_request:",
		"ref: refs/remotes/origin/a\nb":        "    branches:\n      - main\n      - master\n  pull_request:",
		"0123456789abcdef0123456789abcdef0123": "    branches:\n      - main\n      - master\n  pull_request:",
		"":                                     "    branches:\n      - main\n      - master\n  pull_request:",
	} {
		top := repository(t, "")
		if head != "" {
			write(t, filepath.Join(top, ".git/refs/remotes/origin/HEAD"), head)
		}
		if text := generateOK(t, top, "github"); !strings.Contains(text, want) {
			t.Errorf("%q:\n%s", head, text)
		}
	}
}
