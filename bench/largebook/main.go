// Command largebook writes a Re:VIEW book of the size at which passes and
// images are what a build waits for: 300 pages and 260 different images as
// they come. The same arguments write the same bytes.
//
//	go run ./largebook [-chapters N] [-images N] DIR
//
// The book has no sty folder; bookci adds the stock one, and so must whoever
// builds it by hand.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("largebook: ")
	chapters := flag.Int("chapters", 20, "number of chapters")
	images := flag.Int("images", 13, "images per chapter")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: largebook [-chapters N] [-images N] DIR")
	}
	if err := write(flag.Arg(0), *chapters, *images); err != nil {
		log.Fatal(err)
	}
}

// write makes the book in dir, which need not exist.
func write(dir string, chapters, images int) error {
	random := rand.New(rand.NewPCG(1, 2))
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o777); err != nil {
		return err
	}
	var catalog strings.Builder
	catalog.WriteString("CHAPS:\n")
	for c := 1; c <= chapters; c++ {
		name := fmt.Sprintf("ch%02d", c)
		fmt.Fprintf(&catalog, "  - %s.re\n", name)
		text := chapter(random, name, c, chapters, images)
		if err := os.WriteFile(filepath.Join(dir, name+".re"), []byte(text), 0o666); err != nil {
			return err
		}
		for i := 1; i <= images; i++ {
			data, err := picture(random)
			if err != nil {
				return err
			}
			file := filepath.Join(dir, "images", fmt.Sprintf("%s-fig%02d.png", name, i))
			if err := os.WriteFile(file, data, 0o666); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "catalog.yml"), []byte(catalog.String()), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.yml"), []byte(config), 0o666)
}

const config = `review_version: 5.0
bookname: largebook
booktitle: 大きな本
aut: [bookci]
language: ja
date: "2024-01-01"
toc: true
toclevel: 3
secnolevel: 3
texstyle: ["reviewmacro"]
texdocumentclass: ["review-jsbook", "media=print,paper=b5"]
pdfmaker: {makeindex: true}
`

var words = strings.Fields(`組版 索引 見出し 段落 図版 脚注 原稿 著者 編集 印刷 版面 余白 活字 行送り 禁則
	参照 目次 章立て 校正 下書き 改訂 読者 例題 手順 道具 設定 変換 確認 公開 記録`)

// chapter returns the text of chapter number c of n, with its images, an index
// entry in each section and a reference to another chapter.
func chapter(random *rand.Rand, name string, c, n, images int) string {
	word := func() string { return words[random.IntN(len(words))] }
	var b strings.Builder
	fmt.Fprintf(&b, "= 第%dの%s\n\n", c, word())
	for s := 1; s <= images; s++ {
		fmt.Fprintf(&b, "== %sと%sの%d\n\n", word(), word(), s)
		fmt.Fprintf(&b, "この節は@<idx>{%s}を扱います。@<img>{fig%02d}と@<chap>{ch%02d}も見てください。\n\n", word(), s, 1+random.IntN(n))
		for range 5 {
			for range 6 + random.IntN(6) {
				fmt.Fprintf(&b, "%sを%sへ渡す前に、%sと%sの両方を確かめておきます。", word(), word(), word(), word())
			}
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "//image[fig%02d][%sの様子]{\n//}\n\n", s, word())
		b.WriteString("//list[code" + fmt.Sprint(s) + "][例]{\n")
		for l := range 8 {
			fmt.Fprintf(&b, "step%d = %q\n", l, word())
		}
		b.WriteString("//}\n\n")
	}
	return b.String()
}

// picture returns a PNG that compresses about as a screenshot does: flat panes,
// lines of marks like text, and one pane of noise like a photograph.
func picture(random *rand.Rand) ([]byte, error) {
	const width, height = 800, 500
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	fill := func(r image.Rectangle, c color.Color) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				img.Set(x, y, c)
			}
		}
	}
	shade := func() color.Color {
		return color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
	}
	fill(img.Bounds(), color.White)
	fill(image.Rect(0, 0, width, 40), shade())
	fill(image.Rect(0, 40, 160, height), shade())
	for y := 60; y < height-20; y += 14 {
		for x := 180; x < 480; x += 3 + random.IntN(6) {
			fill(image.Rect(x, y, x+2, y+4+random.IntN(6)), color.Black)
		}
	}
	for y := 60; y < 360; y++ {
		for x := 500; x < 780; x++ {
			n := uint8(random.IntN(24))
			img.Set(x, y, color.RGBA{uint8(y/2) + n, uint8(x/4) + n, 90 + n, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
