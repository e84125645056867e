// Command build measures bookci beside the docker command that it replaces,
// pair by pair in one run, and prints ratios.
//
//	go run ./build -bookci ../bookci -edit ch02.re BOOK
//
// BOOK is a book's folder; it is copied and never written to. It must hold its
// own style files: the plain command adds none. -edit names the chapter, below
// BOOK, that a paragraph is added to. It needs the docker command.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
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
	log.SetPrefix("bench: ")
	var b bench
	var only string
	flag.StringVar(&b.bookci, "bookci", "bookci", "the bookci to measure")
	flag.StringVar(&b.image, "image", "vvakame/review:5.9", "the image")
	flag.StringVar(&b.config, "config", "config.yml", "the book's config")
	flag.StringVar(&b.edit, "edit", "", "the chapter to edit, below BOOK")
	flag.StringVar(&only, "only", "nothing,unchanged,kept,watch", "what to measure")
	flag.IntVar(&b.pairs, "pairs", 5, "pairs of each kind")
	flag.Parse()
	if flag.NArg() != 1 || b.edit == "" {
		log.Fatal("usage: build -edit CHAPTER.re [flags] BOOK")
	}
	var err error
	if b.bookci, err = exec.LookPath(b.bookci); err == nil {
		b.bookci, err = filepath.Abs(b.bookci)
	}
	if err == nil {
		err = b.run(flag.Arg(0), strings.Split(only, ","))
	}
	if err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	bookci, image, config, edit string
	pairs                       int
	plainDir, ownDir            string
	edits                       int
}

// cost is what one run took.
type cost struct {
	wall   time.Duration
	peakKB int64 // of bookci alone: the makers run elsewhere
}

func (b *bench) run(book string, kinds []string) error {
	tmp, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b.plainDir, b.ownDir = filepath.Join(tmp, "plain"), filepath.Join(tmp, "bookci")
	for _, dir := range []string{b.plainDir, b.ownDir} {
		if err := os.CopyFS(dir, os.DirFS(book)); err != nil {
			return err
		}
	}
	fmt.Printf("%-34s %9s %9s %7s %s\n", filepath.Base(book), "plain s", "bookci s", "ratio", "(least to most)  peak MB")
	for _, kind := range kinds {
		if err := b.kind(kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// kind measures pairs of one kind.
func (b *bench) kind(kind string) error {
	var own func() (cost, error)
	var name string
	switch kind {
	case "nothing":
		name, own = "from nothing", func() (cost, error) { return b.build("--force") }
	case "unchanged":
		name, own = "nothing changed", func() (cost, error) { return b.build() }
	case "kept":
		name, own = "a paragraph changed, state kept", func() (cost, error) {
			if err := b.change(b.ownDir); err != nil {
				return cost{}, err
			}
			return b.build()
		}
	case "watch":
		w, err := b.watch()
		if err != nil {
			return err
		}
		defer w.end()
		name, own = "a paragraph changed, watch", w.edit
	default:
		return fmt.Errorf("unknown kind")
	}
	if kind != "watch" {
		if _, err := b.build(); err != nil { // a good build to start from
			return err
		}
	}
	var plains, owns, ratios []float64
	var peak int64
	for range b.pairs {
		p, err := b.plain()
		if err != nil {
			return err
		}
		o, err := own()
		if err != nil {
			return err
		}
		plains, owns = append(plains, p.wall.Seconds()), append(owns, o.wall.Seconds())
		ratios = append(ratios, o.wall.Seconds()/p.wall.Seconds())
		peak = max(peak, o.peakKB)
	}
	fmt.Printf("%-34s %9.2f %9.3f %7.3f (%.3f to %.3f) %d\n", name, median(plains), median(owns), median(ratios), slices.Min(ratios), slices.Max(ratios), peak/1024)
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// plain is the command that bookci replaces.
func (b *bench) plain() (cost, error) {
	return timed(exec.Command("docker", "run", "--rm", "-v", b.plainDir+":/work", b.image,
		"/bin/sh", "-c", "cd /work && review-pdfmaker "+b.config))
}

func (b *bench) build(args ...string) (cost, error) {
	args = append([]string{"build", b.ownDir, "--config", b.config, "--image", b.image, "--progress", "quiet"}, args...)
	return timed(exec.Command(b.bookci, args...))
}

func timed(cmd *exec.Cmd) (cost, error) {
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begun)
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return cost{wall: took, peakKB: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}, nil
}

// change adds a paragraph to the chapter.
func (b *bench) change(dir string) error {
	b.edits++
	f, err := os.OpenFile(filepath.Join(dir, b.edit), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "\n測定のために足した%d番目の段落です。\n", b.edits)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// watching is a running bookci watch.
type watching struct {
	b     *bench
	cmd   *exec.Cmd
	built chan string
}

func (b *bench) watch() (*watching, error) {
	w := &watching{b: b, built: make(chan string, 100)}
	w.cmd = exec.Command(b.bookci, "watch", b.ownDir, "--config", b.config, "--image", b.image, "--progress", "plain")
	pr, pw := io.Pipe()
	w.cmd.Stderr = pw
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		lines := bufio.NewScanner(pr)
		for lines.Scan() {
			// A whole book's line; a chapter's comes before it.
			if text := lines.Text(); strings.Contains(text, " pdf: ") && (strings.Contains(text, " pages, ") || strings.Contains(text, "up to date")) && !strings.Contains(text, "-only") {
				w.built <- text
			}
		}
		close(w.built)
	}()
	_, err := w.wait()
	return w, err
}

func (w *watching) wait() (string, error) {
	select {
	case text, ok := <-w.built:
		if !ok {
			return "", fmt.Errorf("bookci watch has ended")
		}
		return text, nil
	case <-time.After(10 * time.Minute):
		return "", fmt.Errorf("bookci watch built nothing in 10 minutes")
	}
}

// edit saves a change and waits for the PDF.
func (w *watching) edit() (cost, error) {
	begun := time.Now()
	if err := w.b.change(w.b.ownDir); err != nil {
		return cost{}, err
	}
	_, err := w.wait()
	return cost{wall: time.Since(begun)}, err
}

func (w *watching) end() {
	_ = w.cmd.Process.Signal(os.Interrupt) // gone already: nothing to end
	_ = w.cmd.Wait()                       // its status says that it was interrupted
}
