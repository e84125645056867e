package layout

import (
	"errors"
	"strings"

	"github.com/bookci/bookci/build/draft/sheet"
	"github.com/bookci/bookci/build/review"
)

var errNoImage = errors.New("there is no such image")

// image sets a figure with its caption, on one page.
func (c *chapter) image(b *review.Image) {
	g := c.galley
	g.skip(c.lead() * 0.75)
	from := len(g.items)
	it := g.item()
	it.keep = true
	if b.ID != "" {
		it.points = append(it.points, itemPoint{anchor: c.anchor("image", b.ID)}, itemPoint{anchor: labelAnchor(b.ID)})
	}
	if c.words.captionBelow["image"] {
		c.picture(b, c.captionHeight(b.Caption))
		g.hold(from)
		c.figureCaption(b.Caption, b.Command)
	} else {
		c.figureCaption(b.Caption, b.Command)
		g.hold(from)
		c.picture(b, c.captionHeight(b.Caption))
	}
	g.skip(c.lead() * 0.75)
}

// captionHeight is the room that a picture leaves for its caption.
func (c *chapter) captionHeight(caption review.Caption) float64 {
	if len(caption.Text) == 0 && caption.Label == "" {
		return 0
	}
	return 4 * c.lead()
}

// figureCaption sets the words below a picture or above a table.
func (c *chapter) figureCaption(caption review.Caption, command string) {
	if len(caption.Text) == 0 && caption.Label == "" {
		return
	}
	t := c.fresh()
	st := c.hand.body(c.em())
	switch {
	case caption.Label != "":
		t.add(caption.Label+": ", st)
	case command == "indepimage" || command == "numberlessimage":
		t.add(c.words.loneImage, st)
	}
	c.inlines(t, caption.Text, st)
	how := centered
	if t.natural(0, len(t.glyphs)) > c.galley.width {
		how = flushLeft
	}
	c.galley.pad(c.lead()*0.3, true)
	from := c.set(t, paragraph{lead: c.lead(), size: c.em(), how: how, keepLines: true})
	for i := from; i < len(c.galley.items)-1; i++ {
		c.galley.items[i].keep = true
	}
	if n := len(c.galley.items); n > from {
		c.galley.items[n-1].keep = false
	}
}

// picture places an image, or what stands for one that cannot be placed. It leaves the
// height below on its page, as far as a picture is left.
func (c *chapter) picture(b *review.Image, below float64) {
	g := c.galley
	if b.Command == "graph" && b.File == "" {
		c.asSource(textsOf(b.Lines))
		return
	}
	pic := c.pictures.size(b.File)
	if pic.err != nil {
		c.noPicture(b, pic.err)
		return
	}
	w, h := fit(b.Metric, c.words.scaleIsWidth, pic.width, pic.height, g.width)
	if limit := max(c.geometry.TextHeight-below-2*c.em(), c.lead()); h > limit {
		w, h = w*limit/h, limit
	}
	it := g.item()
	it.height = h
	it.pictures = append(it.pictures, sheet.Picture{
		X: float32(g.left + (g.width-w)/2), Width: float32(w), Height: float32(h), File: pic.file, Orientation: pic.orientation,
	})
}

// noPicture is a box that says which image is missing here, and shows what the
// manuscript has in its place.
func (c *chapter) noPicture(b *review.Image, err error) {
	g := c.galley
	name := b.File
	if name == "" {
		name = b.ID
	}
	g.within(2*c.em(), 2*c.em(), nil, func() {
		f := &frame{rule: 0.5, ruleColor: sheet.Gray(0.5), sides: allSides}
		c.framed(f, 0.8*c.em(), func() {
			t := c.fresh()
			t.add("["+name+": "+err.Error()+"]", c.hand.sans(c.small))
			c.set(t, paragraph{lead: c.small * 1.5, size: c.small, how: centered})
			if len(b.Lines) > 0 {
				c.asSource(textsOf(b.Lines))
			}
		})
	})
}

// fit returns how large an image is placed, from what the manuscript says
// about it. Without a word it has its own size, but is no wider than the text.
func fit(metric string, scaleIsWidth bool, w, h, room float64) (float64, float64) {
	if w <= 0 || h <= 0 {
		return 1, 1
	}
	natural := min(w, room)
	width, height := 0.0, 0.0
	for part := range strings.SplitSeq(metric, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, own, ok := strings.Cut(key, "::"); ok { // latex::width
			key = own
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "scale":
			v := parseLength(value+"bp", 0, 0)
			if v > 0 && scaleIsWidth {
				width = v * natural
			} else if v > 0 {
				width = v * w
			}
		case "width":
			width = relative(value, room, natural)
		case "height":
			height = relative(value, room, natural)
		}
	}
	switch {
	case width > 0 && height > 0:
		if !strings.Contains(metric, "keepaspectratio") {
			break
		}
		scale := min(width/w, height/h)
		width, height = w*scale, h*scale
	case width > 0:
		height = h * width / w
	case height > 0:
		width = w * height / h
	default:
		width, height = natural, h*natural/w
	}
	if width > room {
		width, height = room, height*room/width
	}
	return max(width, 1), max(height, 1)
}

// relative reads a length that may be a part of the text's width.
func relative(value string, room, natural float64) float64 {
	for name, unit := range map[string]float64{`\textwidth`: room, `\linewidth`: room, `\columnwidth`: room, `\maxwidth`: natural} {
		if factor, ok := strings.CutSuffix(value, name); ok {
			if factor = strings.TrimSpace(factor); factor == "" {
				return unit
			}
			return parseLength(factor+"bp", 0, 0) * unit
		}
	}
	return parseLength(value, 10, 0)
}
