package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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
	edits    = flag.Int("edits", 0, "edits to compare a watch with builds after, on the real image; 0 for a few on the stand-in")
	editSeed = flag.Uint64("edit-seed", 1, "seed of the first sequence of edits")
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
	random := rand.New(rand.NewPCG(seed, 5))
	q := &equivalence{t: t, random: random, env: append(os.Environ(), env...), dir: t.TempDir()}
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
	a := &app{stdin: strings.NewReader(""), stdout: &q.said, stderr: &q.said, env: func() []string { return q.env }}
	q.save()
	ended := make(chan int, 1)
	go func() { ended <- a.main(ctx, append([]string{"watch", q.dir}, q.flags...)) }()
	defer func() {
		stop(errInterrupted)
		if code := <-ended; code != exitInterrupted {
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
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
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

// compare builds the sources from nothing, with a watch's compression.
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
	a := &app{stdout: &said, stderr: &said, env: func() []string { return q.env }}
	show := &quietProgress{w: &said}
	p, err := a.open(t.Context(), choice{dir: dir, targets: q.makes}, func(*settings) error { return nil }, show.println)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.claim(t.Context(), p, show.println, show.event)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	w, err := c.workshop(p)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	w.Force, w.Fast = true, true
	jobs, err := a.jobs(t.Context(), p, w.Builder, nil)
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

// editedBook is a book of about eight pages as its author has it in mind.
type editedBook struct {
	random   *rand.Rand
	real     bool // TeX itself: the stand-in knows fewer of its commands
	count    int  // of edits, so that each makes a difference
	title    string
	style    string
	chapters []*editedChapter // in the catalog's order
	wrong    string           // at the end of the first chapter
	written  map[string]string
}

type editedChapter struct {
	id    string
	title string
	parts []string // paragraphs and headings
	list  string   // a listing that a paragraph refers to, "" for none
	image string   // PNG, "" for none
}

func newEditedBook(random *rand.Rand, real bool) *editedBook {
	b := &editedBook{random: random, real: real, title: "本", style: "% as it comes\n"}
	for range 4 {
		b.addChapter()
	}
	b.chapters[0].image, b.chapters[1].list = b.picture(), "puts 1"
	return b
}

func (b *editedBook) addChapter() {
	b.count++
	c := &editedChapter{id: fmt.Sprintf("ch%02d", b.count), title: fmt.Sprintf("章%d", b.count)}
	for range 6 {
		c.parts = append(c.parts, b.paragraph())
	}
	b.chapters = append(b.chapters, c)
}

// paragraph is one that no other paragraph is like.
func (b *editedBook) paragraph() string {
	b.count++
	words := []string{"組版", "原稿", "索引", "章", "図", "余白", "行", "頁"}
	var text strings.Builder
	fmt.Fprintf(&text, "段落%dは", b.count)
	for range 20 + b.random.IntN(60) {
		text.WriteString(words[b.random.IntN(len(words))] + "と")
	}
	return text.String() + "である。"
}

func (b *editedBook) picture() string {
	img := image.NewRGBA(image.Rect(0, 0, 40+b.random.IntN(200), 40+b.random.IntN(120)))
	shade := color.RGBA{uint8(b.random.IntN(256)), uint8(b.random.IntN(256)), 90, 255}
	for x := range img.Rect.Max.X / 2 {
		for y := range img.Rect.Max.Y {
			img.Set(x, y, shade)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // a picture in memory can be written
	}
	return out.String()
}

func (b *editedBook) any() *editedChapter { return b.chapters[b.random.IntN(len(b.chapters))] }

// insert puts a part somewhere into a chapter.
func (b *editedBook) insert(c *editedChapter, part string) {
	c.parts = slices.Insert(c.parts, b.random.IntN(len(c.parts)+1), part)
}

// edit changes the book and says what it did.
func (b *editedBook) edit() string {
	c := b.any()
	b.count++
	switch b.random.IntN(14) {
	case 0, 1, 2:
		c.parts[b.random.IntN(len(c.parts))] = b.paragraph()
		return "a paragraph of " + c.id
	case 3:
		for range 12 {
			b.insert(c, b.paragraph())
		}
		return "a page more in " + c.id
	case 4:
		c.parts = c.parts[:max(1, len(c.parts)-12)]
		return b.changed(c, "a page less in "+c.id)
	case 5:
		b.insert(c, fmt.Sprintf("== 節%d", b.count))
		return "a heading in " + c.id
	case 6:
		c.title = fmt.Sprintf("別の章%d", b.count)
		return "the title of " + c.id
	case 7:
		b.insert(c, fmt.Sprintf("索引の@<idx>{語%d}が増える。", b.count))
		return "an index entry in " + c.id
	case 8:
		of := b.any()
		for i, other := range b.chapters {
			if other != of {
				continue
			}
			at := fmt.Sprintf("\\ref{ch%d}", i+1)
			if b.real {
				at = fmt.Sprintf("\\pageref{chap:%s}", of.id)
			}
			b.insert(c, "//raw[|latex|"+at+"]")
		}
		return "a reference from " + c.id + " to the page of " + of.id
	case 9:
		c.list = fmt.Sprintf("puts %d", b.count)
		return "a listing with a reference in " + c.id
	case 10:
		had := c.image != ""
		c.image = b.picture()
		if had {
			return b.changed(c, "another image of the same name in "+c.id)
		}
		return "an image in " + c.id
	case 11:
		b.style = fmt.Sprintf("%% %d\n\\setlength{\\parskip}{%dpt}\n", b.count, b.random.IntN(12))
		return "the style file"
	case 12:
		b.title = fmt.Sprintf("本%d", b.count)
		return "the title in config.yml"
	}
	return b.reorder()
}

// changed makes an edit that may leave the stand-in's PDF as it was visible.
func (b *editedBook) changed(c *editedChapter, what string) string {
	c.parts[0] = b.paragraph()
	return what
}

func (b *editedBook) reorder() string {
	switch n := len(b.chapters); {
	case n < 3 || n < 6 && b.random.IntN(3) == 0:
		b.addChapter()
		return "a new chapter"
	case b.random.IntN(2) == 0:
		i := b.random.IntN(n)
		gone := b.chapters[i].id
		b.chapters = slices.Delete(b.chapters, i, i+1)
		return gone + " is gone"
	default:
		i := b.random.IntN(n - 1)
		b.chapters[i], b.chapters[i+1] = b.chapters[i+1], b.chapters[i]
		return "two chapters change places"
	}
}

// breakIt makes a mistake that Re:VIEW, or only TeX, stops at.
func (b *editedBook) breakIt() string {
	if b.random.IntN(2) == 0 {
		b.wrong = "@<nosuch>{x}"
		return "an unknown command"
	}
	b.wrong = "//raw[|latex|\\unknownmacro]" // \n would be a line break
	return "an unknown TeX command"
}

func (b *editedBook) mend() { b.wrong = "" }

// files are the book's sources.
func (b *editedBook) files() map[string]string {
	files := map[string]string{
		"config.yml": "review_version: 5.0\nbookname: book\nbooktitle: " + b.title + "\naut: [A]\nlanguage: ja\ntoc: true\n" +
			"texdocumentclass: [\"review-jsbook\", \"media=ebook,paper=a5\"]\ntexstyle: [\"reviewmacro\", \"bookstyle\"]\npdfmaker:\n  makeindex: true\n",
		"sty/bookstyle.sty": b.style,
	}
	catalog := "CHAPS:\n"
	for i, c := range b.chapters {
		catalog += "  - " + c.id + ".re\n"
		text := "= " + c.title + "\n\n" + strings.Join(c.parts, "\n\n") + "\n"
		if c.list != "" {
			text += "\n@<list>{code}のとおり。\n\n//list[code][例]{\n" + c.list + "\n//}\n"
		}
		if c.image != "" {
			text += "\n@<img>{" + c.id + "}を見よ。\n\n//image[" + c.id + "][図]{\n//}\n"
			files["images/"+c.id+".png"] = c.image
		}
		if i == 0 && b.wrong != "" {
			text += "\n" + b.wrong + "\n"
		}
		files[c.id+".re"] = text
	}
	files["catalog.yml"] = catalog
	return files
}
