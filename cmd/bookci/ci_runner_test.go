//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whole pipelines run here under programs that read them as their CIs do: the
// GitHub workflow under act, with our action and stand-ins for all others, and
// the Jenkinsfile under Groovy, with a stand-in of the pipeline language. What
// GitLab and CircleCI read is checked by its fields and by its shell lines
// (ci_fields_test.go, ci_run_test.go).

// repositoryOf makes a git repository with the sample book in dir, commits its
// pipeline in system's file, made with more arguments, and returns its top.
func repositoryOf(t *testing.T, system ciSystem, form, dir string, edit func(book string), args ...string) (top string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	git(t, top, "init", "-q", "-b", "main")
	book := filepath.Join(top, dir)
	copySample(t, book)
	// As review-init does: the stand-in has no gem where a job's makers look.
	copyTree(t, filepath.Join(moduleTop, "internal/standin/image/gem/templates/latex/review-jsbook"), filepath.Join(book, "sty"))
	write(t, filepath.Join(top, system.file), generateOK(t, top, append([]string{system.name, "--form", form}, args...)...))
	if edit != nil {
		edit(book)
	}
	git(t, top, "add", "-A")
	git(t, top, "commit", "-q", "-m", "A book")
	return top
}

// runnerCase is a book, and what its pipeline comes to.
type runnerCase struct {
	name string
	dir  string
	edit func(t *testing.T, book string)
	good bool
}

var runnerCases = []runnerCase{
	{"a good book", "", nil, true},
	{"a wrong book", "articles", func(t *testing.T, book string) {
		write(t, filepath.Join(book, "start.re"), "= はじめに\n\n@<nosuch>{x}\n")
	}, false},
}

// check compares what was kept. Names are those below kept.
func (c runnerCase) check(t *testing.T, status int, output, kept, artifacts, report string) {
	t.Helper()
	if (status == 0) != c.good {
		t.Fatalf("exit status %d:\n%s", status, output)
	}
	for _, name := range []string{"print/book.pdf", "ebook/book.pdf", "ebook/book.epub"} {
		if _, err := os.Stat(filepath.Join(kept, artifacts, name)); (err == nil) != c.good {
			t.Errorf("%s was kept is %t:\n%s", name, err == nil, output)
		}
	}
	got := readJUnit(t, filepath.Join(kept, report))
	if got.Tests < 30 || (got.Failures+got.Errors == 0) != c.good {
		t.Errorf("the report has %d tests, %d of them failed", got.Tests, got.Failures+got.Errors)
	}
}

func TestTheGitHubWorkflowRunsUnderAct(t *testing.T) {
	act := findAct(t)
	system := ciSystems[slices.IndexFunc(ciSystems, func(s ciSystem) bool { return s.name == "github" })]
	for _, form := range system.forms {
		for _, c := range runnerCases {
			t.Run(form+"/"+c.name, func(t *testing.T) {
				top := repositoryOf(t, system, form, c.dir, func(book string) {
					if c.edit != nil {
						c.edit(t, book)
					}
				})
				job, kept := newCIJob(t, system.name, form, top), t.TempDir()
				status, output := runAct(t, act, "push", job, kept)
				c.check(t, status, output, kept, "book", "test-results/bookci.xml")

				noted, err := os.ReadFile(filepath.Join(kept, "cache"))
				if lines := strings.Split(strings.TrimSpace(string(noted)), "\n"); err != nil || len(lines) != 2 || strings.Contains(string(noted), "${{") ||
					!strings.HasPrefix(lines[0], "image-v1-vvakame-review-5.9: ~/.cache/bookci") || !strings.HasPrefix(lines[1], "book-v1-main-") ||
					!strings.Contains(lines[1], filepath.Join(c.dir, ".bookci")+" "+filepath.Join(c.dir, ".texmf-var")) {
					t.Errorf("cached, %v:\n%s", err, noted)
				}
				if !c.good && !strings.Contains(output, "file=articles/start.re,line=3") && !strings.Contains(output, "articles/start.re:3: ") {
					t.Errorf("the place is not named:\n%s", output)
				}
				if changed := git(t, job.clone, "status", "--porcelain", "--untracked-files=no"); changed != "" {
					t.Errorf("the manuscript has changed:\n%s", changed)
				}
			})
		}
	}
}

func findAct(t *testing.T) string {
	t.Helper()
	act, err := exec.LookPath("act")
	if err != nil {
		t.Skip("no act on this machine: `go run ./internal/tests` fetches it")
	}
	return act
}

// runAct runs a clone's workflows for an event. What they keep goes to kept.
func runAct(t *testing.T, act, event string, job *ciJob, kept string) (status int, output string) {
	t.Helper()
	argv := []string{event, "-P", "ubuntu-latest=-self-hosted", "--action-offline-mode", "--pull=false", "--no-cache-server", "--env", "KEPT=" + kept}
	for _, action := range []string{"checkout@v6", "setup-go@v6", "cache@v5", "upload-artifact@v6"} {
		name, _, _ := strings.Cut(action, "@")
		argv = append(argv, "--local-repository", "actions/"+action+"="+filepath.Join(moduleTop, "cmd/bookci/testdata/ci-run/actions", name))
	}
	action := t.TempDir() // ours, alone: act copies the whole folder
	write(t, filepath.Join(action, "action.yml"), readAll(filepath.Join(moduleTop, "action.yml")))
	argv = append(argv, "--local-repository", "bookci/bookci@v1="+action)
	for _, e := range job.env {
		name, value, _ := strings.Cut(e, "=")
		switch name {
		case "PATH": // as a hosted runner's, without what the workflow is to install
			folders := strings.SplitN(value, ":", 3)
			argv = append(argv, "--env", "FAKE_GO="+folders[0])
		case "HOME", "DOCKER_HOST", "BOOKCI_IMAGE", "THIS_BOOKCI", "HTTP_PROXY":
			argv = append(argv, "--env", e)
		}
	}
	cmd := exec.Command(act, argv...)
	cmd.Dir = job.clone
	cmd.Env = append(slices.Clone(job.env), "PATH="+os.Getenv("PATH")) // setup-go puts the job's Go before it
	out, err := cmd.CombinedOutput()
	return exitStatus(t, err), string(out)
}

// jenkins runs Jenkinsfiles.
type jenkins struct{ groovy, home string }

func findJenkins(t *testing.T) jenkins {
	t.Helper()
	groovy, err := exec.LookPath("groovy")
	if err != nil {
		t.Skip("no groovy on this machine: `go run ./internal/tests` fetches it")
	}
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("no java on this machine, which groovy runs on")
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		t.Fatal(err)
	}
	return jenkins{groovy, filepath.Dir(filepath.Dir(java))}
}

// run runs a clone's Jenkinsfile, started by cause.
func (j jenkins) run(t *testing.T, cause string, job *ciJob, kept string) (status int, output string) {
	t.Helper()
	cmd := exec.Command(j.groovy, filepath.Join(moduleTop, "cmd/bookci/testdata/ci-run/jenkins.groovy"), "Jenkinsfile", cause)
	cmd.Dir = job.clone
	cmd.Env = append(slices.Clone(job.env), "JENKINS_KEPT="+kept, "JAVA_HOME="+j.home)
	out, err := cmd.CombinedOutput()
	return exitStatus(t, err), string(out)
}

func TestTheJenkinsfileRunsUnderGroovy(t *testing.T) {
	j := findJenkins(t)
	system := ciSystems[slices.IndexFunc(ciSystems, func(s ciSystem) bool { return s.name == "jenkins" })]
	for _, form := range system.forms {
		for _, c := range runnerCases {
			t.Run(form+"/"+c.name, func(t *testing.T) {
				top := repositoryOf(t, system, form, c.dir, func(book string) {
					if c.edit != nil {
						c.edit(t, book)
					}
				})
				job, kept := newCIJob(t, system.name, form, top), t.TempDir()
				status, output := j.run(t, "SCMTrigger", job, kept)
				c.check(t, status, output, kept, filepath.Join("archive", c.dir, "artifacts"), "junit/test-results/bookci.xml")
				if _, err := os.Stat(filepath.Join(kept, "archive", c.dir, ".bookci/log")); err != nil {
					t.Errorf("the makers' output was not kept: %v", err)
				}
			})
		}
		t.Run(form+"/a step that fails", func(t *testing.T) {
			top := repositoryOf(t, system, form, "", nil)
			job, kept := newCIJob(t, system.name, form, top), t.TempDir()
			job.env = append(job.env, "THIS_BOOKCI=/nowhere/bookci")
			status, output := j.run(t, "SCMTrigger", job, kept)
			if status == 0 || !strings.Contains(output, "stage Build the book is skipped") || !strings.Contains(output, "jenkins: FAILURE") {
				t.Errorf("exit status %d:\n%s", status, output)
			}
		})
	}
}

// exitStatus is that of a program that has run.
func exitStatus(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(fmt.Errorf("starting the runner: %w", err))
	return 0
}
