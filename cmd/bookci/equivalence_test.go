//go:build unix

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bookci/bookci/cmd/bookci/exit"
	"github.com/bookci/bookci/cmd/bookci/project"
	"github.com/bookci/bookci/cmd/bookci/screen"
	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/standin"
)

// A watch keeps a session, what TeX learnt and what it has built from edit to
// edit. Whatever the edits: what it says it has made is, to the byte, what a
// build from nothing makes of the same sources.
//
// The short form runs on the stand-in. -edits runs as many on the real image,
// in sequences of which each has a seed and settings of its own:
//
//	go test ./cmd/bookci -run WatchMakes -edits 200 -timeout 60m

var (
	edits        = flag.Int("edits", 0, "edits to compare a watch with builds after, on the real image; 0 for a few on the stand-in")
	pictureEdits = flag.Bool("picture-edits", false, "with -edits, edit nothing but pictures")
	editSeed     = flag.Uint64("edit-seed", 1, "seed of the first sequence of edits")
)

func TestAWatchMakesWhatABuildFromNothingMakes(t *testing.T) {
	api := standin.Docker(t)
	ref, total, each := standin.Image(t, api), 6, 6
	real := *edits > 0
	if real {
		ref, total, each = standin.RealImage, *edits, 25
		if _, err := api.ImageInspect(t.Context(), ref); err != nil {
			t.Fatalf("-edits needs the image %s: %v", ref, err)
		}
	}
	for seed := *editSeed; total > 0; seed++ {
		n := min(each, total)
		total -= n
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			newEquivalence(t, seed, real, "BOOKCI_IMAGE="+ref, "DOCKER_HOST="+api.DaemonHost()).run(n)
		})
	}
}

// equivalence is a book, the watch that builds it, and what it is compared with.
type equivalence struct {
	t      *testing.T
	random *rand.Rand
	env    []string
	flags  []string
	makes  []string // targets
	book   *editedBook
	dir    string
	said   terminal
}

func newEquivalence(t *testing.T, seed uint64, real bool, env ...string) *equivalence {
	for _, variable := range env { // settings come from the process's own
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	random := rand.New(rand.NewPCG(seed, 5))
	q := &equivalence{t: t, random: random, env: os.Environ(), dir: t.TempDir()}
	q.book = newEditedBook(random, real)
	// The chapter-first path, and being overtaken by newer edits, at either extreme.
	q.flags = []string{"--progress", "plain",
		"--chapter-first", []string{"always", "never"}[seed%2],
		"--cancel", []string{"auto", "always", "never"}[seed%3],
		"--transport", []string{"bind", "copy"}[seed/2%2]}
	if random.IntN(4) == 0 {
		q.flags = append(q.flags, "--poll")
	}
	if q.makes = []string{"pdf"}; seed%4 == 0 {
		q.makes = append(q.makes, "epub")
	}
	q.flags = append(q.flags, "--target", strings.Join(q.makes, ","))
	return q
}

// run makes n edits.
func (q *equivalence) run(n int) {
	t := q.t
	ctx, stop := context.WithCancelCause(t.Context())
	a := &app{World: &world.World{Stdin: strings.NewReader(""), Stdout: &q.said, Stderr: &q.said, Env: func() []string { return q.env }}}
	q.save()
	ended := make(chan int, 1)
	go func() { ended <- a.main(ctx, append([]string{"watch", q.dir}, q.flags...)) }()
	defer func() {
		stop(exit.ErrInterrupted)
		if code := <-ended; code != exit.Interrupted {
			t.Errorf("the watch ended with %d", code)
		}
		if t.Failed() {
			t.Logf("flags %q; the watch said\n%s", q.flags, q.said.String())
		}
	}()
	q.awaits(0, "the first build", false)
	q.compare("the first build")
	for i := 1; i <= n && !t.Failed(); i++ {
		before := len(q.words())
		if *pictureEdits {
			what := q.book.editPicture()
			q.save()
			q.awaits(before, what, false)
			q.compare(fmt.Sprintf("edit %d, %s", i, what))
			continue
		}
		switch q.random.IntN(8) {
		case 0: // a mistake, and its mending, are two edits
			what := q.book.breakIt()
			good := q.artifact("pdf")
			q.save()
			q.awaits(before, what, true)
			if !bytes.Equal(q.artifact("pdf"), good) {
				t.Errorf("edit %d, %s: the last good PDF is not kept", i, what)
			}
			before = len(q.words())
			q.book.mend()
			if q.random.IntN(2) == 0 {
				what += ", mended and " + q.book.edit()
			}
			q.save()
			q.awaits(before, what, false)
			q.compare(fmt.Sprintf("edit %d, %s", i, what))
		case 1: // faster than builds
			var what []string
			for range 2 + q.random.IntN(3) {
				what = append(what, q.book.edit())
				q.save()
				time.Sleep(time.Duration(q.random.IntN(900)) * time.Millisecond)
			}
			q.awaits(before, strings.Join(what, "; "), false)
			q.settle()
			q.compare(fmt.Sprintf("edit %d, in a row: %s", i, strings.Join(what, "; ")))
		default:
			what := q.book.edit()
			q.save()
			q.awaits(before, what, false)
			q.compare(fmt.Sprintf("edit %d, %s", i, what))
		}
	}
}

var word = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d book pdf: (.*)$`)

// words are what the watch has said of whole books.
func (q *equivalence) words() (words []string) {
	for _, m := range word.FindAllStringSubmatch(q.said.String(), -1) {
		words = append(words, m[1])
	}
	return words
}

// awaits waits until the watch has said more than before.
func (q *equivalence) awaits(before int, what string, failure bool) {
	q.t.Helper()
	limit := patience
	if q.book.real {
		limit = 10 * time.Minute
	}
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if words := q.words(); len(words) > before {
			if failed := strings.HasPrefix(words[before], "failed"); failed != failure {
				q.t.Fatalf("%s: the watch says %q", what, words[before])
			}
			return
		}
	}
	q.t.Fatalf("%s: the watch says nothing of it", what)
}

// settle waits until the watch has nothing more to say for longer than a build takes.
func (q *equivalence) settle() {
	pause := time.Second
	if q.book.real {
		pause = 3 * time.Second
	}
	for before := ""; before != q.said.String(); {
		before = q.said.String()
		time.Sleep(pause)
	}
}

func (q *equivalence) artifact(target string) []byte {
	q.t.Helper()
	made, err := os.ReadFile(filepath.Join(q.dir, "artifacts", "book."+target))
	if err != nil {
		q.t.Fatal(err)
	}
	return made
}

// compare builds the sources from nothing.
func (q *equivalence) compare(what string) {
	t := q.t
	t.Helper()
	got := map[string][]byte{}
	for _, target := range q.makes {
		got[target] = q.artifact(target)
	}
	dir := t.TempDir()
	for name, text := range q.book.written {
		st, err := os.Stat(filepath.Join(q.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		q.write(dir, name, text)
		// Without git the newest file dates the artifact.
		if err := os.Chtimes(filepath.Join(dir, name), st.ModTime(), st.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	var said terminal
	a := &app{World: &world.World{Stdout: &said, Stderr: &said, Env: func() []string { return q.env }}}
	show := screen.NewQuiet(&said)
	p, err := project.Open(t.Context(), a.World, project.Choice{Dir: dir, Targets: q.makes}, nil, show.Println)
	if err != nil {
		t.Fatal(err)
	}
	c, err := workshop.ClaimRoot(t.Context(), a.World, p, show.Println, show.Event)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w, err := c.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Force = true
	jobs, err := w.Jobs(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range w.Build(t.Context(), jobs) {
		if res.Err != nil {
			t.Fatalf("%s: the build from nothing: %v %v", what, res.Err, res.Diagnostics)
		}
		target := string(res.Target)
		want, err := os.ReadFile(filepath.Join(dir, "artifacts", "book."+target))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got[target], want) {
			t.Logf("%s: the same %s, %d bytes", what, target, len(want))
			continue
		}
		time.Sleep(3 * time.Second)
		later := bytes.Equal(q.artifact(target), want)
		t.Errorf("%s: the watch's %s differs; three seconds later it is the same: %t; both are kept in %s", what, target, later, q.keep(dir))
	}
}

// keep keeps the watch's book, and what was made of it from nothing in dir, for a look.
func (q *equivalence) keep(dir string) string {
	q.t.Helper()
	kept, err := os.MkdirTemp("", "equivalence")
	if err == nil {
		err = os.CopyFS(filepath.Join(kept, "watched"), os.DirFS(q.dir))
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(kept, "built"), os.DirFS(dir))
	}
	if err != nil {
		q.t.Error(err)
	}
	return kept
}

// save writes what the book holds now over what was written, as an editor does.
func (q *equivalence) save() {
	q.t.Helper()
	files := q.book.files()
	for name := range q.book.written {
		if _, still := files[name]; !still {
			if err := os.Remove(filepath.Join(q.dir, name)); err != nil {
				q.t.Fatal(err)
			}
		}
	}
	for name, text := range files {
		if old, there := q.book.written[name]; !there || old != text {
			q.write(q.dir, name, text)
		}
	}
	q.book.written = files
}

func (q *equivalence) write(dir, name, text string) {
	q.t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		q.t.Fatal(err)
	}
	part := name + "~"
	err := os.WriteFile(part, []byte(text), 0o644)
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		q.t.Fatal(err)
	}
}
