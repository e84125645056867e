// Command cache measures bookci's image cache beside the docker commands that
// it replaces, pair by pair, and prints ratios.
//
//	go run ./cache -bookci ../bookci -image vvakame/review:5.9 -cold unix:///run/other/docker.sock
//
// It saves from the daemon of DOCKER_HOST, where it builds one small image upon
// the given one and removes it again.
// Cold restores need a daemon to remove images from: -cold names one that is
// spared for this, with the same storage driver. Without -cold they are left out.
// It needs the docker and zstd commands, and three times the image's size in -tmp.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	b := bench{}
	flag.StringVar(&b.bookci, "bookci", "bookci", "the bookci to measure")
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
	bookci, image, cold, tmp string
	rounds                   int

	plain string // the image's tar, as docker save writes it
	store string // bookci's cache folder
}

// step is one run of bookci.
type step struct {
	wall   time.Duration
	peakKB int64
	read   int64 // compressed bytes of a restore
}

func (b *bench) run() (err error) {
	if b.bookci, err = exec.LookPath(b.bookci); err == nil {
		b.bookci, err = filepath.Abs(b.bookci)
	}
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(b.tmp, "bench-cache-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b.plain, b.store = filepath.Join(tmp, "image.tar"), filepath.Join(tmp, "store")
	if err := b.saves(); err != nil {
		return err
	}
	if err := b.unchanged(); err != nil || b.cold == "" {
		return err
	}
	return b.restores(filepath.Join(tmp, "changed"))
}

// saves compares the first save of an image.
func (b *bench) saves() error {
	return b.pairs("first save / docker save | zstd -3 -T0", func() (time.Duration, error) {
		defer os.Remove(b.plain + ".zst")
		return shell("", fmt.Sprintf("docker save %s | zstd -3 -T0 -q -f -o %s.zst", b.image, b.plain))
	}, func() (step, error) {
		os.RemoveAll(b.store)
		return b.cache("", "save", b.image, b.store)
	})
}

// unchanged compares what happens when there is nothing to do.
func (b *bench) unchanged() error {
	err := b.pairs("save, unchanged / docker save", func() (time.Duration, error) {
		return shell("", fmt.Sprintf("docker save %s -o %s", b.image, b.plain))
	}, func() (step, error) { return b.cache("", "save", b.image, b.store) })
	if err != nil {
		return err
	}
	return b.pairs("restore, image present / docker load", func() (time.Duration, error) {
		return shell("", "docker load -q -i "+b.plain)
	}, func() (step, error) { return b.cache("", "restore", b.image, b.store) })
}

// restores compares restores into a daemon that has nothing, and then, in a
// cache folder of its own, into one that has all but the top layer.
func (b *bench) restores(store string) error {
	if out, err := exec.Command("docker", "-H", b.cold, "ps", "-aq").Output(); err != nil || len(out) > 0 {
		return fmt.Errorf("the daemon at %s does not answer or is in use: %v", b.cold, err)
	}
	load := func() (time.Duration, error) {
		b.empty()
		return shell(b.cold, "docker load -q -i "+b.plain)
	}
	err := b.pairs("cold restore / docker load", load, func() (step, error) {
		b.empty()
		return b.cache(b.cold, "restore", b.image, b.store)
	})
	if err != nil {
		return err
	}
	changed := fmt.Sprintf("bookci-bench/changed:%d", os.Getpid())
	if _, err := shell("", fmt.Sprintf("printf 'FROM %s\\nRUN echo changed >/changed\\n' | docker build -q -t %s - >/dev/null 2>&1", b.image, changed)); err != nil {
		return err
	}
	defer func() { _, _ = shell("", "docker rmi "+changed+" >/dev/null") }()
	if _, err := b.cache("", "save", changed, store); err != nil {
		return err
	}
	// The pair is a cold load, after which the daemon has the old image.
	return b.pairs("top layer changed / docker load, cold", load, func() (step, error) {
		return b.cache(b.cold, "restore", changed, store)
	})
}

// empty takes all images from the spared daemon: whatever else it holds may
// share layers with the image.
func (b *bench) empty() {
	_, _ = shell(b.cold, "docker images -aq | xargs -r docker rmi -f >/dev/null 2>&1")
	syscall.Sync()
}

// pairs measures in turns and prints each pair and the median of their ratios.
func (b *bench) pairs(name string, plain func() (time.Duration, error), own func() (step, error)) error {
	var ratios []float64
	for range b.rounds {
		syscall.Sync() // neither pays for what the other has left to write
		raw, err := plain()
		if err != nil {
			return err
		}
		syscall.Sync()
		s, err := own()
		if err != nil {
			return err
		}
		ratio := s.wall.Seconds() / raw.Seconds()
		fmt.Printf("%-40s %7.2f s / %6.2f s = %.4f  peak %d MB", name, s.wall.Seconds(), raw.Seconds(), ratio, s.peakKB/1024)
		if info, err := os.Stat(b.plain); err == nil && s.read > 0 {
			fmt.Printf("  read %.3f of the tar", float64(s.read)/float64(info.Size()))
		}
		fmt.Println()
		ratios = append(ratios, ratio)
	}
	slices.Sort(ratios)
	fmt.Printf("%-40s median %.4f (%.4f to %.4f)\n", name, ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
	return nil
}

// cache runs `bookci cache`.
func (b *bench) cache(host, command, image, store string) (step, error) {
	cmd := exec.Command(b.bookci, "cache", command, "--image", image, "--dir", store, "--json", "--progress", "quiet")
	cmd.Env = environ(host)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	s := step{wall: time.Since(start)}
	if err != nil {
		return s, fmt.Errorf("bookci cache %s: %w: %s", command, err, stderr.String())
	}
	var result struct {
		Read int64
		Why  string // of a miss
	}
	if err := json.Unmarshal(out, &result); err != nil {
		return s, fmt.Errorf("bookci cache %s: %w", command, err)
	}
	if result.Why != "" {
		return s, errors.New("bookci cache " + command + ": " + string(out))
	}
	s.read = result.Read
	s.peakKB = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return s, nil
}

// shell times a shell line.
func shell(host, line string) (time.Duration, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = environ(host)
	cmd.Stderr = os.Stderr
	start := time.Now()
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w", line, err)
	}
	return time.Since(start), err
}

func environ(host string) []string {
	if host == "" {
		return os.Environ()
	}
	return append(os.Environ(), "DOCKER_HOST="+host)
}
