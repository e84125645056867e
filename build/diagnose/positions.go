package diagnose

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/text"
)

// Positions tells which lines of the manuscript a line of TeX was made from.
// inside/lib/bookci_positions.rb writes it and describes its form.
type Positions struct {
	chapters map[string]*texChapter // by the base name of the .tex file
}

// texChapter is one chapter as TeX read it.
type texChapter struct {
	source string    // base name of the manuscript file
	lines  []texLine // line n is lines[n-1]
}

// texLine is a line of TeX and the lines of the manuscript that it was made from,
// both ends included. A table's line knows the whole table.
type texLine struct {
	text        string
	first, last int
}

const (
	positionsLineLimit    = 1 << 20
	positionsChapterLimit = 10000
)

// ReadPositions reads what the recorder wrote. What it cannot read is an error
// and no Positions: a wrong place is worse than none.
func ReadPositions(r io.Reader) (*Positions, error) {
	p := &Positions{chapters: map[string]*texChapter{}}
	var c *chapterRecord
	finish := func() {
		if c != nil {
			p.chapters[c.name] = c.chapter()
		}
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), positionsLineLimit)
	for lines.Scan() {
		line := lines.Text()
		kind, rest, ok := strings.Cut(line, " ")
		if kind == "C" {
			finish()
			name, source, ok := strings.Cut(rest, "\t")
			if !ok || name == "" || source == "" || len(p.chapters) >= positionsChapterLimit {
				return nil, errors.New("positions: a chapter without its names")
			}
			c = &chapterRecord{name: name, source: source}
			continue
		}
		if c == nil {
			return nil, errors.New("positions: no chapter")
		}
		switch {
		case kind == "M" && ok:
			a, b, _ := strings.Cut(rest, "\t")
			offset, err1 := strconv.Atoi(a)
			number, err2 := strconv.Atoi(b)
			if err := errors.Join(err1, err2); err != nil || offset < 0 || number < 0 {
				return nil, fmt.Errorf("positions: bad mark %q", text.Printable(rest))
			}
			c.marks = append(c.marks, positionMark{offset, number})
		case kind == "T":
			c.raw = append(c.raw, rest)
		case kind == "F":
			c.final = append(c.final, rest)
		default:
			return nil, fmt.Errorf("positions: unknown line %q", text.Printable(kind))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading positions: %w", err)
	}
	finish()
	return p, nil
}

// chapterRecord is a chapter as it stands in the file.
type chapterRecord struct {
	name, source string
	marks        []positionMark
	raw          []string // as the builder wrote it
	final        []string // as TeX read it, nil when that is the same
}

// positionMark says that what begins at offset was written after line of the
// manuscript had been read.
type positionMark struct{ offset, line int }

func (c *chapterRecord) chapter() *texChapter {
	chapter := &texChapter{source: c.source, lines: make([]texLine, len(c.raw))}
	next, offset := 0, 0 // the first mark after the line before
	for i, text := range c.raw {
		end := offset + len(text) // of the line, without its break
		from := max(next-1, 0)    // the mark that the line begins under
		if next < len(c.marks) && c.marks[next].offset <= offset {
			from = next
		}
		for next < len(c.marks) && c.marks[next].offset <= end {
			next++
			if c.marks[next-1].offset <= offset {
				from = next - 1
			}
		}
		line := texLine{text: text}
		if len(c.marks) > 0 && next > 0 {
			line.last = c.marks[next-1].line
			line.first = 1
			if from > 0 {
				line.first = c.marks[from-1].line + 1
			}
			line.first = min(max(1, line.first), line.last) // 0 when nothing had been read
		}
		chapter.lines[i] = line
		offset = end + 1
	}
	if c.final != nil {
		chapter.lines = align(chapter.lines, c.final)
	}
	return chapter
}

// alignWindow is how many lines may have been taken out or put in at one place.
const alignWindow = 200

// align gives the lines of final the places of the equal lines of raw. Re:VIEW
// joins nested lists after it has written them, and hooks edit what they like.
func align(raw []texLine, final []string) []texLine {
	lines := make([]texLine, len(final))
	next := 0
	for i, text := range final {
		lines[i].text = text
		// Empty lines are everywhere, so one counts only where it is next.
		for j := next; j < len(raw) && j < next+alignWindow; j++ {
			if raw[j].text != text {
				if strings.TrimSpace(text) == "" {
					break
				}
				continue
			}
			lines[i].first, lines[i].last = raw[j].first, raw[j].last
			next = j + 1
			break
		}
		if lines[i].last == 0 && next > 0 && next <= len(raw) {
			lines[i].first, lines[i].last = raw[next-1].first, raw[next-1].last
		}
	}
	return lines
}

// chapter returns the chapter that TeX calls name.
func (p *Positions) chapter(name string) (*texChapter, bool) {
	if p == nil {
		return nil, false
	}
	c, ok := p.chapters[name[strings.LastIndexByte(name, '/')+1:]]
	return c, ok
}

// at returns line n, clamped to the chapter.
func (c *texChapter) at(n int) texLine {
	if len(c.lines) == 0 {
		return texLine{}
	}
	return c.lines[max(0, min(n-1, len(c.lines)-1))]
}
