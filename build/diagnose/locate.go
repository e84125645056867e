package diagnose

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// locator finds the line of the manuscript that TeX means.
type locator struct {
	*manuscript
	positions *Positions
	raw       map[string][]string // rawLines of a file
}

var (
	controlWord  = regexp.MustCompile(`\\[A-Za-z@]+`)
	ignoredAfter = regexp.MustCompile(`all text was ignored after line (\d+)`)
	begunOn      = regexp.MustCompile(`\\begin\{([^}]*)\} on input line (\d+) ended by \\end\{([^}]*)\}`)
	useOf        = regexp.MustCompile(`(?:while scanning use of|before) (\\\S+)`)
	quotedName   = regexp.MustCompile("[`'\"]([^'\"]+)['\"]")
)

// place finds the line that an error of TeX comes from. An unknown line with a
// known file is possible, and nothing at all.
func (l *locator) place(e *texError, code string) place {
	if e.runaway != "" {
		if p := l.runaway(e); p.known() {
			return p
		}
	}
	if m := ignoredAfter.FindStringSubmatch(e.message + strings.Join(e.details, "")); m != nil {
		if p := l.chapterLine(e.last, atoi(m[1]), `\if`); p.known() {
			return p
		}
	}
	if m := begunOn.FindStringSubmatch(e.message); m != nil && m[3] == "document" {
		if p := l.chapterLine("", atoi(m[2]), `\begin{`+m[1]+`}`); p.known() {
			return p
		}
	}
	switch code {
	case "tex-class-missing", "tex-class-option", "tex-package-missing":
		if p := l.named(e); p.known() {
			return p
		}
	}
	if c, ok := l.positions.chapter(e.file); ok {
		return l.inChapter(c, e, code)
	}
	if p, ok := l.style(e); ok {
		return p
	}
	return l.search(e)
}

// inChapter finds the line of a chapter for an error at a line of its TeX.
func (l *locator) inChapter(c *texChapter, e *texError, code string) place {
	file := l.chapterPath(c.source)
	if file == "" {
		return place{}
	}
	line := c.at(e.line)
	if strings.TrimSpace(line.text) == "" && e.line > 1 {
		// TeX noticed at the end of the paragraph what is wrong in it.
		above := e.line - 1
		for above > 1 && strings.TrimSpace(c.at(above).text) == "" {
			above--
		}
		if code != "tex-line-break" {
			line = c.at(above)
		}
	}
	first, last := line.first, line.last
	if last == 0 {
		return place{file: file}
	}
	lines := l.lines(file)
	last = min(last, len(lines))
	first = min(first, max(1, last))

	if code == "tex-brace" {
		// The brace that is missing or too many stands at or above the place.
		raw := l.rawOf(file)
		for n := last; n >= 1 && n > first-200; n-- {
			if n <= len(raw) && braces(raw[n-1]) != 0 {
				return place{file, n}
			}
		}
	}
	if code == "tex-dimension" || code == "tex-table-columns" {
		if p := l.tableSize(file, first, last, e); p.known() {
			return p
		}
	}
	return l.best(file, first, last, line.text, e)
}

// tableSize blames //tsize for what TeX says about a table's measures, unless
// the table's own lines have what it complains about.
func (l *locator) tableSize(file string, first, last int, e *texError) place {
	if !strings.Contains(e.before, `\begin{reviewtable}`) && !strings.Contains(e.message, "Dimension too large") {
		return place{}
	}
	head := l.find(file, func(string) bool { return false })
	for n := first; n <= last; n++ {
		if s := l.line(file, n); strings.HasPrefix(s, "//table") || strings.HasPrefix(s, "//emtable") {
			head = place{file, n}
			break
		}
	}
	if !head.known() {
		return place{}
	}
	for n := head.line - 1; n >= 1 && n >= head.line-5; n-- {
		s := l.line(file, n)
		if strings.HasPrefix(s, "//tsize") || strings.HasPrefix(s, "//latextsize") {
			return place{file, n}
		}
	}
	return place{}
}

// best chooses among lines first to last the one that has what TeX shows, and
// looks at the footnotes that these lines call as well.
func (l *locator) best(file string, first, last int, texText string, e *texError) place {
	lines := l.lines(file)
	candidates := make([]int, 0, last-first+1)
	called := map[string]bool{}
	for n := first; n <= last && n-first < 2000; n++ {
		candidates = append(candidates, n)
		for _, m := range noteRef.FindAllStringSubmatch(lines[n-1], -1) {
			called[m[1]+m[2]] = true
		}
	}
	own := len(candidates)
	if len(called) > 0 {
		for i, s := range lines {
			if m := noteDef.FindStringSubmatch(s); m != nil && called[m[1]] && (i+1 < first || i+1 > last) {
				candidates = append(candidates, i+1)
			}
		}
	}
	tokens := e.tokens()
	before, after := e.shown()
	tail := []rune(plainTeX(before))
	tail = tail[max(0, len(tail)-30):]
	head := []rune(plainTeX(after))
	head = head[:min(20, len(head))]
	text := plainTeX(texText)
	raw := l.rawOf(file)

	best, bestScore := 0, -1
	for i, n := range candidates {
		s := lines[n-1]
		if strings.TrimSpace(s) == "" || strings.HasPrefix(s, "#@") || strings.HasPrefix(s, "//}") {
			continue
		}
		plain := plainMarkup(s)
		score := 3*common(plain, string(tail)) + common(plain, string(head))
		if i < own {
			// A footnote's text is never the text of the line itself.
			score += common(plain, text)
		}
		for k, token := range tokens {
			if strings.Contains(s, token) {
				score += 1000 - 200*min(k, 4)
				break
			}
		}
		if n <= len(raw) && raw[n-1] != "" {
			score += 5
		}
		if score > bestScore {
			best, bestScore = n, score
		}
	}
	if len(tokens) > 0 && bestScore < 200 {
		// None of these lines has what TeX stumbled over: look at lines nearby.
		if p := l.nearest(file, last, func(s string) bool { return strings.Contains(s, tokens[0]) }); p.known() {
			return p
		}
	}
	if best == 0 {
		return place{file, first}
	}
	return place{file, best}
}

// shown returns the text around the place without the dots where TeX cut it.
func (e *texError) shown() (before, after string) {
	return strings.TrimPrefix(e.before, "..."), strings.TrimSuffix(e.after, "...")
}

// tokens returns the macros that TeX may have stumbled over, the likeliest first.
func (e *texError) tokens() []string {
	var tokens []string
	add := func(s string) {
		words := controlWord.FindAllString(s, -1)
		if len(words) == 0 {
			return
		}
		word := words[len(words)-1]
		for _, known := range tokens {
			if known == word {
				return
			}
		}
		tokens = append(tokens, word)
	}
	undefined := strings.HasPrefix(e.message, "Undefined control sequence")
	if undefined {
		for _, inner := range e.inner {
			before, _, _ := strings.Cut(inner, "\x00")
			if i := strings.Index(before, "->"); i >= 0 {
				before = before[i+2:]
			}
			if strings.HasPrefix(before, "<") {
				_, before, _ = strings.Cut(before, ">")
			}
			add(before)
		}
		before, _ := e.shown()
		add(before)
	}
	for _, m := range quotedName.FindAllStringSubmatch(e.message, -1) {
		if len(m[1]) > 2 {
			tokens = append(tokens, m[1])
			if base := path.Base(m[1]); base != m[1] {
				tokens = append(tokens, base, strings.TrimSuffix(base, path.Ext(base)))
			}
		}
	}
	if m := regexp.MustCompile(`Font (\\\S+?)=(\S+)`).FindStringSubmatch(e.message); m != nil {
		tokens = append(tokens, m[2])
	}
	if m := regexp.MustCompile(`(?:Command|Environment|Counter|Option) (\\?[A-Za-z@*]+)`).FindStringSubmatch(e.message); m != nil {
		tokens = append(tokens, m[1])
	}
	return tokens
}

// runaway finds where an argument begins that never ends.
func (l *locator) runaway(e *texError) place {
	text := strings.TrimPrefix(e.runaway, "{")
	text, _, _ = strings.Cut(text, `\ETC.`)
	text, _, _ = strings.Cut(text, `\par `)
	want := []rune(blanksOut(text))
	want = want[:min(40, len(want))]
	macro := ""
	if m := useOf.FindStringSubmatch(e.message); m != nil {
		macro = strings.TrimSuffix(m[1], ".")
	}
	names := []string{e.file, e.last}
	for i := len(e.open) - 1; i >= 0; i-- {
		names = append(names, e.open[i])
	}
	for _, name := range names {
		c, ok := l.positions.chapter(name)
		if !ok {
			continue
		}
		limit := len(c.lines)
		if path.Base(name) == path.Base(e.file) && e.line > 0 {
			limit = min(limit, e.line)
		}
		n := c.runawayLine(string(want), macro, limit)
		if n == 0 {
			continue
		}
		file := l.chapterPath(c.source)
		if file == "" {
			continue
		}
		line := c.at(n)
		if line.last == 0 {
			return place{file: file}
		}
		last := min(line.last, len(l.lines(file)))
		first := min(line.first, last)
		// The line that opens a brace and does not close it.
		raw := l.rawOf(file)
		found, hits := 0, 0
		for i := first; i <= last && i <= len(raw); i++ {
			if i >= 1 && braces(raw[i-1]) > 0 {
				found, hits = i, hits+1
			}
		}
		if hits == 1 {
			return place{file, found}
		}
		return l.best(file, max(1, first), last, line.text, &texError{message: e.message, before: macro + text})
	}
	return place{}
}

// runawayLine returns the line, up to limit, in which macro's argument begins
// with want; both are compared without blanks. 0 when there is none.
func (c *texChapter) runawayLine(want, macro string, limit int) int {
	var all strings.Builder
	ends := make([]int, 0, limit)
	for _, line := range c.lines[:limit] {
		all.WriteString(blanksOut(line.text))
		ends = append(ends, all.Len())
	}
	text := all.String()
	for _, needle := range []string{macro + "{" + want, "{" + want, want} {
		if needle == "" || needle == "{" {
			continue
		}
		// The last match: TeX had read no further.
		at := strings.LastIndex(text, needle)
		if at < 0 {
			continue
		}
		for i, end := range ends {
			if at < end {
				return i + 1
			}
		}
	}
	return 0
}

func blanksOut(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\n' {
			return -1
		}
		return r
	}, s)
}

// chapterLine finds the manuscript's line for line n of a chapter's TeX whose
// text has what; of any chapter when name is that of none.
func (l *locator) chapterLine(name string, n int, what string) place {
	if l.positions == nil {
		return place{}
	}
	try := func(c *texChapter) place {
		if n < 1 || n > len(c.lines) || !strings.Contains(c.at(n).text, what) {
			return place{}
		}
		file := l.chapterPath(c.source)
		line := c.at(n)
		if file == "" || line.last == 0 {
			return place{}
		}
		return l.best(file, line.first, min(line.last, max(1, len(l.lines(file)))), line.text, &texError{before: line.text})
	}
	if c, ok := l.positions.chapter(name); ok {
		return try(c)
	}
	for _, chapter := range l.book.Chapters {
		if c, ok := l.positions.chapter(chapter.ID + ".tex"); ok {
			if p := try(c); p.known() {
				return p
			}
		}
	}
	return place{}
}

// named finds the line of the configuration or of a style file that asks for
// the class, package or option that an error names.
func (l *locator) named(e *texError) place {
	var names []string
	for _, m := range quotedName.FindAllStringSubmatch(e.message, -1) {
		names = append(names, m[1], strings.TrimSuffix(m[1], path.Ext(m[1])))
	}
	if _, value, ok := strings.Cut(e.cause(), ": "); ok {
		names = append(names, strings.TrimSuffix(value, "."))
	}
	for _, name := range names {
		if len(name) < 2 {
			continue
		}
		has := func(s string) bool {
			return strings.Contains(s, name) && !strings.HasPrefix(strings.TrimSpace(s), "#") && !strings.HasPrefix(strings.TrimSpace(s), "%")
		}
		if p := l.inConfig(has); p.known() {
			return p
		}
		// TeX looks for a package when it has read the file that asks for it.
		if p := l.inStyles(l.styles(slices.Concat(e.open, e.read)), has); p.known() {
			return p
		}
	}
	if strings.HasPrefix(e.message, "Class ") || strings.HasSuffix(e.cause(), ".cls' not found") {
		return l.configKey("texdocumentclass")
	}
	return place{}
}

// style finds a style file of the book's own.
func (l *locator) style(e *texError) (place, bool) {
	name := e.file
	if !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "/") {
		name = "./" + name
	}
	switch path.Ext(name) {
	case ".aux", ".toc", ".lof", ".lot", ".ind", ".idx", ".out":
		return place{}, false
	}
	if strings.HasPrefix(e.message, "Class ") {
		if p := l.named(e); p.known() {
			return p, true
		}
	}
	for _, file := range l.styles([]string{name}) {
		if path.Base(file) == path.Base(name) {
			return place{file, e.line}, true
		}
		if strings.TrimSuffix(path.Base(file), ".erb") == path.Base(name) {
			// A template has lines of its own.
			before, after := e.shown()
			text := blanksOut(before + after)
			if p := l.find(file, func(s string) bool { return text != "" && blanksOut(s) == text }); p.known() {
				return p, true
			}
			return place{file: file}, true
		}
	}
	return place{}, false
}

// search looks for what TeX shows in the whole manuscript: the place is in a
// file that TeX made from it, such as a table of contents.
func (l *locator) search(e *texError) place {
	tokens := e.tokens()
	for _, token := range tokens {
		has := func(s string) bool { return strings.Contains(s, token) }
		if p := l.inChapters(has); p.known() {
			return p
		}
		if p := l.inConfig(has); p.known() {
			return p
		}
		if p := l.inStyles(l.styles(e.open), has); p.known() {
			return p
		}
	}
	before, after := e.shown()
	text := plainTeX(before + after)
	if len([]rune(text)) < 4 {
		return place{}
	}
	best, score := place{}, 0
	for _, c := range l.book.Chapters {
		for i, s := range l.lines(c.Path) {
			if n := common(plainMarkup(s), text); n > score && n >= 6 {
				best, score = place{c.Path, i + 1}, n
			}
		}
	}
	return best
}

func (l *locator) rawOf(file string) []string {
	if raw, ok := l.raw[file]; ok {
		return raw
	}
	if l.raw == nil {
		l.raw = map[string][]string{}
	}
	l.raw[file] = rawLines(l.lines(file))
	return l.raw[file]
}
