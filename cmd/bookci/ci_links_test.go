//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The weekly job for the links runs whole here, as the pipelines of
// ci_runner_test.go do. Nobody is asked: all requests go to a proxy of the test.

// weeklyCases are a page that the book cites, and what the job comes to.
var weeklyCases = []struct {
	name, page string
	good       bool
}{
	{"a good link", "http://192.0.32.1/page", true},
	{"a dead link", "http://192.0.32.1/gone", false},
}

// weeklyProxy answers for every host, and tells what it was asked for.
func weeklyProxy(t *testing.T) (url string, asked func(page string) bool) {
	t.Helper()
	var mu sync.Mutex
	var pages []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		pages = append(pages, r.URL.String())
		mu.Unlock()
		if r.URL.Path != "/page" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func(page string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(pages, page)
	}
}

func TestTheWeeklyJobRunsWhole(t *testing.T) {
	for _, name := range []string{"github", "jenkins"} {
		system := ciSystems[slices.IndexFunc(ciSystems, func(s ciSystem) bool { return s.name == name })]
		for _, c := range weeklyCases {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				var run func(job *ciJob, kept string) (status int, output string)
				var report string
				remembered := func(job *ciJob, _ string) string { return filepath.Join(job.clone, "articles/.bookci/links.json") }
				if name == "github" {
					act := findAct(t)
					run, report = func(job *ciJob, kept string) (int, string) {
						return runAct(t, act, "schedule", job, kept)
					}, "links/links.xml"
					remembered = func(_ *ciJob, kept string) string { return filepath.Join(kept, "saved") } // act works in a copy
				} else {
					j := findJenkins(t)
					run, report = func(job *ciJob, kept string) (int, string) {
						return j.run(t, "TimerTrigger", job, kept)
					}, "junit/test-results/links.xml"
				}
				top := repositoryOf(t, system, formMachine, "articles", func(book string) {
					write(t, filepath.Join(book, "config.yml"), "review_version: 5.0\nbookname: book\nbooktitle: 本\n")
					write(t, filepath.Join(book, "catalog.yml"), "CHAPS:\n  - start.re\n")
					write(t, filepath.Join(book, "start.re"), "= はじめに\n\n"+c.page+"\n")
					write(t, filepath.Join(book, "bookci.yml"), "engine: auto\n")
					if err := os.Remove(filepath.Join(book, "bib.re")); err != nil { // it cites others
						t.Fatal(err)
					}
				}, "--links")
				job, kept := newCIJob(t, name, formMachine, top), t.TempDir()
				proxy, asked := weeklyProxy(t)
				job.env = append(job.env, "HTTP_PROXY="+proxy)
				status, output := run(job, kept)
				if (status == 0) != c.good {
					t.Fatalf("exit status %d:\n%s", status, output)
				}
				if !asked(c.page) {
					t.Errorf("%s was not asked for:\n%s", c.page, output)
				}
				if _, err := os.Stat(filepath.Join(job.clone, "articles/artifacts")); err == nil {
					t.Errorf("the book was built:\n%s", output)
				}
				if _, err := os.Stat(remembered(job, kept)); err != nil {
					t.Errorf("what is known of the links is not kept: %v", err)
				}
				got := readJUnit(t, filepath.Join(kept, report))
				if got.Tests == 0 || (got.Failures == 0) != c.good {
					t.Errorf("the report: %+v", got)
				}
				if !c.good && !strings.Contains(output, "articles/start.re:3:") {
					t.Errorf("the place is not named:\n%s", output)
				}
				if name == "github" { // brought back, then kept, by the run's own key
					noted, err := os.ReadFile(filepath.Join(kept, "cache"))
					want := "links-v1-1: articles/.bookci/links.json; "
					if err != nil || string(noted) != "restore "+want+"links-v1-\nsave "+want+"\n" {
						t.Errorf("cached, %v:\n%s", err, noted)
					}
				}
			})
		}
	}
}
