//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packOrb makes one document of the orb's folder, as `circleci orb pack` does:
// commands/build.yml is what the key build of commands holds.
func packOrb(t *testing.T) map[string]any {
	t.Helper()
	top := filepath.Join(moduleTop, "orb/src")
	orb := decode(t, readAll(filepath.Join(top, "@orb.yml")))
	files, err := filepath.Glob(filepath.Join(top, "*/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		kind := filepath.Base(filepath.Dir(name))
		if orb[kind] == nil {
			orb[kind] = map[string]any{}
		}
		orb[kind].(map[string]any)[strings.TrimSuffix(filepath.Base(name), ".yml")] = decode(t, readAll(name))
	}
	return orb
}

// parameterUse is CircleCI's way to name a parameter.
var parameterUse = regexp.MustCompile(`<< parameters\.([a-z-]+) >>`)

// expandOrb is what CircleCI makes of a command or job: its steps with the
// parameters put in, commands of the orb replaced by their steps.
func expandOrb(t *testing.T, orb map[string]any, kind, name string, given map[string]any) (steps []any) {
	t.Helper()
	part := orb[kind].(map[string]any)[name].(map[string]any)
	values := map[string]string{}
	for key, p := range part["parameters"].(map[string]any) {
		p := p.(map[string]any)
		if p["type"] != "string" || p["description"] == nil {
			t.Errorf("%s %s: parameter %s: %v", kind, name, key, p)
		}
		values[key] = fmt.Sprint(p["default"])
	}
	for key, value := range given {
		if _, ok := values[key]; !ok {
			t.Errorf("%s %s has no parameter %s", kind, name, key)
		}
		values[key] = fmt.Sprint(value)
	}
	used := map[string]bool{}
	var fill func(v any) any
	fill = func(v any) any {
		switch v := v.(type) {
		case string:
			return parameterUse.ReplaceAllStringFunc(v, func(s string) string {
				key := parameterUse.FindStringSubmatch(s)[1]
				if _, ok := values[key]; !ok {
					t.Errorf("%s %s uses the parameter %s, which it has not", kind, name, key)
				}
				used[key] = true
				return values[key]
			})
		case []any:
			out := make([]any, len(v))
			for i := range v {
				out[i] = fill(v[i])
			}
			return out
		case map[string]any:
			out := map[string]any{}
			for key := range v {
				out[key] = fill(v[key])
			}
			return out
		}
		return v
	}
	for _, step := range fill(part["steps"]).([]any) {
		if m, ok := step.(map[string]any); ok {
			for key, with := range m {
				if _, ok := orb["commands"].(map[string]any)[key]; ok {
					steps = append(steps, expandOrb(t, orb, "commands", key, with.(map[string]any))...)
					step = nil
				}
			}
		}
		if step != nil {
			steps = append(steps, step)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !used[key] {
			t.Errorf("%s %s does not use its parameter %s", kind, name, key)
		}
	}
	return steps
}

func TestTheOrbIsSound(t *testing.T) {
	orb := packOrb(t)
	example := orb["examples"].(map[string]any)["book"].(map[string]any)["usage"].(map[string]any)
	jobs := example["workflows"].(map[string]any)["book"].(map[string]any)["jobs"].([]any)
	given := jobs[0].(map[string]any)["bookci/book"].(map[string]any)
	job := maps.Clone(orb["jobs"].(map[string]any)["book"].(map[string]any))
	job["steps"] = expandOrb(t, orb, "jobs", "book", given)
	delete(job, "description")
	delete(job, "parameters")
	pipeline := map[string]any{
		"version": orb["version"], "jobs": map[string]any{"book": job},
		"workflows": map[string]any{"book": map[string]any{"jobs": []any{"book"}}},
	}
	for _, wrong := range misfits("circleci", pipeline) {
		t.Error(wrong)
	}
	// The same places and keys as in a pipeline for the same book.
	top := repository(t, "articles")
	write(t, filepath.Join(top, "articles/bookci.lock"), "")
	generated := generateOK(t, top, "circleci")
	leaves("", pipeline, func(path, value string) {
		if strings.Contains(path, "_cache.") || strings.Contains(path, "store_") {
			if !strings.Contains(generated, value) {
				t.Errorf("%s: %s is in no pipeline of `bookci ci circleci`", path, value)
			}
		}
	})
	for _, step := range job["steps"].([]any) {
		if m, ok := step.(map[string]any); ok {
			if run, ok := m["run"].(map[string]any); ok && strings.Contains(fmt.Sprint(run["command"]), "articles") {
				t.Errorf("a parameter could become a command: %v", run["command"])
			}
		}
	}
}

// The orb's shell lines, run with parameters that a shell would take for more.
func TestTheOrbHandsItsParametersOn(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash on this machine")
	}
	orb, bin := packOrb(t), t.TempDir()
	write(t, filepath.Join(bin, "bookci"), "#!/bin/sh\nprintf '<%s>' \"$@\"\n")
	if err := os.Chmod(filepath.Join(bin, "bookci"), 0o755); err != nil {
		t.Fatal(err)
	}
	given := map[string]any{"dir": "$(id) '\"", "args": "--strict --only a*,b", "version": "v1"}
	var got string
	for _, step := range expandOrb(t, orb, "jobs", "book", given) {
		m, _ := step.(map[string]any)
		run, ok := m["run"].(map[string]any)
		if !ok || run["name"] != "Build the book" {
			continue
		}
		cmd := exec.Command("bash", "-eo", "pipefail", "-c", strings.ReplaceAll(run["command"].(string), "/tmp/bookci/", bin+"/"))
		cmd.Env = append(os.Environ(), "HOME=/h")
		for key, value := range run["environment"].(map[string]any) {
			cmd.Env = append(cmd.Env, key+"="+value.(string))
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got = string(out)
	}
	const want = `<build><--cache-dir></h/.cache/bookci><--junit><test-results/bookci.xml><--strict><--only><a*,b><--><$(id) '">`
	if got != want {
		t.Errorf("bookci gets\n%s, not\n%s", got, want)
	}
}
