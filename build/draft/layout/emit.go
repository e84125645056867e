package layout

import (
	"math"

	"github.com/bookci/bookci/build/draft/sheet"
)

// align is where the rest of a line that is not filled goes.
type align uint8

const (
	justify align = iota
	flushLeft
	flushRight
	centered
)

// emit draws a line into an item. left is where the line begins, width the
// space that it has, base the baseline below the item's top.
func (t *text) emit(it *item, line lineBreak, left, width, base float64, how align) {
	x := left
	ratio := line.ratio
	rest := width - line.natural
	switch {
	case how == flushRight:
		x, ratio = left+max(rest, 0), min(ratio, 0)
	case how == centered:
		x, ratio = left+max(rest, 0)/2, min(ratio, 0)
	case how == flushLeft:
		ratio = min(ratio, 0)
	}
	positions := t.positions[:0]
	for i := line.start; i < line.end; i++ {
		if i > line.start {
			natural, stretch, shrink := t.between(i - 1)
			if ratio > 0 {
				natural += stretch * ratio
			} else {
				natural += shrink * ratio
			}
			x += natural
		}
		positions = append(positions, x)
		x += float64(t.glyphs[i].width)
	}
	t.positions = append(positions, x)
	t.drawGlyphs(it, line, base)
	t.drawMarks(it, line, base)
	for ; t.placed < len(t.points); t.placed++ {
		p := t.points[t.placed]
		if p.at >= line.end && line.end < len(t.glyphs) && !(p.at == line.end && line.last) {
			break
		}
		it.points = append(it.points, itemPoint{p.anchor, p.term})
		if p.note != nil {
			it.notes = append(it.notes, p.note)
		}
	}
}

// drawGlyphs makes one run of neighbours with the same typeface and style.
func (t *text) drawGlyphs(it *item, line lineBreak, base float64) {
	for i := line.start; i < line.end; {
		g := &t.glyphs[i]
		if g.thing != 0 {
			t.drawThing(it, t.things[g.thing-1], t.positions[i-line.start], base-t.styles[g.style].rise)
			i++
			continue
		}
		face, size := t.face(g)
		j := i + 1
		for j < line.end && t.glyphs[j].style == g.style && t.glyphs[j].flags&roman == g.flags&roman && t.glyphs[j].thing == 0 {
			j++
		}
		st := &t.styles[g.style]
		run := sheet.Run{
			Face: face, Size: float32(size), Color: st.color, Slant: st.slant && g.flags&roman != 0,
			X: float32(t.positions[i-line.start] - float64(g.empty)), Y: float32(base - st.rise),
			Glyphs: it.glyphs.take(j - i), Runes: it.runes.take(j - i),
		}
		// Where each glyph stands follows from the one before, its width and what is
		// added. The most frequent addition is the run's Track.
		var track float64
		shifts := t.shifts[:0]
		counts := [2]int{}
		var values [2]float64
		for k := i; k < j; k++ {
			run.Glyphs[k-i], run.Runes[k-i] = t.glyphs[k].id, t.glyphs[k].r
			if k+1 == j {
				break
			}
			next := t.positions[k+1-line.start] - float64(t.glyphs[k+1].empty)
			add := next - (t.positions[k-line.start] - float64(t.glyphs[k].empty)) - float64(face.Advance(t.glyphs[k].id))*size/1000
			shifts = append(shifts, add)
			switch {
			case counts[0] == 0 || math.Abs(add-values[0]) < 0.002:
				values[0] = add
				counts[0]++
			case counts[1] == 0 || math.Abs(add-values[1]) < 0.002:
				values[1] = add
				counts[1]++
			}
		}
		t.shifts = shifts
		if counts[1] > counts[0] {
			values[0] = values[1]
		}
		track = math.Round(values[0]*1000) / 1000
		run.Track = float32(track)
		// Rounding is carried on, so that no line ends a hair too far.
		even := true
		sum, written := 0.0, 0.0
		for k, add := range shifts {
			sum += add - track
			units := math.Round((sum - written) * 1000 / size)
			if math.Abs((sum-written)*1000/size) < 1.5 {
				units = 0
			}
			if units != 0 {
				if even {
					run.Shift = make([]int16, j-i)
					even = false
				}
				run.Shift[k] = int16(max(min(units, 32000), -32000))
				written += units * size / 1000
			}
		}
		it.runs = append(it.runs, run)
		i = j
	}
}

func (t *text) drawThing(it *item, th thing, x, base float64) {
	if th.picture.File == "" {
		return
	}
	p := th.picture
	p.X, p.Y, p.Width, p.Height = float32(x), float32(base-th.height), float32(th.width), float32(th.height+th.depth)
	it.pictures = append(it.pictures, p)
}

// mostInside ends the search for the marks of a line after so many that begin behind
// it. Marks come in the order of their ends, so that a mark of the line may follow
// those inside of it; no mark holds as many.
const mostInside = 200

// drawMarks draws what belongs to stretches of a line.
func (t *text) drawMarks(it *item, line lineBreak, base float64) {
	for t.drawn < len(t.marks) && t.marks[t.drawn].end <= line.start {
		t.drawn++
	}
	beyond := 0
	for i := t.drawn; i < len(t.marks) && beyond < mostInside; i++ {
		m := &t.marks[i]
		start, end := max(m.start, line.start), min(m.end, line.end)
		if start >= end {
			if m.start >= line.end {
				beyond++
			}
			continue
		}
		x := t.positions[start-line.start]
		last := &t.glyphs[end-1]
		w := t.positions[end-1-line.start] + float64(last.width) - x
		st := &t.styles[t.glyphs[start].style]
		switch m.kind {
		case ruby:
			t.drawRuby(it, m, x, w, base-st.rise, st.size)
		case dots:
			t.drawDots(it, start, end, line, base-st.rise)
		case underline:
			it.fills = append(it.fills, sheet.Fill{X: float32(x), Y: float32(base + 0.14*st.size), Width: float32(w), Height: 0.4, Color: st.color})
		case strike:
			it.fills = append(it.fills, sheet.Fill{X: float32(x), Y: float32(base - 0.36*st.size), Width: float32(w), Height: 0.4, Color: st.color})
		case ground:
			it.fills = append(it.fills, sheet.Fill{X: float32(x), Y: float32(base - 0.88*st.size), Width: float32(w), Height: float32(1.06 * st.size), Color: sheet.Gray(0.85)})
		case link:
			l := m.link
			l.X, l.Y, l.Width, l.Height = float32(x), float32(base-0.9*st.size), float32(w), float32(1.1*st.size)
			it.links = append(it.links, l)
		}
	}
}

// drawRuby sets a reading over the middle of its base.
func (t *text) drawRuby(it *item, m *mark, x, w, base, size float64) {
	over := m.over
	line := lineBreak{start: 0, end: len(over.glyphs), natural: over.natural(0, len(over.glyphs)), last: true}
	if n := len(over.glyphs); n > 1 && line.natural < w { // spread, with half a space at both ends
		add := (w - line.natural) / float64(n)
		at := x + add/2
		for i := range over.glyphs {
			one := lineBreak{start: i, end: i + 1, natural: float64(over.glyphs[i].width)}
			over.emit(it, one, at, 0, base-0.92*size, flushLeft)
			at += float64(over.glyphs[i].width) + add
		}
		return
	}
	over.emit(it, line, x+(w-line.natural)/2, line.natural, base-0.92*size, flushLeft)
}

// natural returns the width of glyphs that are not justified.
func (t *text) natural(start, end int) float64 {
	w := 0.0
	for i := start; i < end; i++ {
		if i > start {
			n, _, _ := t.between(i - 1)
			w += n
		}
		w += float64(t.glyphs[i].width)
	}
	return w
}

// drawDots sets a dot over each character.
func (t *text) drawDots(it *item, start, end int, line lineBreak, base float64) {
	for i := start; i < end; i++ {
		g := &t.glyphs[i]
		if g.class == space || g.thing != 0 {
			continue
		}
		st := t.styles[g.style]
		id := st.japanese.Glyph('・')
		size := st.size * 0.6
		it.runs = append(it.runs, sheet.Run{
			Face: st.japanese, Size: float32(size), Color: st.color,
			X: float32(t.positions[i-line.start] + float64(g.width)/2 - size/2), Y: float32(base - 0.86*st.size),
			Glyphs: []uint16{id}, Runes: []rune{'・'},
		})
	}
}
