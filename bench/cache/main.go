// Command cache measures bookci's image cache beside the docker commands that
// it replaces, pair by pair, and prints ratios.
//
//	go run ./bench/cache -image vvakame/review:5.9 -cold unix:///run/other/docker.sock
//
// It saves from the daemon of DOCKER_HOST, where it removes and changes nothing.
// Cold restores need a daemon to remove images from: -cold names one that is
// spared for this, with the same storage driver. Without -cold they are left out.
// It needs the docker and zstd commands, and three times the image's size in -tmp.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/client"

	"github.com/bookci/bookci/cache"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 4 && os.Args[1] == "child" {
		child(os.Args[2], os.Args[3])
		return
	}
	b := bench{}
	flag.StringVar(&b.image, "image", "vvakame/review:5.9", "image to measure with")
	flag.StringVar(&b.cold, "cold", "", "DOCKER_HOST of a daemon that images may be removed from")
	flag.StringVar(&b.tmp, "tmp", os.TempDir(), "folder for the tarballs")
	flag.IntVar(&b.rounds, "rounds", 3, "pairs of each kind")
	flag.Parse()
	if err := b.run(); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	image, cold, tmp string
	rounds           int
}

// result is what a child prints.
type result struct {
	Took      time.Duration // of the Store's call alone
	Wall      time.Duration // of the whole process
	PeakKB    int64
	Unchanged bool
	LeftOut   int
	Read      int64
	Sent      int64
}

// child does one step in a process of its own, so that its peak memory is its own.
func child(step, dir string) {
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		log.Fatal(err)
	}
	s := &cache.Store{Dir: dir, Daemon: c, Now: time.Now}
	ref := os.Getenv("BENCH_IMAGE")
	var r result
	switch step {
	case "save":
		saved, err := s.Save(context.Background(), ref, nil)
		if err != nil {
			log.Fatal(err)
		}
		r = result{Took: saved.Took, Unchanged: saved.Unchanged, Read: saved.Index.Bytes, Sent: saved.Index.TarBytes}
	case "restore":
		restored, err := s.Restore(context.Background(), ref, nil)
		if err != nil {
			log.Fatal(err)
		}
		r = result{Took: restored.Took, Unchanged: restored.Unchanged, LeftOut: restored.LeftOut, Read: restored.Read, Sent: restored.Sent}
	}
	_ = json.NewEncoder(os.Stdout).Encode(r)
}

func (b bench) bookci(host, step, dir string) (result, error) {
	cmd := exec.Command(os.Args[0], "child", step, dir)
	cmd.Env = append(os.Environ(), "BENCH_IMAGE="+b.image)
	if host != "" {
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
	}
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", step, err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return r, err
	}
	r.Wall = time.Since(start)
	r.PeakKB = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return r, nil
}

// shell times a shell line.
func shell(host, line string) (time.Duration, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = os.Environ()
	if host != "" {
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+host)
	}
	cmd.Stderr = os.Stderr
	start := time.Now()
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w", line, err)
	}
	return time.Since(start), err
}

func (b bench) run() error {
	tmp, err := os.MkdirTemp(b.tmp, "bench-cache-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	plain := filepath.Join(tmp, "image.tar")
	store := filepath.Join(tmp, "store")
	var saves, coldRatios []float64
	for range b.rounds {
		os.RemoveAll(store)
		raw, err := shell("", fmt.Sprintf("docker save %s | zstd -3 -T0 -q -f -o %s.zst", b.image, plain))
		if err != nil {
			return err
		}
		r, err := b.bookci("", "save", store)
		if err != nil {
			return err
		}
		b.pair("first save / docker save | zstd -3 -T0", r, raw)
		saves = append(saves, r.Wall.Seconds()/raw.Seconds())
	}
	median("first save", saves)
	os.Remove(plain + ".zst")
	raw, err := shell("", fmt.Sprintf("docker save %s -o %s", b.image, plain))
	if err != nil {
		return err
	}
	info, err := os.Stat(plain)
	if err != nil {
		return err
	}
	r, err := b.bookci("", "save", store)
	if err != nil {
		return err
	}
	b.pair("save, unchanged / docker save", r, raw)
	if raw, err = shell("", "docker load -q -i "+plain); err != nil {
		return err
	}
	if r, err = b.bookci("", "restore", store); err != nil {
		return err
	}
	b.pair("restore, image present / docker load", r, raw)
	if b.cold == "" {
		return nil
	}
	if out, _ := exec.Command("docker", "-H", b.cold, "ps", "-aq").Output(); len(out) > 0 {
		return fmt.Errorf("the daemon at %s is in use", b.cold)
	}
	remove := func() {
		// Whatever else the daemon holds may share layers with the image.
		out, _ := exec.Command("docker", "-H", b.cold, "images", "-q").Output()
		for _, id := range strings.Fields(string(out)) {
			_, _ = shell(b.cold, "docker rmi -f "+id+" >/dev/null 2>&1")
		}
	}
	for range b.rounds {
		remove()
		if raw, err = shell(b.cold, "docker load -q -i "+plain); err != nil {
			return err
		}
		remove()
		if r, err = b.bookci(b.cold, "restore", store); err != nil {
			return err
		}
		b.pair("cold restore / docker load", r, raw)
		fmt.Printf("  read %.3f of the tar's bytes\n", float64(r.Read)/float64(info.Size()))
		coldRatios = append(coldRatios, r.Wall.Seconds()/raw.Seconds())
	}
	median("cold restore", coldRatios)
	return nil
}

func (b bench) pair(name string, r result, raw time.Duration) {
	fmt.Printf("%-44s %8.2f s / %7.2f s = %.4f  (1/%.0f)  peak %d MB\n", name, r.Wall.Seconds(), raw.Seconds(),
		r.Wall.Seconds()/raw.Seconds(), raw.Seconds()/r.Wall.Seconds(), r.PeakKB/1024)
}

func median(name string, list []float64) {
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	fmt.Printf("%-44s median ratio %.3f\n", name, list[len(list)/2])
}
