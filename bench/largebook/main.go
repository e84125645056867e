// Command largebook writes a Re:VIEW book of the size at which passes and
// images are what a build waits for: 300 pages and 260 different images as
// they come. The same arguments write the same bytes.
//
//	go run ./largebook [-chapters N] [-images N] [-size WxH] [-alpha] DIR
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
	"image/draw"
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
	var size image.Point
	flag.Func("size", "width and height of an image in pixels (default 800x500)", func(text string) error {
		_, err := fmt.Sscanf(text, "%dx%d", &size.X, &size.Y)
		return err
	})
	alpha := flag.Bool("alpha", false, "give every second image soft edges, and so an alpha channel")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: largebook [-chapters N] [-images N] [-size WxH] [-alpha] DIR")
	}
	if size == (image.Point{}) {
		size = image.Pt(800, 500)
	}
	b := book{random: rand.New(rand.NewPCG(1, 2)), chapters: *chapters, images: *images, size: size, alpha: *alpha}
	if err := b.write(flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

// book says what to write.
type book struct {
	random           *rand.Rand
	chapters, images int // images of one chapter
	size             image.Point
	alpha            bool
}

// write makes the book in dir, which need not exist.
func (b book) write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o777); err != nil {
		return err
	}
	var catalog strings.Builder
	catalog.WriteString("CHAPS:\n")
	for c := 1; c <= b.chapters; c++ {
		name := fmt.Sprintf("ch%02d", c)
		fmt.Fprintf(&catalog, "  - %s.re\n", name)
		text := chapter(b.random, name, c, b.chapters, b.images)
		if err := os.WriteFile(filepath.Join(dir, name+".re"), []byte(text), 0o666); err != nil {
			return err
		}
		for i := 1; i <= b.images; i++ {
			data, err := b.picture(b.alpha && i%2 == 0)
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
// lines of marks like text, and one pane of noise like a photograph. With soft
// edges it has an alpha channel.
func (b book) picture(soft bool) ([]byte, error) {
	random, width, height := b.random, b.size.X, b.size.Y
	img := image.NewNRGBA(image.Rectangle{Max: b.size})
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	shade := func() color.Color {
		return color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
	}
	fill(img.Bounds(), color.White)
	fill(image.Rect(0, 0, width, 40), shade())
	fill(image.Rect(0, 40, width/5, height), shade())
	for y := 60; y < height-20; y += 14 {
		for x := width/5 + 20; x < width*3/5; x += 3 + random.IntN(6) {
			fill(image.Rect(x, y, x+2, y+4+random.IntN(6)), color.Black)
		}
	}
	photo := image.Rect(width*5/8, 60, width*5/8+280, 360)
	for y := photo.Min.Y; y < photo.Max.Y; y++ {
		for x := photo.Min.X; x < photo.Max.X; x++ {
			n := uint8(random.IntN(24))
			img.SetNRGBA(x, y, color.NRGBA{uint8(y/2) + n, uint8(x/4) + n, 90 + n, 255})
		}
	}
	if soft {
		const edge = 12
		for y := range height {
			for x := range width {
				if in := min(x, y, width-1-x, height-1-y); in < edge {
					img.Pix[img.PixOffset(x, y)+3] = uint8(255 * in / edge)
				}
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
