package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// field is a place in a CI's configuration that pipelines use, with the form
// that the CI's reference gives its values.
type field struct {
	path  string // keys joined by dots; [] for an element, * for any name
	value string // a regular expression for the whole value
}

const (
	anyText = `[^\x00-\x08]+`
	anImage = `[a-z0-9./-]+(:[a-zA-Z0-9._-]+)?`
	aPath   = `[^/][^\n]*`
	aCron   = `[0-9]+ [0-9]+ \* \* [0-6]`
	circKey = `([A-Za-z0-9._-]|\{\{ (\.Branch|\.Revision|epoch|checksum "[^"]+") \}\})+`
)

// ciFields are all fields that each CI's pipelines may have.
var ciFields = map[string][]field{
	"circleci": {
		{"version", `2\.1`},
		{"jobs.*.machine.image", anImage},
		{"jobs.*.docker.[].image", anImage},
		{"jobs.*.steps.[]", `checkout|setup_remote_docker`},
		{"jobs.*.steps.[].run", anyText},
		{"jobs.*.steps.[].run.name", anyText},
		{"jobs.*.steps.[].run.command", anyText},
		{"jobs.*.steps.[].run.environment.*", anyText + `|`},
		{"jobs.*.steps.[].run.no_output_timeout", `[0-9]+m`},
		{"jobs.*.steps.[].restore_cache.keys.[]", circKey},
		{"jobs.*.steps.[].save_cache.key", circKey},
		{"jobs.*.steps.[].save_cache.when", `always`},
		{"jobs.*.steps.[].save_cache.paths.[]", aPath},
		{"jobs.*.steps.[].store_test_results.path", aPath},
		{"jobs.*.steps.[].store_artifacts.path", aPath},
		{"jobs.*.steps.[].store_artifacts.destination", aPath},
		{"jobs.*.steps.[].persist_to_workspace.root", anyText},
		{"jobs.*.steps.[].persist_to_workspace.paths.[]", aPath},
		{"jobs.*.steps.[].attach_workspace.at", anyText},
		{"workflows.*.jobs.[]", `[a-z]+`},
		{"workflows.*.triggers.[].schedule.cron", aCron},
		{"workflows.*.triggers.[].schedule.filters.branches.only", `[a-z]+`},
		{"workflows.*.jobs.[].*.requires.[]", `[a-z]+`},
	},
	"github": {
		{"name", anyText},
		{"on.push.branches.[]", `main|master`}, {"on.pull_request", `<nil>`}, {"on.workflow_dispatch", `<nil>`},
		{"on.schedule.[].cron", aCron},
		{"jobs.*.if", `github\.event_name (!=|==) '[a-z_]+'( \|\| github\.event_name == '[a-z_]+')?`},
		{"concurrency.group", `\$\{\{ github\.workflow \}\}-\$\{\{ github\.event_name == 'pull_request' && github\.ref \|\| github\.run_id \}\}`},
		{"concurrency.cancel-in-progress", `true`},
		{"permissions.contents", `read`},
		{"jobs.*.runs-on", `ubuntu-latest`},
		{"jobs.*.timeout-minutes", `[0-9]+`},
		{"jobs.*.steps.[].name", anyText},
		{"jobs.*.steps.[].if", `always\(\)`},
		{"jobs.*.steps.[].run", anyText},
		{"jobs.*.steps.[].with.dir", aPath},
		{"jobs.*.steps.[].with.artifacts", aPath},
		{"jobs.*.steps.[].with.image-key", `([A-Za-z0-9._-]|\$\{\{ hashFiles\('[^']+'(, '[^']+')*\) \}\})+`},
		{"jobs.*.steps.[].uses", `bookci/bookci@v1|actions/(checkout|setup-go|cache|cache/restore|cache/save|upload-artifact)@v[0-9]+`},
		{"jobs.*.steps.[].with.go-version", `stable`},
		{"jobs.*.steps.[].with.cache", `false`},
		{"jobs.*.steps.[].with.path", anyText},
		{"jobs.*.steps.[].with.key", `([A-Za-z0-9._-]|\$\{\{ (hashFiles\('[^']+'(, '[^']+')*\)|github\.(ref_name|sha|run_id)) \}\})+`},
		{"jobs.*.steps.[].with.restore-keys", `([A-Za-z0-9._\n-]|\$\{\{ github\.ref_name \}\})+`},
		{"jobs.*.steps.[].with.name", `[a-z-]+`},
		{"jobs.*.steps.[].with.if-no-files-found", `error|ignore`},
	},
	"gitlab": {
		{"stages.[]", `prepare|build`},
		{"*.stage", `prepare|build`},
		{"*.needs.[]", `[a-z]+`},
		{"*.image", anImage},
		{"*.image.name", anImage},
		{"*.image.entrypoint.[]", ``},
		{"*.services.[]", anImage},
		{"*.variables.*", anyText},
		{"*.timeout", `[0-9]+[mh]`},
		{"*.rules.[].if", `\$CI_PIPELINE_SOURCE (==|!=) "schedule"`},
		{"*.cache.[].when", `always`},
		{"*.cache.[].key", `([A-Za-z0-9._-]|\$CI_COMMIT_REF_SLUG)+`},
		{"*.cache.[].key.files.[]", aPath},
		{"*.cache.[].key.prefix", `[a-z0-9-]+`},
		{"*.cache.[].fallback_keys.[]", `book-v1-\$CI_DEFAULT_BRANCH`},
		{"*.cache.[].paths.[]", aPath},
		{"*.script.[]", anyText},
		{"*.artifacts.when", `always`},
		{"*.artifacts.paths.[]", aPath},
		{"*.artifacts.expire_in", `1 day`},
		{"*.artifacts.reports.junit", aPath},
		{"*.artifacts.reports.codequality", aPath},
	},
}

// ciNeeds are patterns of fields of which every pipeline needs one.
var ciNeeds = map[string][]string{
	"circleci": {`version`, `jobs\.book\.(machine|docker)\..*`, `jobs\.book\.steps\.\[\]\.run\.command`, `jobs\.book\.steps\.\[\]\.restore_cache\..*`, `jobs\.book\.steps\.\[\]\.save_cache\.key`, `jobs\.book\.steps\.\[\]\.save_cache\.paths\..*`, `jobs\.book\.steps\.\[\]\.store_test_results\.path`, `jobs\.book\.steps\.\[\]\.store_artifacts\.path`, `workflows\.book\.jobs\..*`},
	"github":   {`on\..*`, `jobs\.book\.runs-on`, `jobs\.book\.steps\.\[\]\.uses`, `jobs\.book\.steps\.\[\]\.with\.image-key`},
	"gitlab":   {`book\.image.*`, `book\.script\.\[\]`, `book\.cache\.\[\]\.key.*`, `book\.cache\.\[\]\.paths\.\[\]`, `book\.artifacts\.paths\.\[\]`, `book\.artifacts\.reports\.(junit|codequality)`},
}

// leaves lists the single values of a document with their paths.
func leaves(path string, v any, take func(path, value string)) {
	join := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			leaves(join(k), one, take)
		}
	case []any:
		for _, one := range v {
			leaves(join("[]"), one, take)
		}
	default:
		take(path, fmt.Sprint(v))
	}
}

func (f field) matches(path string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(f.path), `\*`, `[A-Za-z_][A-Za-z0-9_]*`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(path)
}

// misfits says what in a pipeline is no field of the CI, or has a wrong value.
func misfits(system string, doc map[string]any) (wrong []string) {
	var seen []string
	leaves("", doc, func(path, value string) {
		seen = append(seen, path)
		i := slices.IndexFunc(ciFields[system], func(f field) bool { return f.matches(path) })
		if i < 0 {
			wrong = append(wrong, path+" is no field")
		} else if !regexp.MustCompile(`^(?:` + ciFields[system][i].value + `)$`).MatchString(value) {
			wrong = append(wrong, fmt.Sprintf("%s cannot be %q", path, value))
		}
	})
	for _, need := range ciNeeds[system] {
		if !slices.ContainsFunc(seen, regexp.MustCompile(`^`+need+`$`).MatchString) {
			wrong = append(wrong, need+" is missing")
		}
	}
	return wrong
}

func TestPipelinesUseFieldsThatTheCIHas(t *testing.T) {
	for _, setUp := range []string{"", "articles", "私の 本"} {
		for _, locked := range []bool{false, true} {
			top := repository(t, setUp)
			if locked {
				write(t, top+"/"+setUp+"/bookci.lock", "")
			}
			for _, args := range slices.Concat(everyPipeline(), withLinks()) {
				if args[0] == "jenkins" {
					continue
				}
				doc := decode(t, generateOK(t, top, args...))
				for _, wrong := range misfits(args[0], doc) {
					t.Errorf("%s, book in %q: %s", strings.Join(args, " "), setUp, wrong)
				}
			}
		}
	}
}

// A check that lets all pass would be none.
func TestMisfitsAreFound(t *testing.T) {
	top := repository(t, "")
	for system, slips := range map[string][][2]string{
		"circleci": {{"store_test_results", "store_tests_results"}, {"restore_cache:", "restore-cache:"}, {"version: 2.1", "version: 3"}, {"{{ .Branch }}", "{{ Branch }}"}},
		"github":   {{"timeout-minutes", "timeout_minutes"}, {"bookci/bookci@v1", "bookci/bookci"}, {"image-key", "image_key"}, {"actions/cache/save@v5", "actions/cache/save"}, {"restore-keys", "restore_keys"}, {"if: always()", "if: allways()"}},
		"gitlab":   {{"fallback_keys", "fallback-keys"}, {"when: always", "when: allways"}, {"codequality:", "code_quality:"}},
	} {
		text := generateOK(t, top, system, "--links")
		for _, slip := range slips {
			wrong := strings.Replace(text, slip[0], slip[1], -1)
			if wrong == text || len(misfits(system, decode(t, wrong))) == 0 {
				t.Errorf("%s: %s instead of %s is not found", system, slip[1], slip[0])
			}
		}
	}
}

// jenkinsSteps are the steps and directives that Jenkinsfiles may have: those
// of declarative pipelines, and of the JUnit plugin.
var jenkinsSteps = regexp.MustCompile(`^(pipeline \{|agent \{ label '[a-z]+' \}|options \{|timeout\(time: [0-9]+, unit: 'MINUTES'\)|disableConcurrentBuilds\(\)|` +
	`buildDiscarder\(logRotator\(numToKeepStr: '[0-9]+'\)\)|triggers \{ cron\('[H0-9()* -]+'\) \}|when \{ (not \{ )?triggeredBy 'TimerTrigger'( \})? \}|stages \{|stage\('[A-Za-z ]+'\) \{|steps \{|sh '[^']+'|sh '''|'''|post \{|always \{|` +
	`junit testResults: '[^']+', allowEmptyResults: true|archiveArtifacts artifacts: '[^']+', allowEmptyArchive: true|\}|//.*|)$`)

func TestJenkinsfileIsDeclarative(t *testing.T) {
	for _, dir := range []string{"", "私の 本"} {
		text := generateOK(t, repository(t, dir), "jenkins") + generateOK(t, repository(t, dir), "jenkins", "--links")
		depth, shell := 0, false
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if shell && line != "'''" {
				if strings.ContainsAny(line, `\`) || strings.Contains(line, "'''") {
					t.Errorf("Groovy would read this otherwise than the shell: %s", line)
				}
				continue
			}
			if !jenkinsSteps.MatchString(line) {
				t.Errorf("no line of a declarative pipeline: %s", line)
			}
			if strings.HasSuffix(line, "'''") {
				shell = !shell
			}
			if strings.HasSuffix(line, "{") {
				depth++
			} else if line == "}" {
				depth--
			}
		}
		if depth != 0 || shell {
			t.Errorf("braces or quotes are left open: %d, %t", depth, shell)
		}
	}
}
