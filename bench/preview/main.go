// Command preview measures how long a saved chapter takes to be on the screen:
// from the write of the file to the frame that a headless Chromium has painted.
//
//	go run ./preview -bookci ../bookci -edit ch02.re BOOK [FLAG...]
//
// BOOK is a book's folder; it is copied and never written to; the flags are for
// bookci watch. -edit names the
// chapter, below BOOK, whose last paragraph is written anew. Each save also
// begins a build, as it does for an author. It needs chromium on PATH. With the
// flag --engine draft it is the draft's page that is waited for, else the
// chapter's text.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("preview: ")
	var b bench
	var limit time.Duration
	flag.StringVar(&b.bookci, "bookci", "bookci", "the bookci to measure")
	flag.StringVar(&b.chromium, "chromium", "chromium", "the browser")
	flag.StringVar(&b.edit, "edit", "", "the chapter to edit, below BOOK")
	flag.IntVar(&b.saves, "saves", 60, "saves to measure")
	flag.DurationVar(&b.pause, "pause", 1500*time.Millisecond, "between saves, give or take a third")
	flag.DurationVar(&limit, "limit", 7*time.Minute, "end by then")
	flag.Parse()
	if flag.NArg() < 1 || b.edit == "" {
		log.Fatal("usage: preview -edit CHAPTER.re [flags] BOOK [FLAG...]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	b.flags = flag.Args()[1:]
	if err := b.run(ctx, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	bookci, chromium, edit string
	flags                  []string // for bookci watch
	saves                  int
	pause                  time.Duration

	tab  context.Context
	mark string // what of the page's body says what was painted last; its name with At says when
}

func (b *bench) run(ctx context.Context, book string) error {
	dir, err := os.MkdirTemp("", "bench-preview")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(book)); err != nil {
		return err
	}
	url, stop, err := b.watch(ctx, dir)
	if err != nil {
		return err
	}
	defer stop()
	program, err := exec.LookPath(b.chromium)
	if err != nil {
		return err
	}
	tab, end := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(program), chromedp.Flag("headless", "new"), chromedp.Flag("no-sandbox", true))
	defer end()
	tab, end = chromedp.NewContext(tab)
	defer end()
	b.tab = tab
	if _, err := chromedp.Run(tab, chromedp.Navigate(url)); err != nil {
		return err
	}
	if err := b.becomes("edition && edition.pages.length"); err != nil {
		return fmt.Errorf("waiting for the first build: %w", err)
	}
	if err := b.look(); err != nil {
		return err
	}
	took, err := b.measure(ctx, filepath.Join(dir, filepath.FromSlash(b.edit)))
	if err != nil {
		return err
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(len(took)-1, int(share*float64(len(took))))] }
	fmt.Printf("from save to painted, %d saves: median %.0f ms, 95 %% within %.0f ms, slowest %.0f ms\n", len(took), at(0.5), at(0.95), took[len(took)-1])
	return nil
}

// look opens what is edited: the chapter as text or, where there are drafts
// alone, its last page.
func (b *bench) look() error {
	drafts, err := b.is("!state.books[book].text")
	if err != nil {
		return err
	}
	if b.mark = "painted"; drafts == true {
		b.mark = "drawn"
		if _, err := b.is("setFollow(true), 0"); err != nil { // the first save leads to the page
			return err
		}
		return b.becomes("document.body.dataset.drawn")
	}
	chapter := strings.TrimSuffix(filepath.Base(b.edit), ".re")
	if _, err := b.is(fmt.Sprintf("chapter = %q, see('text'), 0", chapter)); err != nil {
		return err
	}
	if err := b.becomes(fmt.Sprintf("(document.body.dataset.painted || '').startsWith('%s ')", chapter)); err != nil {
		return fmt.Errorf("waiting for the chapter: %w", err)
	}
	return nil
}

// watch starts bookci and returns the page's address.
func (b *bench) watch(ctx context.Context, dir string) (url string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, b.bookci, append([]string{"watch", dir, "--serve", "localhost:0", "--progress", "plain"}, b.flags...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewScanner(stderr)
	for url == "" && lines.Scan() {
		url = regexp.MustCompile(`http://\S+/`).FindString(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }() // ends with the program
	if url == "" {
		return "", nil, fmt.Errorf("bookci names no address: %w", cmd.Wait())
	}
	return url, func() {
		_ = cmd.Cancel()
		_ = cmd.Wait() // 130, as for Ctrl-C
	}, nil
}

// measure saves again and again and returns how long each took, in milliseconds.
func (b *bench) measure(ctx context.Context, chapter string) (took []float64, err error) {
	text, err := os.ReadFile(chapter)
	if err != nil {
		return nil, err
	}
	for i := range b.saves {
		time.Sleep(b.pause*2/3 + rand.N(b.pause*2/3))
		before, err := b.is("document.body.dataset." + b.mark)
		if err != nil {
			return nil, err
		}
		saved := time.Now()
		if err := os.WriteFile(chapter, fmt.Appendf(slices.Clone(text), "\n\n測った段落、その%d。\n", i), 0o644); err != nil {
			return nil, err
		}
		if err := b.becomes(fmt.Sprintf("document.body.dataset.%s !== %q", b.mark, before)); err != nil {
			return nil, fmt.Errorf("save %d: %w", i, err)
		}
		at, err := b.is("Number(document.body.dataset." + b.mark + "At)") // by this machine's clock, as saved is
		if err != nil {
			return nil, err
		}
		took = append(took, at.(float64)-float64(saved.UnixMicro())/1000)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return took, nil
}

func (b *bench) is(expression string) (any, error) {
	return chromedp.Run(b.tab, chromedp.Evaluate[any](expression))
}

func (b *bench) becomes(expression string) error {
	for range 3000 {
		if v, err := b.is("Boolean(" + expression + ")"); err != nil || v == true {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("%s never holds", expression)
}
