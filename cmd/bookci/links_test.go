//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/internal/s3server"
)

// serveLoopback serves h at one port of 127.0.0.1, 127.0.0.2 and so on: hosts to
// ask at the same time. Only Linux has more than one without further ado.
func serveLoopback(hosts int, h http.Handler) (port int, closeAll func(), err error) {
	server := &http.Server{Handler: h}
	closeAll = func() { _ = server.Close() }
	for i := range hosts {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%d", i+1, port))
		if err != nil {
			closeAll()
			return 0, nil, err
		}
		port = l.Addr().(*net.TCPAddr).Port
		go func() { _ = server.Serve(l) }() // ends with closeAll
	}
	return port, closeAll, nil
}

// site FILE... serves pages on this machine, and puts their addresses into the
// files in the place of SITE1 to SITE4. What is asked for is noted in asked.log.
func cmdSite(ts *testscript.TestScript, _ bool, args []string) {
	log, err := os.OpenFile(ts.MkAbs("../asked.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	port, closeAll, err := serveLoopback(4, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(log, "%s %s\n", r.Host, r.URL.RequestURI())
		switch r.URL.Path {
		case "/robots.txt":
			fmt.Fprint(w, "User-agent: *\nDisallow: /private\n")
		case "/moved":
			http.Redirect(w, r, "/page", http.StatusMovedPermanently)
		case "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "/slow":
			select {
			case <-time.After(2 * time.Second):
			case <-r.Context().Done():
			}
		case "/gone", "/after3-gone":
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<h1 id="here">本</h1>`)
		}
	}))
	ts.Check(err)
	ts.Defer(func() { closeAll(); log.Close() })
	for _, name := range args {
		text := ts.ReadFile(name)
		for i := range 4 {
			text = strings.ReplaceAll(text, fmt.Sprintf("SITE%d", i+1), fmt.Sprintf("http://127.0.0.%d:%d", i+1, port))
		}
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

// bookciCommand is this test binary as bookci, in a folder.
func bookciCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0], cmd.Dir = "bookci", dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "BOOKCI_") || strings.HasPrefix(strings.ToUpper(v), "HTTP_PROXY") || strings.HasPrefix(v, "CI=")
	}), "HOME="+dir)
	return cmd
}

// The line of the weekly job runs as it stands in each pipeline, from the top of
// the repository. What the sample book cites is left out, so that nobody is asked.
func TestTheWeeklyJobRuns(t *testing.T) {
	for _, args := range withLinks() {
		t.Run(args[0]+"-"+args[2], func(t *testing.T) {
			top := repository(t, "articles")
			text := generateOK(t, top, args...)
			lines := regexp.MustCompile(`(?m)^\s*(\S*bookci"? links .*)$`).FindAllStringSubmatch(text, -1)
			if len(lines) != 1 {
				t.Fatalf("%d lines look at links:\n%s", len(lines), text)
			}
			_, command, _ := strings.Cut(lines[0][1], " ")
			cmd := bookciCommand(t.Context(), top, strings.Fields(command)...)
			cmd.Env = append(cmd.Env, "BOOKCI_LINKS_IGNORE=*.org, *.net, *.jp, *.com, *.io, reviewml.org, github.com")
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "0 broken") {
				t.Fatalf("%v\n%s", err, out)
			}
			if doc := readJUnit(t, filepath.Join(top, "test-results/links.xml")); doc.Tests == 0 || doc.Failures+doc.Errors > 0 {
				t.Errorf("the report: %+v", doc)
			}
			if _, err := os.Stat(filepath.Join(top, "articles/.bookci/links.json")); err != nil || !strings.Contains(text, "articles/.bookci") {
				t.Errorf("what is remembered is not where the pipeline looks for it: %v", err)
			}
			if without := generateOK(t, top, args[:3]...); strings.Contains(without, "links") {
				t.Error("there is a job for links that nobody asked for")
			}
		})
	}
}

// linkBook writes a book that cites n pages on each of some loopback hosts.
func linkBook(t *testing.T, port, hosts, n int) (dir string, urls []string) {
	t.Helper()
	dir = t.TempDir()
	var text strings.Builder
	text.WriteString("= 章\n\n")
	for i := range n {
		for h := range hosts {
			u := fmt.Sprintf("http://127.0.0.%d:%d/%d", h+1, port, i)
			urls = append(urls, u)
			fmt.Fprintf(&text, "@<href>{%s}\n\n", u)
		}
	}
	for name, text := range map[string]string{"config.yml": "bookname: book\nreview_version: 5.0\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": text.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, urls
}

// archived are the URLs of each chunk below a folder.
func archived(t *testing.T, dir string) map[string][]string {
	t.Helper()
	chunks := map[string][]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "items.*.jl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range jsonLines(t, text) {
			chunks[name] = append(chunks[name], l["url"].(string))
		}
	}
	return chunks
}

func jsonLines(t *testing.T, zipped []byte) (all []map[string]any) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(z)
	for {
		var one map[string]any
		if err := dec.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

// A run is killed at twenty moments; --resume goes on each time.
func TestLinksThatAreKilledGoOn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs many addresses on this machine")
	}
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	const hosts, pages, kills = 60, 12, 20
	port, closeAll, err := serveLoopback(hosts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, strings.Repeat("本文 ", 3000))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	dir, urls := linkBook(t, port, hosts, pages)
	args := []string{"links", "--allow-private", "--archive", "archive", "--resume", "--progress", "quiet"}
	rng := rand.New(rand.NewPCG(16, 20))
	killed := 0
	for run := 0; ; run++ {
		cmd := bookciCommand(t.Context(), dir, args...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if run < kills {
			time.Sleep(time.Duration(250+rng.IntN(1000)) * time.Millisecond)
			_ = cmd.Process.Kill() // may have ended already
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == -1 {
			killed++
			continue
		}
		if err != nil {
			t.Fatalf("run %d: %v\n%s", run, err, stderr.String())
		}
		break
	}
	if killed < kills/2 {
		t.Fatalf("only %d runs were killed", killed)
	}
	chunks := archived(t, filepath.Join(dir, "archive"))
	seen := map[string]int{}
	for name, in := range chunks {
		if len(in) > 100 {
			t.Errorf("%s has %d items", name, len(in))
		}
		for _, u := range in {
			seen[u]++
		}
	}
	for _, u := range urls {
		if seen[u] != 1 {
			t.Errorf("%s is in %d chunks", u, seen[u])
		}
	}
	if len(seen) != len(urls) {
		t.Errorf("%d pages are in the archive, want %d", len(seen), len(urls))
	}
	numbers := map[int]bool{}
	for name := range chunks {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "items."), ".jl.gz"))
		if err != nil || numbers[n] {
			t.Errorf("chunk %s: twice, or no number", name)
		}
		numbers[n] = true
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".bookci", "links", "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Logf("killed %d times, %d chunks", killed, len(chunks))
}

// The command keeps in a bucket what it keeps in a folder, and judges from there.
func TestLinksAreKeptInABucket(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs many addresses on this machine")
	}
	server := s3server.Start(t)
	server.Bucket(t, "kept")
	port, closeAll, err := serveLoopback(4, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<p>本文 %s</p>", r.URL.Path)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	dir, urls := linkBook(t, port, 4, 2)
	run := func(args ...string) string {
		t.Helper()
		cmd := bookciCommand(t.Context(), dir, append([]string{"links"}, args...)...)
		cmd.Env = append(cmd.Env, "AWS_ENDPOINT_URL="+server.Endpoint)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("bookci links %v: %v\n%s", args, err, stderr.String())
		}
		return string(out) + stderr.String()
	}
	if out := run("--allow-private", "--archive", "s3://kept/books"); !strings.Contains(out, "s3://kept/books/book/") {
		t.Errorf("stdout is %q", out)
	}
	run("--allow-private", "--fresh", "none", "--archive", "folder")
	lines := func(pattern string) (all []string) {
		t.Helper()
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range jsonLines(t, text) {
			delete(l, "crawled_at")
			one, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(one))
		}
		slices.Sort(all) // hosts answer in any order
		return all
	}
	bucket, folder := lines(filepath.Join(server.Dir, "kept/books/book/*/items.0000000.jl.gz")), lines(filepath.Join(dir, "folder/book/*/items.0000000.jl.gz"))
	if len(bucket) != len(urls) || !slices.Equal(bucket, folder) {
		t.Errorf("in the bucket:\n%s\nin the folder:\n%s", strings.Join(bucket, "\n"), strings.Join(folder, "\n"))
	}
	if out := run("--from", "s3://kept/books"); !strings.Contains(out, "8 links: 0 broken, 0 doubtful, 8 fine") {
		t.Errorf("judged from the bucket: %s", out)
	}
}
