//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/cmd/bookci/world"
)

// action is action.yml as far as it is looked at here.
type action struct {
	Inputs map[string]struct{ Description, Default string }
	Runs   struct {
		Steps []struct {
			ID, Run string
			Env     map[string]string
		}
	}
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readAll(filepath.Join(moduleTop, "action.yml"))), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// runStep runs one step's lines in dir and returns its outputs.
func (a action) runStep(t *testing.T, id, dir string, env ...string) string {
	t.Helper()
	for _, s := range a.Runs.Steps {
		if s.ID != id {
			continue
		}
		output := filepath.Join(t.TempDir(), "output")
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), env, []string{"GITHUB_OUTPUT=" + output})
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("step %s: %v\n%s", id, err, out)
		}
		return readAll(output)
	}
	t.Fatalf("the action has no step %s", id)
	return ""
}

func TestTheActionHasTheInputsOfBuild(t *testing.T) {
	a := readAction(t)
	ours := []string{"cache-dir", "junit", "code-quality", "json", "progress"} // the action's own affair, or another CI's
	cmd := (&app{World: &world.World{Env: func() []string { return nil }}}).newBuildCmd()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, ok := a.Inputs[f.Name]; ok == slices.Contains(ours, f.Name) {
			t.Errorf("--%s is an input: %t", f.Name, ok)
		}
	})
	for name, input := range a.Inputs {
		if input.Description == "" {
			t.Errorf("the input %s is not described", name)
		}
	}
	text := readAll(filepath.Join(moduleTop, "action.yml"))
	for _, used := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(text, -1) {
		if _, ok := a.Inputs[used[1]]; !ok {
			t.Errorf("there is no input %s", used[1])
		}
	}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("an input could become a command: %s", s.Run)
		}
	}
}

// What the action is given comes to bookci as it was, whatever characters it has.
func TestTheActionHandsItsInputsOn(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash on this machine")
	}
	a, bin := readAction(t), t.TempDir()
	write(t, filepath.Join(bin, "bookci"), "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n")
	if err := os.Chmod(filepath.Join(bin, "bookci"), 0o755); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=/h"}
	want := "<build>\n<--cache-dir>\n</h/.cache/bookci>\n<--junit>\n<test-results/bookci.xml>\n"
	for _, s := range a.Runs.Steps {
		if s.ID != "build" {
			continue
		}
		for _, name := range strings.Fields(regexp.MustCompile(`for flag in (.*);`).FindStringSubmatch(s.Run)[1]) {
			if _, ok := s.Env["INPUT_"+strings.ToUpper(name)]; !ok {
				t.Errorf("%s is handed on and not given", name)
			}
			env = append(env, "INPUT_"+strings.ToUpper(name)+"=$(id) \"'"+name)
			want += "<--" + name + "=$(id) \"'" + name + ">\n"
		}
		for name := range s.Env {
			if input := strings.ToLower(strings.TrimPrefix(name, "INPUT_")); strings.HasPrefix(name, "INPUT_") && !strings.Contains(want, "<--"+input+"=") {
				t.Errorf("%s is given and not handed on", input)
			}
		}
	}
	got := a.runStep(t, "build", t.TempDir(), append(env, "DIR=-x", "FORCE=true", "STRICT=true")...)
	if want = "built<<END-OF-PATHS\n" + want + "<--force>\n<--strict>\n<-->\n<-x>\nEND-OF-PATHS\n"; got != want {
		t.Errorf("bookci gets\n%s, not\n%s", got, want)
	}
	got = a.runStep(t, "build", t.TempDir(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME=/h", "DIR=.", "FORCE=false", "STRICT=")
	if strings.Contains(got, "=\n") || strings.Contains(got, "--force") || strings.Contains(got, "--strict") {
		t.Errorf("what was not given is handed on:\n%s", got)
	}
}

func TestTheActionFindsTheFolders(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash on this machine")
	}
	a, top := readAction(t), t.TempDir()
	write(t, filepath.Join(top, "series/bookci.yml"), "")
	for dir, root := range map[string]string{
		".": "", "": "", "book": "", "./.book/": "", "series": "series/", "./series/": "series/", "series/one/two": "series/", "/nowhere": "",
	} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		got := a.runStep(t, "where", top, "DIR="+dir, "ARTIFACTS=out")
		if strings.HasPrefix(dir, "/") {
			continue // refused by bookci; here it only must end
		}
		if want := "state=" + root + ".bookci\nfonts=" + root + ".texmf-var\nartifacts=" + root + "out\n"; got != want {
			t.Errorf("for %q the folders are\n%s", dir, got)
		}
	}
}

// Who uses pre-commit gets `bookci check` by naming this repository.
func TestTheHookChecks(t *testing.T) {
	var hooks []struct {
		ID, Name, Entry, Language, Files string
		PassFilenames                    bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal([]byte(readAll(filepath.Join(moduleTop, ".pre-commit-hooks.yaml"))), &hooks); err != nil || len(hooks) != 1 {
		t.Fatal(hooks, err)
	}
	h := hooks[0]
	if h.ID != "bookci-check" || h.Language != "golang" || h.PassFilenames {
		t.Errorf("%+v", h)
	}
	files := regexp.MustCompile(h.Files)
	for name, want := range map[string]bool{"articles/ch01.re": true, "catalog.yml": true, "config-ebook.yaml": true, "bookci.yml": true, "images/a.png": false, "README.md": false, "ch01.reap": false} {
		if files.MatchString(name) != want {
			t.Errorf("%s starts the hook: %t", name, !want)
		}
	}
	top := repository(t, "")
	argv := strings.Fields(h.Entry)
	if out, err := bookciCommand(t.Context(), top, argv[1:]...).CombinedOutput(); argv[0] != "bookci" || err != nil {
		t.Errorf("a good book: %v\n%s", err, out)
	}
	write(t, filepath.Join(top, "start.re"), "= はじめに\n\n@<nosuch>{x}\n")
	if out, err := bookciCommand(t.Context(), top, argv[1:]...).CombinedOutput(); err == nil || !strings.Contains(string(out), "start.re:3:") {
		t.Errorf("a wrong book: %v\n%s", err, out)
	}
}
