//go:build unix

package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/cmd/bookci/daemon"
	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/owner"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/chromium"
	"github.com/bookci/bookci/internal/standin"
)

// terminal is what a watch writes to.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *terminal) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *terminal) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// The page's room is opened with the settings of now, and the one before is
// closed, as soon as a watch has read them.
func TestThePreviewFollowsTheSettings(t *testing.T) {
	api := standin.Docker(t)
	image := standin.Image(t, api)
	book := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(book, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config.yml", "review_version: 5.0\nbookname: book\n")
	write("catalog.yml", "CHAPS: [ch01.re]\n")
	write("ch01.re", "= One\n")
	write("bookci.yml", "limits: {pids: 301}\n")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watching, stop := context.WithCancelCause(ctx)
	var said terminal
	t.Setenv("BOOKCI_IMAGE", image)
	t.Setenv("DOCKER_HOST", api.DaemonHost())
	t.Setenv("BOOKCI_TIMOUT", "1m")
	a := &app{World: &world.World{Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Env: os.Environ}}
	ended := make(chan int, 1)
	go func() {
		ended <- a.main(watching, []string{"watch", book, "--serve", "localhost:0", "--progress", "plain", "--debounce", "20ms"})
	}()
	// limits are those of the containers that this watch has.
	limits := func() (pids []int64) {
		list, err := api.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", docker.Label+"="+owner.Token()))})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			// One that is gone since was the old room's.
			if found, err := api.ContainerInspect(ctx, c.ID); err == nil {
				pids = append(pids, *found.HostConfig.PidsLimit)
			}
		}
		return pids
	}
	look := func() {
		url := regexp.MustCompile(`http://localhost:\d+/`).FindString(said.String())
		if url == "" {
			return
		}
		// There is no Ruby in this image: what matters is that a room was opened.
		if answer, err := http.Get(url + "api/text?book=0&chapter=ch01"); err == nil {
			answer.Body.Close()
		}
	}
	becomes := func(want ...int64) {
		t.Helper()
		for ; ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			if look(); slices.Equal(limits(), want) {
				return
			}
		}
		t.Fatalf("the containers have limits %v, want %v; the watch says %s", limits(), want, said.String())
	}
	becomes(301, 301)
	write("bookci.yml", "# another comment\nlimits: {pids: 302}\n")
	becomes(302, 302)
	stop(exit.ErrInterrupted)
	if code := <-ended; code != exit.Interrupted {
		t.Errorf("the watch ended with %d: %s", code, said.String())
	}
	ctx = context.WithoutCancel(ctx)
	if left := limits(); len(left) > 0 {
		t.Errorf("containers with limits %v are left", left)
	}
	if n := strings.Count(said.String(), "BOOKCI_TIMOUT"); n != 1 {
		t.Errorf("a warning was said %d times: %s", n, said.String())
	}
}

// TestPreviewOfTheSampleBook follows a real book from the save to the pages.
// It writes a picture of the page to the file that BOOKCI_PICTURE names.
func TestPreviewOfTheSampleBook(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real book")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	d, err := daemon.Connect(ctx, os.Getenv)
	if err != nil {
		t.Skipf("there is no Docker: %v", err)
	}
	_, found, err := docker.FindImage(ctx, d, book.DefaultImage("5.0"))
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || !found {
		t.Skipf("the image %s is not on this machine", book.DefaultImage("5.0"))
	}
	book := t.TempDir()
	if err := os.CopyFS(book, os.DirFS("../../sample-book")); err != nil {
		t.Fatal(err)
	}
	var said terminal
	watching, stop := context.WithCancelCause(ctx)
	a := &app{World: &world.World{Stdin: strings.NewReader(""), Stdout: &said, Stderr: &said, Env: os.Environ}}
	ended := make(chan int, 1)
	go func() {
		ended <- a.main(watching, []string{"watch", book, "--book", "print", "--serve", "localhost:0", "--progress", "plain"})
	}()
	defer func() {
		stop(exit.ErrInterrupted)
		if code := <-ended; code != exit.Interrupted {
			t.Errorf("the watch ended with %d: %s", code, said.String())
		}
	}()
	url := ""
	for url == "" && ctx.Err() == nil {
		url = regexp.MustCompile(`http://localhost:\d+/`).FindString(said.String())
		time.Sleep(20 * time.Millisecond)
	}

	tab := chromium.Open(t, url, "ja", 1360, 850, 8*time.Minute)
	is := tab.Is
	becomes := func(what, expression string) {
		t.Helper()
		tab.Becomes(what, expression, &said)
	}
	becomes("the first build is shown", "edition && edition.pages.length > 40 && document.querySelector('.page img')")

	chapter := filepath.Join(book, "figures.re")
	text, err := os.ReadFile(chapter)
	if err != nil {
		t.Fatal(err)
	}
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(chapter, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is("chapter = 'figures', see('text'), 0")
	becomes("the chapter is shown as text", "(document.body.dataset.painted || '').startsWith('figures ')")
	before := is("document.body.dataset.painted")
	at := time.Now()
	edited := strings.Replace(string(text), "技術書らしさを作るのは、図と表とコードです。", "技術書らしさを作るのは、なによりも、図と表とコードです。", 1)
	save(edited)
	becomes("the edit is painted", "document.body.dataset.painted !== '"+before+"'")
	t.Logf("from save to painted: %s", time.Since(at).Round(time.Millisecond))
	is("see('pages'), 0")
	becomes("the new pages are shown", "edition.version > 1 && (edition.changed || []).length > 0")
	t.Logf("from save to the new pages: %s", time.Since(at).Round(time.Millisecond))
	is("showPage(edition.changed[0]), 0")
	becomes("the changed page is drawn", "figures[edition.changed[0] - 1].img && document.getElementById('toast').hidden")
	if name := os.Getenv("BOOKCI_PICTURE"); name != "" {
		time.Sleep(3 * time.Second) // the marks of arrival fade
		if err := os.WriteFile(name, tab.Picture(), 0o644); err != nil {
			t.Error(err)
		}
	}

	save(strings.Replace(edited, "この章では", "@<list>{nowhere}この章では", 1))
	becomes("the error stands over its page", "document.querySelector('.page .note')")
	if name := os.Getenv("BOOKCI_PICTURE"); name != "" {
		time.Sleep(2 * time.Second)
		_ = os.WriteFile(strings.TrimSuffix(name, ".png")+"-error.png", tab.Picture(), 0o644)
	}
	save(edited)
	becomes("the error goes away", "!document.querySelector('.note') && !state.error")
}
