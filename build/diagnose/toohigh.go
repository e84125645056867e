package diagnose

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/bookci/bookci/build/book"
)

// texLabel is a label of Re:VIEW's, such as image:ch01:plan, with the number of its page.
type texLabel struct {
	kind, chapter, id string
	page              int
}

const maxLabels = 20000

var newLabel = regexp.MustCompile(`^\\newlabel\{([^{}:]+):([^{}:]+)(?::([^{}]*))?\}\{\{(?:[^{}]|\{[^{}]*\})*\}\{(\d{1,6})\}`)

// readLabels reads the labels of TeX's .aux file. Pages with Roman numbers are left out.
func readLabels(aux []byte) []texLabel {
	var labels []texLabel
	for line := range strings.Lines(string(aux)) {
		if m := newLabel.FindStringSubmatch(line); m != nil && len(labels) < maxLabels {
			labels = append(labels, texLabel{m[1], m[2], m[3], atoi(m[4])})
		}
	}
	return labels
}

// tooHigh tells what does not fit on its page. TeX names neither the thing nor the page: its log says which page came
// next, and the labels say what stands there.
func (d *diagnoser) tooHigh(w texWarning) {
	const seen = 5 // pt
	if w.size < seen {
		return
	}
	if c, ok := d.locator.positions.chapter(w.file); ok && w.line > 0 {
		at := d.locator.inChapter(c, &texError{line: w.line, before: c.at(w.line).text}, "tex-too-high")
		d.add(book.Warning, "tex-too-high", at, "what stands here is "+millimetres(w.size)+" too high for its box", "make it smaller, or divide it")
		return
	}
	chapter := d.chapterOnPage(w)
	where := "a page"
	if w.page > 0 {
		where = "page " + strconv.Itoa(w.page)
	}
	if i, ok := d.imageOnPage(w.page, chapter); ok {
		d.add(book.Warning, "tex-too-high", i.at, where+" is "+millimetres(w.size)+" too full with the image "+i.id, "make it smaller: "+withMetric(i.line, scaleToFit(i, w.size)))
		return
	}
	at := place{}
	if c, ok := d.book.Chapter(chapter); ok {
		at.file = c.Path
	}
	d.add(book.Warning, "tex-too-high", at, where+" is "+millimetres(w.size)+" too full", "an image with its caption, or a box that TeX does not divide, is too high: make it smaller, or divide it")
}

// chapterOnPage is the chapter that a page belongs to. TeX may have begun to read the next one when it finishes a page.
func (d *diagnoser) chapterOnPage(w texWarning) string {
	id := strings.TrimSuffix(path.Base(w.file), path.Ext(w.file))
	for i, c := range d.book.Chapters {
		if c.ID != id || i == 0 {
			continue
		}
		for _, l := range d.labels {
			if l.kind == "chap" && l.chapter == id && l.page > w.page && w.page > 0 {
				return d.book.Chapters[i-1].ID
			}
		}
	}
	return id
}

// imageOnPage is the image of a chapter that stands on a page, if it is the only one there and may be what fills it.
func (d *diagnoser) imageOnPage(page int, chapter string) (found shownImage, ok bool) {
	if page == 0 || d.read == nil {
		return found, false
	}
	on := map[string]bool{}
	for _, l := range d.labels {
		if l.kind == "image" && l.chapter == chapter && l.page == page {
			on[l.id] = true
		}
	}
	c, known := d.book.Chapter(chapter)
	if len(on) != 1 || !known {
		return found, false
	}
	n := 0
	for _, i := range d.images() {
		if i.at.file == c.Path && on[i.id] {
			found, n = i, n+1
		}
	}
	const low = 200 // pixels
	return found, n == 1 && found.height > low && !strings.Contains(found.line, "scale=") && !strings.Contains(found.line, "height=")
}

// scaleToFit is the metric with which an image is lower by size, in pt, and a bit more. A pixel without other measures
// is one 72nd of an inch. Re:VIEW shows an image that is wider than the text as wide as the text: an image that is then
// too high is taken to be as high as the text of a small page.
func scaleToFit(i shownImage, size float64) string {
	const smallPage = 400 // pt
	height := float64(i.height) * 72.27 / 72
	if height > smallPage && size < smallPage {
		height = smallPage
	}
	return fmt.Sprintf("scale=%.2f", max(0.01, math.Floor((height-size)/height*95)/100))
}

var imageMetric = regexp.MustCompile(`^(//\w+\[[^\]]*\]\[(?:[^\]\\]|\\.)*\])`)

// withMetric is an image's line with a metric as its third argument.
func withMetric(line, metric string) string {
	line = strings.TrimRight(strings.TrimRight(line, " \t"), "{")
	if strings.Count(line, "[") == 1 {
		line += "[]"
	}
	if m := imageMetric.FindStringSubmatch(line); m != nil {
		line = m[1] + "[" + metric + "]"
	}
	return line
}
