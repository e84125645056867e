//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/internal/standin"
)

// fleet N writes N small books that share a style, listed in one bookci.yml.
func cmdFleet(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(writeFleet(ts.MkAbs("."), n))
}

func writeFleet(root string, books int) error {
	files := map[string]string{"styles/shared.sty": "% one\n"}
	var list strings.Builder
	for i := range books {
		name := fmt.Sprintf("book%03d", i)
		fmt.Fprintf(&list, "  - {name: %s, dir: books/%s}\n", name, name)
		at := "books/" + name + "/"
		files[at+"config.yml"] = "review_version: 5.0\nbookname: " + name + "\nbooktitle: A book\ntexdocumentclass: [\"review-jsbook\", \"media=print\"]\n"
		files[at+"catalog.yml"] = "CHAPS:\n  - ch01.re\n"
		files[at+"ch01.re"] = fmt.Sprintf("= 第%d冊\n\n本文です。\n", i)
	}
	files["bookci.yml"] = "extra_inputs: [styles/**]\nbooks:\n" + list.String()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// TestFleet is a bench: FLEET_BOOKS=500 go test ./cmd/bookci -run TestFleet -v -timeout 2h.
// FLEET_JOBS is 20 without it.
func TestFleet(t *testing.T) {
	books, err := strconv.Atoi(os.Getenv("FLEET_BOOKS"))
	if err != nil {
		t.Skip("FLEET_BOOKS is not set")
	}
	jobs := os.Getenv("FLEET_JOBS")
	if jobs == "" {
		jobs = "20"
	}
	api := standin.Docker(t)
	found, err := api.ImageInspect(context.Background(), standin.ImageWithCurl(t, api))
	if err != nil {
		t.Fatal(err)
	}
	bucket := s3server.Start(t)
	bucket.Bucket(t, "books")
	c := &cloud{bucket: bucket, ecs: ecsstandin.Start(t, api)}
	environment := c.environment(found.ID)
	var requests atomic.Int64
	environment["BOOKCI_S3_ENDPOINT"] = counting(t, bucket.Endpoint, &requests)
	root := t.TempDir()
	if err := writeFleet(root, books); err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, round := range []struct {
		name string
		edit func() error
		want int
	}{
		{"all", func() error { return nil }, books},
		{"unchanged", func() error { return nil }, 0},
		{"shared style", func() error { return os.WriteFile(filepath.Join(root, "styles/shared.sty"), []byte("% two\n"), 0o644) }, books},
	} {
		if err := round.edit(); err != nil {
			t.Fatal(err)
		}
		before := c.ecs.Calls()
		requests.Store(0)
		cmd := bookciCommand(t.Context(), root, "build", "--jobs", jobs, "--timeout", "none")
		for key, value := range environment {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		begun := time.Now()
		out, err := cmd.Output()
		took := time.Since(begun)
		if err != nil {
			t.Fatalf("%s: %v\n%s", round.name, err, stderr.String())
		}
		calls := 0
		for _, n := range c.ecs.Calls() {
			calls += n
		}
		for n := range maps.Values(before) {
			calls -= n
		}
		usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		t.Logf("%s: %d books, %s at a time: %.1f s, %.1f s of CPU, %d MB; %d calls of ECS and %d requests of S3",
			round.name, books, jobs, took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), usage.Maxrss>>10, calls, requests.Load())
		if got := c.ecs.Started() - started; got != round.want || bytes.Count(out, []byte("\n")) != books {
			t.Errorf("%s: %d tasks were started, want %d; %d paths", round.name, got, round.want, bytes.Count(out, []byte("\n")))
		}
		started = c.ecs.Started()
	}
}

// counting is an address that passes requests on, those of tasks as well as bookci's.
func counting(t *testing.T, to string, n *atomic.Int64) string {
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which the signature covers
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
