//go:build unix

package main

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/internal/standin"
)

// The shell lines of every pipeline run here as the CI would run them, in a
// clean clone of a repository with the sample book. Only `go install` is
// another one: it installs this bookci.

// shellStep is what a CI hands to one shell.
type shellStep struct {
	argv []string // the shell; the script is its last argument
	text string
}

// shellSteps are a pipeline's, in the order in which they run.
func shellSteps(t *testing.T, system, text string) (steps []shellStep) {
	t.Helper()
	if system == "jenkins" {
		for _, m := range regexp.MustCompile(`(?s)sh ('''(.*?)'''|'([^'\n]*)')`).FindAllStringSubmatch(text, -1) {
			steps = append(steps, shellStep{[]string{"sh", "-xec"}, m[2] + m[3]})
		}
		return steps
	}
	doc := decode(t, text)
	jobs, _ := doc["jobs"].(map[string]any)
	for _, name := range []string{"bookci", "book"} { // the first is there in some forms only
		switch system {
		case "gitlab":
			job, _ := doc[name].(map[string]any)
			if job == nil {
				continue
			}
			var lines []string
			for _, line := range job["script"].([]any) {
				lines = append(lines, line.(string))
			}
			steps = append(steps, shellStep{[]string{"sh", "-ec"}, strings.Join(lines, "\n")})
		default:
			job, _ := jobs[name].(map[string]any)
			if job == nil {
				continue
			}
			for _, step := range job["steps"].([]any) {
				m, _ := step.(map[string]any)
				text, ok := m["run"].(string)
				if run, long := m["run"].(map[string]any); long {
					text, ok = run["command"].(string)
				}
				if ok {
					steps = append(steps, shellStep{[]string{"bash", "-eo", "pipefail", "-c"}, text})
				}
			}
		}
	}
	return steps
}

// fakeGo installs this bookci, if it is asked for bookci.
const fakeGo = `#!/bin/sh
case $* in
"install github.com/bookci/bookci/cmd/bookci@latest" | "install github.com/bookci/bookci/cmd/bookci@v1") ;;
*) echo "go $*?" >&2; exit 2 ;;
esac
to=${GOBIN:-$HOME/go/bin}
mkdir -p "$to" && cp "$THIS_BOOKCI" "$to/bookci"
`

// ciJob is the machine that a CI gives a job.
type ciJob struct {
	clone string
	env   []string
	tmp   string // stands for /tmp/bookci, which several tests would share
}

func newCIJob(t *testing.T, system, form, top string) *ciJob {
	t.Helper()
	home, bin := t.TempDir(), t.TempDir()
	j := &ciJob{clone: filepath.Join(t.TempDir(), "clone"), tmp: filepath.Join(home, "tmp-bookci")}
	git(t, top, "clone", "-q", top, j.clone)
	write(t, filepath.Join(bin, "go"), fakeGo)
	if err := os.Chmod(filepath.Join(bin, "go"), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := []string{bin, filepath.Join(home, "go/bin")}
	if form == formInImage {
		path = append(path, standin.Programs(t)...)
		j.env = append(j.env, "DOCKER_HOST=unix://"+filepath.Join(home, "no-docker.sock"))
	} else {
		api := standin.Docker(t)
		j.env = append(j.env, "DOCKER_HOST="+api.DaemonHost(), "BOOKCI_IMAGE="+standin.Image(t, api))
	}
	j.env = append(j.env, "PATH="+strings.Join(append(path, os.Getenv("PATH")), ":"), "HOME="+home, "THIS_BOOKCI="+self, "CI=true")
	switch system {
	case "github":
		j.env = append(j.env, "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+j.clone, "GITHUB_STEP_SUMMARY="+filepath.Join(home, "summary.md"))
	case "gitlab":
		j.env = append(j.env, "CI_PROJECT_DIR="+j.clone)
	case "jenkins":
		j.env = append(j.env, "WORKSPACE="+j.clone)
	}
	return j
}

// run runs the steps until one fails, and returns its exit status and all output.
func (j *ciJob) run(t *testing.T, steps []shellStep) (code int, output string) {
	t.Helper()
	for _, s := range steps {
		text := strings.ReplaceAll(s.text, "/tmp/bookci", j.tmp)
		cmd := exec.Command(s.argv[0], append(slices.Clone(s.argv[1:]), text)...)
		cmd.Dir, cmd.Env = j.clone, j.env
		out, err := cmd.CombinedOutput()
		output += string(out)
		if err != nil {
			return cmd.ProcessState.ExitCode(), output
		}
	}
	return 0, output
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git on this machine")
	}
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestPipelinesRun(t *testing.T) {
	for _, program := range []string{"git", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s on this machine", program)
		}
	}
	for _, args := range everyPipeline() {
		system, form := args[0], args[2]
		if system == "github" {
			continue // its lines are those of action.yml, which runs whole in ci_runner_test.go
		}
		t.Run(system+"-"+form, func(t *testing.T) {
			top, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			git(t, top, "init", "-q")
			copySample(t, filepath.Join(top, "articles"))
			// As review-init does: the stand-in has no gem where a job's makers look.
			copyTree(t, filepath.Join(moduleTop, "internal/standin/image/gem/templates/latex/review-jsbook"), filepath.Join(top, "articles/sty"))
			text := generateOK(t, top, args...)
			git(t, top, "add", "-A")
			git(t, top, "commit", "-q", "-m", "A book")
			steps := shellSteps(t, system, text)
			if len(steps) == 0 {
				t.Fatal("the pipeline has no shell lines")
			}
			job := newCIJob(t, system, form, top)

			code, output := job.run(t, steps)
			if code != 0 {
				t.Fatalf("exit status %d:\n%s", code, output)
			}
			for _, name := range []string{"artifacts/print/book.pdf", "artifacts/ebook/book.pdf", "artifacts/ebook/book.epub", ".bookci/log", ".texmf-var"} {
				if _, err := os.Stat(filepath.Join(job.clone, "articles", name)); err != nil {
					t.Error(err)
				}
				if dir := "articles/" + strings.Split(name, "/")[0]; !strings.Contains(text, dir) {
					t.Errorf("the pipeline does not name %s", dir)
				}
			}
			if doc := readJUnit(t, filepath.Join(job.clone, "test-results/bookci.xml")); doc.Failures+doc.Errors > 0 || doc.Tests < 30 {
				t.Errorf("of %d tests %d have failed", doc.Tests, doc.Failures+doc.Errors)
			}
			if changed := git(t, job.clone, "status", "--porcelain", "--untracked-files=no"); changed != "" {
				t.Errorf("the manuscript has changed:\n%s", changed)
			}

			// What bookci writes is not taken for a source by the next build.
			build := steps[len(steps)-1] // its last line; what is before it has been done
			build.text = build.text[strings.LastIndex(strings.TrimSpace(build.text), "\n")+1:]
			if code, output = job.run(t, []shellStep{build}); code != 0 || strings.Contains(output, "starting the maker") {
				t.Errorf("the second build, exit status %d:\n%s", code, output)
			}

			// A fault fails the job and stands in the report.
			write(t, filepath.Join(job.clone, "articles/start.re"), "= はじめに\n\n@<nosuch>{x}\n")
			if code, output = job.run(t, []shellStep{build}); code != exit.Book {
				t.Errorf("a wrong book: exit status %d:\n%s", code, output)
			}
			report := readAll(filepath.Join(job.clone, "test-results/bookci.xml"))
			if !strings.Contains(report, `file="articles/start.re"`) || !strings.Contains(report, "articles/start.re:3: ") {
				t.Errorf("the report does not name the place:\n%s", report)
			}
			if annotated := strings.Contains(output, "\n::error file=articles/start.re,line=3,"); annotated != (system == "github") {
				t.Errorf("annotations: %t:\n%s", annotated, output)
			}
		})
	}
}

// junitCounts is what a CI counts in a JUnit report.
type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
}

func readJUnit(t *testing.T, name string) (doc junitCounts) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
