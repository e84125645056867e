// Command draft measures what a draft costs: whole processes of
// `bookci build --engine draft`, with what earlier ones kept and without.
//
//	go run ./draft -bookci ../bookci [-config FILE] [-plain "COMMAND"] BOOK
//
// BOOK is a book's folder; it is copied and never written to. -plain is a
// command that makes the same book with Re:VIEW, run by sh in another copy of
// BOOK; with it the table says how many times as long that takes.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("draft: ")
	var b bench
	flag.StringVar(&b.bookci, "bookci", "bookci", "the bookci to measure")
	flag.StringVar(&b.config, "config", "config.yml", "the book's config")
	flag.StringVar(&b.plain, "plain", "", "a command that makes the book with Re:VIEW")
	flag.IntVar(&b.runs, "runs", 7, "runs of each kind")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: draft [flags] BOOK")
	}
	var err error
	if b.bookci, err = exec.LookPath(b.bookci); err == nil {
		b.bookci, err = filepath.Abs(b.bookci)
	}
	if err == nil {
		err = b.run(flag.Arg(0))
	}
	if err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	bookci, config, plain string
	runs                  int
	dir                   string
}

// cost is what one process took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

func (b *bench) run(book string) error {
	tmp, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b.dir = filepath.Join(tmp, "book")
	if err := os.CopyFS(b.dir, os.DirFS(book)); err != nil {
		return err
	}
	fmt.Printf("%-28s %8s %8s %8s %8s %8s\n", filepath.Base(book), "least s", "median", "most", "cpu s", "peak MB")
	if _, err := b.draft(); err != nil { // the file system's cache is warm
		return err
	}
	median := time.Duration(0)
	for _, kind := range []struct {
		name   string
		before func() error
	}{
		{"from nothing", b.forget},
		{"with kept images", b.touch},
		{"unchanged", func() error { return nil }},
	} {
		var costs []cost
		for range b.runs {
			if err := kind.before(); err != nil {
				return err
			}
			c, err := b.draft()
			if err != nil {
				return err
			}
			costs = append(costs, c)
		}
		slices.SortFunc(costs, func(x, y cost) int { return int(x.wall - y.wall) })
		mid := costs[len(costs)/2]
		fmt.Printf("%-28s %8.3f %8.3f %8.3f %8.3f %8.0f\n", kind.name, costs[0].wall.Seconds(), mid.wall.Seconds(), costs[len(costs)-1].wall.Seconds(), mid.cpu.Seconds(), float64(mid.peak)/1e6)
		if kind.name == "with kept images" {
			median = mid.wall
		}
	}
	if b.plain == "" {
		return nil
	}
	plain := filepath.Join(tmp, "plain")
	if err := os.CopyFS(plain, os.DirFS(book)); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", b.plain)
	cmd.Dir = plain
	c, err := measure(cmd)
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %8.3f, %.0f times the draft with kept images\n", "the plain command", c.wall.Seconds(), c.wall.Seconds()/median.Seconds())
	return nil
}

func (b *bench) draft() (cost, error) {
	cmd := exec.Command(b.bookci, "build", "--engine", "draft", "--config", b.config, "--progress", "quiet")
	cmd.Dir = b.dir
	return measure(cmd)
}

// forget removes what earlier runs left.
func (b *bench) forget() error {
	for _, name := range []string{".bookci", "artifacts"} {
		if err := os.RemoveAll(filepath.Join(b.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// touch takes the artifact away, so that the draft is made and what was kept serves.
func (b *bench) touch() error { return os.RemoveAll(filepath.Join(b.dir, "artifacts")) }

func measure(cmd *exec.Cmd) (cost, error) {
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	c := cost{wall: time.Since(begun), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = usage.Maxrss * 1024
	}
	return c, nil
}
