package engine_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/build/pictures"
	"github.com/bookci/bookci/internal/standin"
)

// noise is a PNG of which no two are the same.
func noise(t *testing.T, seed uint64, soft bool) string {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	img := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	for y := range 200 {
		for x := range 300 {
			c := color.NRGBA{uint8(random.IntN(16)), uint8(x), uint8(y), 255}
			if soft {
				c.A = uint8(x + y + int(seed))
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// The real dvipdfmx makes the same PDF with a memory as without, compresses
// pictures beforehand by pages that no TeX made, and finds all of them then.
func TestTheRealDvipdfmxRemembersPictures(t *testing.T) {
	api := standin.Docker(t)
	engine := enginetest.DockerEngine(t, api, api, standin.RealImage, docker.Copy)
	root := t.TempDir()
	files := map[string]string{}
	var names []string
	for n := range 4 {
		name := "images/図 (" + strconv.Itoa(n) + ").png"
		files[name] = noise(t, uint64(n), n%2 == 1)
		names = append(names, "/work/"+name)
	}
	const enough = 1 << 30
	pages := pictures.Ahead(enough, names)
	files["ahead.dvi"] = string(pages[0])
	// The book itself has them in another order, each twice.
	twice := pictures.Ahead(enough, []string{names[1], names[3], names[0], names[2], names[1], names[0]})
	files["book.dvi"] = string(twice[0])
	enginetest.Put(t, root, files)
	s := enginetest.Open(t, engine, root)
	enginetest.Sync(t, s, root)
	run := func(script string) string {
		t.Helper()
		out, status := enginetest.Sh(t, s, `export SOURCE_DATE_EPOCH=0; own=`+s.Paths().Own+`; memory=$own/pictures; `+script)
		if status != 0 {
			t.Fatalf("status %d: %s", status, out)
		}
		return out
	}
	const remembering = `real=$(PATH=${PATH#*/bookci/bin:} command -v dvipdfmx); BOOKCI_OWN=$own; export BOOKCI_OWN
		. $own/lib/early.sh; . $own/lib/tex/pictures.sh; `
	run(`cd /work && $(PATH=${PATH#*/bookci/bin:} command -v dvipdfmx) -z 9 book.dvi && mv book.pdf plain.pdf`)
	run(remembering + `cd /work && remembering "" "" "$real" -z 9 -o /dev/null ahead.dvi`)
	if got := run(`cat $memory/loads; ls $memory/new | grep -c -- -9`); strings.TrimSpace(got) != "remember\nahead\n6" {
		t.Errorf("which libraries load, and how many streams are known: %q", got)
	}
	got := run(remembering + `rm $memory/new/used; cd /work && remembering "" "" "$real" -z 9 book.dvi 2>said; grep -i preload said
		cmp book.pdf plain.pdf && ls $memory/new | grep -c -- -9; sort -u $memory/new/used | wc -l`)
	if strings.TrimSpace(got) != "6\n6" {
		t.Errorf("the memory holds, and served with, %q", got)
	}
	// What it asked for is prepared the next time.
	got = run(remembering + `cd /work && remembering $PWD/asked "" "$real" -z 9 book.dvi 2>said; cmp book.pdf plain.pdf
		cut -d ' ' -f 1 asked | sort | uniq -c; (remember "$real" $PWD/again $PWD/asked; exec "$real" -z 9 book.dvi 2>said); cmp book.pdf plain.pdf; cmp asked again`)
	if strings.Join(strings.Fields(got), " ") != "6 entry 4 pixels" {
		t.Errorf("asked for was %q", got)
	}
	// A library of another architecture leaves no word.
	got = run(remembering + `cd $own/lib/pictures && for name in remember ahead; do
			cp $name-aarch64.so /tmp/a; cp $name-x86_64.so $name-aarch64.so; cp /tmp/a $name-x86_64.so
		done; rm $memory/loads; rm -r $memory/new/*
		cd /work && remembering $PWD/asked "" "$real" -z 9 book.dvi 2>said; grep -i preload said; cmp book.pdf plain.pdf && ls $memory/new | wc -l`)
	if strings.TrimSpace(got) != "0" {
		t.Errorf("with the library of another machine: %q", got)
	}
}
