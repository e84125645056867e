package layout

import "math"

// measure is how wide lines are.
type measure struct {
	width         float64
	first, others float64 // indents of the first line and of the others
}

func (m measure) line(first bool) float64 {
	if first {
		return m.width - m.first
	}
	return m.width - m.others
}

// lineBreak is one line of a text.
type lineBreak struct {
	start, end int     // glyphs; spaces at the end are not among them
	natural    float64 // its width before it is justified
	ratio      float64 // how much of the stretch, or with a minus of the shrink, fills the line
	last       bool    // of a paragraph, or before a forced end: it is not justified
}

// breakLines parts a text into lines, each as full as it gets. A line that is
// one character too long is pressed together when that shows less than pulling
// apart the line without it.
func (t *text) breakLines(m measure) []lineBreak {
	var lines []lineBreak
	for start := 0; start < len(t.glyphs); {
		if len(lines) > 0 { // spaces never begin a line
			for start < len(t.glyphs) && t.glyphs[start].class == space && t.glyphs[start].flags&newline == 0 {
				start++
			}
			if start == len(t.glyphs) {
				break
			}
		}
		line, next := t.fill(start, m.line(len(lines) == 0))
		lines = append(lines, line)
		start = next
	}
	return lines
}

// fill returns the line that begins at start, and where the next one begins.
func (t *text) fill(start int, width float64) (lineBreak, int) {
	var x, stretch, shrink float64
	type candidate struct {
		end                      int
		natural, stretch, shrink float64
	}
	var fit, forced candidate
	haveFit := false
	for i := start; i < len(t.glyphs); i++ {
		g := &t.glyphs[i]
		if i > start {
			n, st, sh := t.between(i - 1)
			x, stretch, shrink = x+n, stretch+st, shrink+sh
		}
		x += float64(g.width)
		last := i+1 == len(t.glyphs)
		end := last || g.flags&newline != 0
		if !end && !t.mayEnd(i) {
			if x-shrink > width && haveFit {
				return t.justified(start, fit.end, fit.natural, fit.stretch, fit.shrink, width)
			}
			if x > width && !haveFit {
				// A word longer than the line is broken where the line ends.
				if forced.end > start {
					return t.justified(start, forced.end, forced.natural, 0, 0, width)
				}
			} else if !haveFit {
				forced = candidate{end: i + 1, natural: x}
			}
			continue
		}
		natural := x
		trim := i + 1
		for trim > start && t.glyphs[trim-1].class == space {
			trim--
			natural -= float64(t.glyphs[trim].width)
		}
		switch {
		case natural <= width+0.01:
			if end {
				return lineBreak{start: start, end: trim, natural: natural, last: true}, i + 1
			}
			fit, haveFit = candidate{end: i + 1, natural: natural, stretch: stretch, shrink: shrink}, true
			forced = candidate{end: i + 1, natural: natural}
		case natural-shrink <= width:
			// Pressed together it fits. Is it better than the line before, pulled apart?
			press := (natural - width) / shrink
			if end {
				return lineBreak{start: start, end: trim, natural: natural, ratio: -press}, i + 1
			}
			if !haveFit || fit.stretch == 0 || (width-fit.natural)/fit.stretch > press {
				return t.justified(start, i+1, natural, stretch, shrink, width)
			}
			return t.justified(start, fit.end, fit.natural, fit.stretch, fit.shrink, width)
		default:
			if haveFit {
				return t.justified(start, fit.end, fit.natural, fit.stretch, fit.shrink, width)
			}
			if forced.end > start {
				return t.justified(start, forced.end, forced.natural, 0, 0, width)
			}
			// One glyph wider than the line.
			return lineBreak{start: start, end: i + 1, natural: natural, last: true}, i + 1
		}
	}
	return lineBreak{start: start, end: len(t.glyphs), natural: x, last: true}, len(t.glyphs)
}

// maxPull is how far a line is pulled apart: to twice what looks well for each
// space. A line that would need more stays short.
const maxPull = 6

func (t *text) justified(start, end int, natural, stretch, shrink, width float64) (lineBreak, int) {
	line := lineBreak{start: start, end: end, natural: natural}
	for line.end > start && t.glyphs[line.end-1].class == space {
		line.end--
	}
	switch missing := width - natural; {
	case missing > 0 && stretch > 0:
		if line.ratio = missing / stretch; line.ratio > maxPull {
			line.ratio = 0
		}
	case missing < 0 && shrink > 0:
		line.ratio = math.Max(missing/shrink, -1)
	}
	return line, end
}
