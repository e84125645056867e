// Command links measures how long bookci takes to ask for a book's links, beside
// the bound that politeness sets: each host is asked one request at a time with a
// second after each, whoever asks.
//
//	go run ./links -bookci ../bookci
//
// The hosts are addresses of this machine's loopback net, so it needs Linux.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("links: ")
	var b bench
	flag.StringVar(&b.bookci, "bookci", "bookci", "the bookci to measure")
	flag.IntVar(&b.hosts, "hosts", 200, "hosts that the book cites, at most 250")
	flag.IntVar(&b.pages, "pages", 10, "pages of each")
	flag.IntVar(&b.size, "size", 20_000, "bytes of a page")
	flag.DurationVar(&b.answer, "answer", 50*time.Millisecond, "how long a host takes to answer")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := b.run(ctx); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	bookci       string
	hosts, pages int
	size         int
	answer       time.Duration

	asked atomic.Int64
}

func (b *bench) run(ctx context.Context) error {
	program, err := exec.LookPath(b.bookci)
	if err != nil {
		return err
	}
	if b.bookci, err = filepath.Abs(program); err != nil {
		return err
	}
	port, stop, err := b.serve()
	if err != nil {
		return err
	}
	defer stop()
	dir, err := b.book(port)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	// robots.txt and every page, a second between; and all requests through sixteen doors.
	requests := b.pages + 1
	bound := max(time.Duration(requests)*b.answer+time.Duration(b.pages)*time.Second, time.Duration(b.hosts*requests)*b.answer/16)
	fmt.Printf("%d links on %d hosts, answers after %v, pages of %d bytes; politeness alone takes %.2f s\n\n", b.hosts*b.pages, b.hosts, b.answer, b.size, bound.Seconds())
	fmt.Println("| run | seconds | of the bound | peak memory | requests |")
	fmt.Println("|---|--:|--:|--:|--:|")
	for _, one := range []struct {
		name string
		args []string
	}{
		{"the first, with an archive", []string{"--archive", "archive"}},
		{"again, nothing to ask", nil},
		{"again, with the archive", []string{"--archive", "archive"}},
		{"all again, for changes only", []string{"--archive", "archive", "--fresh", "none"}},
		{"judged from the archive", []string{"--from", "archive"}},
	} {
		before := b.asked.Load()
		took, memory, err := b.links(ctx, dir, one.args)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		fmt.Printf("| %s | %.2f | %.2f | %.0f MB | %d |\n", one.name, took.Seconds(), took.Seconds()/bound.Seconds(), memory, b.asked.Load()-before)
	}
	return nil
}

// serve answers at one port of as many loopback addresses as there are hosts.
func (b *bench) serve() (port int, stop func(), err error) {
	page := strings.Repeat("<p>本文 text</p>\n", 1+b.size/19)[:b.size]
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		time.Sleep(b.answer)
		switch {
		case r.URL.Path == "/robots.txt":
			http.NotFound(w, r)
		case r.Header.Get("If-None-Match") != "":
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, page)
		}
	})}
	stop = func() { _ = server.Close() }
	for i := range b.hosts {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.1.%d:%d", i+1, port))
		if err != nil {
			stop()
			return 0, nil, err
		}
		port = l.Addr().(*net.TCPAddr).Port
		go func() { _ = server.Serve(l) }() // ends with stop
	}
	return port, stop, nil
}

// book writes a book that cites all pages.
func (b *bench) book(port int) (string, error) {
	dir, err := os.MkdirTemp("", "bench-links")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	text.WriteString("= 章\n\n")
	for i := range b.pages {
		for h := range b.hosts {
			fmt.Fprintf(&text, "本文です。@<href>{http://127.0.1.%d:%d/%d, 頁}\n\n", h+1, port, i)
		}
	}
	for name, text := range map[string]string{"config.yml": "bookname: book\nreview_version: 5.0\n", "catalog.yml": "CHAPS: [ch01.re]\n", "ch01.re": text.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// links runs bookci links once and returns its time and its peak memory in MB.
func (b *bench) links(ctx context.Context, dir string, args []string) (time.Duration, float64, error) {
	cmd := exec.CommandContext(ctx, b.bookci, append([]string{"links", "--progress", "quiet"}, args...)...)
	if len(args) == 0 || args[0] != "--from" {
		cmd.Args = append(cmd.Args, "--allow-private")
	}
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	begun := time.Now()
	err := cmd.Run()
	took := time.Since(begun)
	if err != nil {
		return 0, 0, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return took, 0, nil
	}
	return took, float64(usage.Maxrss) / 1024, nil
}
