package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
)

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
	name  string   // of the image, "" for the chapter's
	scale string   // of the image, in Re:VIEW's words
	note  string   // a comment
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
	return b.pictureOf(image.Pt(40+b.random.IntN(200), 40+b.random.IntN(120)))
}

// pictureOf is a picture of a size in pixels; every third has an alpha channel.
func (b *editedBook) pictureOf(size image.Point) string {
	img := image.NewNRGBA(image.Rectangle{Max: size})
	shade := color.NRGBA{uint8(b.random.IntN(256)), uint8(b.random.IntN(256)), 90, uint8(255 - 100*(b.random.IntN(3)/2))}
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
		return b.editPicture()
	case 11:
		b.style = fmt.Sprintf("%% %d\n\\setlength{\\parskip}{%dpt}\n", b.count, b.random.IntN(12))
		return "the style file"
	case 12:
		b.title = fmt.Sprintf("本%d", b.count)
		return "the title in config.yml"
	}
	return b.reorder()
}

// editPicture adds, replaces, renames, rescales or removes a picture, or writes
// a comment. In one of five cases it does so beside a paragraph.
func (b *editedBook) editPicture() string {
	c := b.any()
	b.count++
	if c.image == "" {
		c.image = b.picture()
		return "an image in " + c.id
	}
	var what string
	switch b.random.IntN(6) {
	case 0:
		c.image, c.scale = "", ""
		return b.changed(c, "no image in "+c.id)
	case 1:
		c.image = b.picture()
		what = "another image of the same name in " + c.id
	case 2:
		size, err := png.DecodeConfig(strings.NewReader(c.image))
		if err != nil {
			panic(err) // made by this file
		}
		c.image = b.pictureOf(image.Pt(size.Width, size.Height))
		what = "another image of the same name and size in " + c.id
	case 3:
		c.name = fmt.Sprintf("pic%d", b.count)
		what = "another name for the image in " + c.id
	case 4:
		c.scale = fmt.Sprintf("[scale=0.%03d]", 100+b.count%900) // never the same again
		what = "another scale for the image in " + c.id
	case 5:
		c.note = fmt.Sprintf("\n#@# %d\n", b.count)
		what = "a comment in " + c.id
	}
	if !b.real || b.random.IntN(5) == 0 {
		return b.changed(c, what)
	}
	return what
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
			name := cmp.Or(c.name, c.id)
			text += "\n@<img>{" + name + "}を見よ。\n\n//image[" + name + "][図]" + c.scale + "{\n//}\n"
			files["images/"+name+".png"] = c.image
		}
		text += c.note
		if i == 0 && b.wrong != "" {
			text += "\n" + b.wrong + "\n"
		}
		files[c.id+".re"] = text
	}
	files["catalog.yml"] = catalog
	return files
}
