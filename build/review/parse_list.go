package review

import (
	"strconv"
	"strings"
)

// bullets reads a list whose items begin with *, ** and so on.
func (p *parser) bullets() {
	list, _ := p.resumed.(*ItemList)
	if list == nil || list.Numbered {
		list = &ItemList{Place: p.here(), Start: 1}
		p.put(list)
	}
	open := []*ItemList{list} // the lists that the last item stands in
	level := 0
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		if strings.HasPrefix(line, "#@") {
			p.pos++
			continue
		}
		i := indent(line)
		if i == 0 || i == len(line) || line[i] != '*' {
			break
		}
		stars := len(line[i:]) - len(strings.TrimLeft(line[i:], "*"))
		item := &Item{Place: p.place(p.pos, i)}
		if stars > level+1 {
			p.add(itemTooDeep(p.here(), level+1))
		}
		text := line[i+stars:]
		item.Text = p.inlinesAt(p.pos, i+stars+indent(text), strip(text))
		p.pos++
		p.continued(&item.Text, func(s string) bool { return s[0] != '*' })

		depth := len(open)
		if stars > level {
			depth = len(open) + 1
			if level == 0 {
				depth = 1
			}
		} else if stars < level {
			depth = max(1, len(open)-(level-stars))
		}
		depth = min(depth, maxDepth)
		level = stars
		for len(open) < depth {
			parent := open[len(open)-1]
			if len(parent.Items) == 0 {
				break
			}
			above := parent.Items[len(parent.Items)-1]
			below := &ItemList{Place: item.Place, Start: 1}
			above.Blocks = append(above.Blocks, below)
			above.Lists++
			open = append(open, below)
		}
		open = open[:min(depth, len(open))]
		into := open[len(open)-1]
		into.Items = append(into.Items, item)
	}
	p.ended(list)
}

// numbers reads a list whose items begin with 1., 2. and so on.
func (p *parser) numbers() {
	list, _ := p.resumed.(*ItemList)
	if list == nil || !list.Numbered {
		list = &ItemList{Place: p.here(), Numbered: true, Start: max(p.olnum, 1)}
		p.put(list)
	}
	p.olnum = 0
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		if strings.HasPrefix(line, "#@") {
			p.pos++
			continue
		}
		i := indent(line)
		n := digits(line[i:])
		if i == 0 || n == 0 {
			break
		}
		item := &Item{Place: p.place(p.pos, i)}
		item.Number, _ = strconv.Atoi(line[i : i+n])
		text := line[i+n+1:]
		item.Text = p.inlinesAt(p.pos, i+n+1+indent(text), strip(text))
		p.pos++
		p.continued(&item.Text, func(s string) bool { return digits(s) == 0 })
		list.Items = append(list.Items, item)
	}
	p.ended(list)
}

// continued reads the further lines of an item: those that are indented and do
// not begin the next.
func (p *parser) continued(text *[]Inline, belongs func(string) bool) {
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		i := indent(line)
		if i == 0 || i == len(line) || !belongs(line[i:]) {
			return
		}
		*text = append(*text, p.inlinesAt(p.pos, i, strip(line))...)
		p.pos++
	}
}

// definitions reads a list of terms and what they mean.
func (p *parser) definitions() {
	list, _ := p.resumed.(*DefinitionList)
	if list == nil {
		list = &DefinitionList{Place: p.here()}
		p.put(list)
	}
	for p.pos < len(p.src.lines) {
		line := p.src.lines[p.pos]
		i := indent(line)
		if i == len(line) || line[i] != ':' {
			break
		}
		item := &Definition{Place: p.place(p.pos, i)}
		text := line[i+1:]
		item.Term = p.inlinesAt(p.pos, i+1+indent(text), strip(text))
		p.pos++
		blank := false
		for p.pos < len(p.src.lines) && inDefinition(p.src.lines[p.pos]) {
			line := p.src.lines[p.pos]
			i := indent(line)
			if i == len(line) {
				blank = true
			} else {
				if blank && len(item.Text) > 0 {
					item.breaks = append(item.breaks, len(item.Text))
				}
				blank = false
				item.Text = append(item.Text, p.inlinesAt(p.pos, i, strip(line))...)
			}
			p.pos++
		}
		list.Items = append(list.Items, item)
		p.skipBlank()
	}
	p.ended(list)
}

// inDefinition tells whether a line belongs to the definition before it.
func inDefinition(line string) bool {
	i := indent(line)
	switch {
	case i == len(line):
		return true // a blank line
	case i == 0 || line[i] == ':':
		return false
	case line[i] == '*':
		return i+1 < len(line) && !isBlank(line[i+1])
	}
	if n := digits(line[i:]); n > 0 {
		return i+n+1 < len(line) && !isBlank(line[i+n+1])
	}
	return true
}

// skipBlank passes over blank lines and then comments.
func (p *parser) skipBlank() {
	for p.pos < len(p.src.lines) && strip(p.src.lines[p.pos]) == "" {
		p.pos++
	}
	for p.pos < len(p.src.lines) && strings.HasPrefix(strip(p.src.lines[p.pos]), "#@") {
		p.pos++
	}
}

// ended puts down the list that a //beginchild right behind it would belong to.
func (p *parser) ended(list Block) {
	p.list, p.resumed = list, nil
	p.noIndent = false
}

// beginChild opens the last item of the list before it.
func (p *parser) beginChild(at Place) {
	var blocks *[]Block
	switch list := p.list.(type) {
	case *ItemList:
		if n := len(list.Items); n > 0 {
			blocks = &list.Items[n-1].Blocks
			list.Items[n-1].Child = true
		}
	case *DefinitionList:
		if n := len(list.Items); n > 0 {
			blocks = &list.Items[n-1].Blocks
			list.Items[n-1].Child = true
		}
	}
	if blocks == nil {
		p.add(childWithoutList(at))
		return
	}
	c := container{kind: inChild, at: at, blocks: blocks, list: p.list}
	if len(p.open) >= maxDepth {
		p.add(tooDeep(at))
		c.blocks = p.open[len(p.open)-1].blocks
	}
	p.open = append(p.open, c)
}

// endChild closes what beginChild has opened. A list of the same kind right behind
// it is the one that was interrupted.
func (p *parser) endChild(at Place) {
	c := p.closeContainer(inChild)
	if c == nil {
		p.add(childNotOpened(at))
		return
	}
	p.resumed = c.list
}
