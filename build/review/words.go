package review

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/text"
)

// This file has the words for everything that is wrong. They are those that Re:VIEW's
// own messages get, so that an author hears one voice.

func fault(at Place, severity book.Severity, code, message, hint string) book.Diagnostic {
	return book.Diagnostic{File: at.File, Line: at.Line, Column: at.Column, Severity: severity, Code: code, Message: oneSentence(message), Hint: hint}
}

// oneSentence is a line of bounded length without a full stop.
func oneSentence(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	const longest = 300
	if len(s) > longest {
		if r := []rune(s[:min(len(s), 4*longest)]); len(r) > longest {
			s = string(r[:longest]) + "…"
		}
	}
	return s
}

func bookTooLong(at Place) book.Diagnostic {
	return fault(at, book.Warning, "review-too-long", fmt.Sprintf("the book is read up to here: it has more than %d MiB of text, %d lines or %d pieces of text", maxBytes>>20, maxLines, maxPieces),
		"what follows is neither checked nor in a draft; Re:VIEW makes all of it")
}

func localeTooLong(at Place) book.Diagnostic {
	return fault(at, book.Warning, "review-too-long", fmt.Sprintf("%s is not read: it has more than %d MiB", path.Base(at.File), maxBeside>>20),
		"take out the words that it shares with Re:VIEW's own")
}

func notUTF8(at Place, encoding string) book.Diagnostic {
	message := "the file is not UTF-8"
	switch encoding {
	case "":
	case "CP932":
		message += ": it looks like Shift_JIS"
	default:
		message += ": it looks like " + encoding
	}
	return fault(at, book.Error, "review-encoding", message, text.ToUTF8Hint(path.Base(at.File), encoding))
}

func notYAML(at Place, message string) book.Diagnostic {
	return fault(at, book.Error, "config-yaml", path.Base(at.File)+" is no valid YAML: "+message, "check indentation, quotes and colons; tabs are not allowed")
}

func controlCharacter(at Place, c byte) book.Diagnostic {
	return fault(at, book.Error, "review-control-character", fmt.Sprintf("there is an invisible control character (%#x) here", c), "delete it: your editor can show invisible characters")
}

func unknownInline(at Place, op, hint string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-inline", "there is no inline command @<"+op+">", cmp.Or(hint, "check the spelling, or define @<"+op+"> in review-ext.rb"))
}

func lackingInline(at Place, op string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-inline", "@<"+op+"> does not exist for this kind of output", "leave it out with #@ or put it into @<embed>{|latex|...}")
}

func nestedInline(at Place, raw string) book.Diagnostic {
	return fault(at, book.Error, "review-nested-inline", "inline commands cannot stand inside each other: "+raw, "close the outer command first; text with a } needs @<b>$...$ instead of @<b>{...}")
}

// neverClosed and neverOpened are what Re:VIEW takes for commands inside each other.
func neverClosed(at Place, written, end string) book.Diagnostic {
	return fault(at, book.Error, "review-nested-inline", written+" is never closed, and Re:VIEW takes this line for commands inside each other", closeHint(end))
}

func neverOpened(at Place, written string) book.Diagnostic {
	return fault(at, book.Error, "review-nested-inline", written+" has no { right behind it, and Re:VIEW takes this line for commands inside each other", "write "+written+"{...}, here and at the others of this line")
}

// emptyInline is told of a command without anything in its braces, at which Re:VIEW
// stops with an error of Ruby's.
func emptyInline(at Place, op, right string) book.Diagnostic {
	return fault(at, book.Error, "review-empty-inline", "@<"+op+"> has nothing between its braces, and Re:VIEW stops at it", "write "+right+", or take it out")
}

// emptyReference has the code of a reference to what is not there.
func emptyReference(at Place, op string) book.Diagnostic {
	severity, code := book.Error, "review-unknown-reference"
	switch op {
	case "icon":
		severity, code = book.Lax, "review-image-missing"
	case "w", "wb":
		severity, code = book.Lax, "review-word-missing"
	case "pageref":
		severity, code = book.Lax, "tex-undefined-reference"
	}
	return fault(at, severity, code, "@<"+op+"> has nothing between its braces", "write @<"+op+">{id}, or take it out")
}

func emptyFormula(at Place) book.Diagnostic {
	return fault(at, book.Lax, "markup-empty", "@<m> has nothing between its braces, and TeX takes it for the beginning of a formula", "write a formula into it, or take it out")
}

// environmentOpen and environmentNotBegun have the code of braces that do not match,
// which is what TeX takes them for.
func environmentOpen(at Place, name string) book.Diagnostic {
	return fault(at, book.Lax, "markup-brace", "\\begin{"+name+"} in this formula is never ended", "write \\end{"+name+"} above //}")
}

func environmentNotBegun(at Place, name string, open []string) book.Diagnostic {
	hint := "write \\begin{" + name + "} before it, or take it out"
	if n := len(open); n > 0 {
		hint = "write \\end{" + open[n-1] + "} before it"
	}
	return fault(at, book.Lax, "markup-brace", "\\end{"+name+"} in this formula ends what is not open", hint)
}

func emptyTerm(at Place, op string) book.Diagnostic {
	return nearMiss(at, "@<"+op+"> has nothing between its braces, so nothing of it is in the index", "write @<"+op+">{term}, or take it out")
}

func noCodePoint(at Place, arg, right string) book.Diagnostic {
	return fault(at, book.Lax, "markup-character", "@<uchar>{"+arg+"} is no character: its number is hexadecimal", "write @<uchar>{"+right+"}")
}

func unknownBlock(at Place, name, hint string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-block", "there is no block command //"+name, cmp.Or(hint, "check the spelling, or define //"+name+" in review-ext.rb"))
}

func unknownTag(at Place, tag, right string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-block", "there are no headings with ["+tag+"]", cmp.Or(right, "check the spelling, or define it in review-ext.rb"))
}

func lackingBlock(at Place, what string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-block", what+" does not exist for this kind of output", "check the spelling, or define it in review-ext.rb")
}

func noCommand(at Place, right string) book.Diagnostic {
	hint := "write @<embed>{//} for the text itself"
	if right != "" {
		hint = "write " + clipped(right)
	}
	return fault(at, book.Lax, "review-unknown-block", "a line begins with // but is no command, and is left out", hint)
}

func unclosedBlock(at Place, s swallowed) book.Diagnostic {
	return fault(at, book.Error, "review-unclosed-block", "this block is never closed", s.hint("put //} on a line of its own at its end"))
}

// swallowing is said at the block that is swallowed: above it the //} is missing.
func swallowing(at, head Place, name string, s swallowed) book.Diagnostic {
	return fault(at, book.Lax, "markup-swallowed", fmt.Sprintf("//%s of line %d is probably never closed: //%s begins inside it", name, head.Line, s.name), s.hint(""))
}

// hint says where the end is missing.
func (s swallowed) hint(otherwise string) string {
	switch {
	case s.slip != nil:
		return fmt.Sprintf("write //} in line %d, at the beginning of the line and in half-width letters", s.slip.index+1)
	case s.above != nil:
		return fmt.Sprintf("put //} on a line of its own above the heading in line %d", s.above.index+1)
	case s.head != nil:
		return fmt.Sprintf("put //} on a line of its own above line %d", s.head.index+1)
	}
	return otherwise
}

func blockNotOpened(at Place, near int) book.Diagnostic {
	if near > 0 {
		return fault(at, book.Error, "review-block-not-opened", "//} closes a block that was not opened", fmt.Sprintf("mend line %d, which is meant to begin this block", near))
	}
	return fault(at, book.Error, "review-block-not-opened", "//} closes a block that was not opened", "take it out, or see whether the block's first line ends in {")
}

func wrongArguments(at Place, h blockHead, meant []string, s syntax) book.Diagnostic {
	name, have := h.name, len(h.args)
	args := append(slices.Clone(meant[:min(len(meant), s.max)]), slices.Repeat([]string{"..."}, max(s.min-len(meant), 0))...)
	hint := "write " + h.with(args)
	if h.opens && s.shape == single {
		hint = h.withoutBlock(args)
	}
	return fault(at, book.Error, "review-arguments", fmt.Sprintf("//%s takes %s arguments in [], here it has %d", name, s.arguments(), have), hint)
}

func brokenArguments(at Place, rest, right string) book.Diagnostic {
	hint := "every argument stands in [...]; write ] inside as \\]"
	if right != "" {
		hint = "write " + clipped(right)
	}
	return fault(at, book.Error, "review-arguments", "the arguments of this command are not well formed: "+rest, hint)
}

func blockRequired(at Place, h blockHead) book.Diagnostic {
	h.opens = true
	return fault(at, book.Error, "review-arguments", "block is required for //"+h.name+"; use empty block", "write "+h.with(h.args)+" and below its last line //}")
}

// blockNotAllowed and wrongArguments may be told of one line, with one hint.
func blockNotAllowed(at Place, h blockHead, args []string) book.Diagnostic {
	h.opens = false
	return fault(at, book.Error, "review-arguments", "block is not allowed for command //"+h.name+"; ignore", h.withoutBlock(args))
}

func (h blockHead) withoutBlock(args []string) string {
	h.opens = false
	return "write " + h.with(args) + " and take out the lines down to //}"
}

func nestedBox(at Place, outer Place, s swallowed) book.Diagnostic {
	otherwise := fmt.Sprintf("put //} on a line of its own above this line: the first begins in line %d", outer.Line)
	return fault(at, book.Error, "review-nested-block", "a note cannot stand inside another one", s.hint(otherwise))
}

func headingTooDeep(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-heading", fmt.Sprintf("a heading has at most %d equal signs", maxLevel), "take some = away")
}

func tagNotOpened(at Place, tag, open string) book.Diagnostic {
	if open != "" && open != tag {
		return fault(at, book.Error, "review-heading", "===[/"+tag+"] closes what was not opened", "write ===[/"+open+"]")
	}
	return fault(at, book.Error, "review-heading", "===[/"+tag+"] closes what was not opened", "take it out, or open it with ===["+tag+"]")
}

func emptyHeading(at Place) book.Diagnostic {
	return fault(at, book.Lax, "review-heading", "this heading has no text", "write the title after the = signs")
}

func itemTooDeep(at Place, level int) book.Diagnostic {
	return fault(at, book.Error, "review-list-level", "an item list goes down one level at a time", "write "+strings.Repeat("*", level)+" here: one * more than the item above")
}

const childHint = "//beginchild stands right after an item list and is closed with //endchild"

func childWithoutList(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-list-level", "//beginchild is shown, but previous element isn't ul, ol, or dl", childHint)
}

func childNotOpened(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-list-level", "//endchild is shown, but any opened //beginchild doesn't exist", childHint)
}

func childNotClosed(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-list-level", "//beginchild misses //endchild", childHint)
}

func tooDeep(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-list-level", "lists are nested too deeply", childHint)
}

func noRows(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-table", "this table has no rows", "write a row above //}, its cells divided by tabs")
}

func unknownReference(at Place, kind, id, hint string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-reference", "there is no "+kind+" with the id "+id, hint)
}

const chapterIDHint = "a chapter's id is its file name without .re: check catalog.yml"

func unknownChapter(at Place, id, hint string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-reference", "there is no chapter or heading with the id "+id,
		cmp.Or(hint, chapterIDHint))
}

func ambiguousReference(at Place, id string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-reference", "there is no single thing with the id "+id, "write chapter|id, and give every heading a label of its own with =={label}")
}

func noBibliography(at Place, file, id string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-reference", "there is no bibliography "+file, "write //bibpaper["+id+"][title] into "+file+", and list it below POSTDEF in catalog.yml")
}

// bibliographyLeftOut has the code of TeX's words for it: there is no label bib:id.
func bibliographyLeftOut(at Place, file string) book.Diagnostic {
	return fault(at, book.Lax, "tex-undefined-reference", file+" is not in the catalog, so the book has no bibliography and this reference leads nowhere", "write \"  - "+file+"\" below POSTDEF in catalog.yml")
}

func numberless(at Place, id string) book.Diagnostic {
	return fault(at, book.Error, "review-unknown-reference", "the heading "+id+" has no number", "use @<title> or @<sectitle>, or raise secnolevel in the config")
}

func endlessReference(at Place, id string) book.Diagnostic {
	return fault(at, book.Error, "config-recursion", "the heading "+id+" refers to itself, and so without end", "take the reference out of the heading")
}

func doubledID(at, first Place, id string) book.Diagnostic {
	return fault(at, book.Lax, "review-duplicate-label", "the id "+id+" is given twice, so references to it show the wrong number",
		fmt.Sprintf("write another id here, or in line %d", first.Line))
}

func imageMissing(at Place, id, hint string) book.Diagnostic {
	return fault(at, book.Lax, "review-image-missing", "there is no image file for the id "+id, hint)
}

func wordMissing(at Place, word string) book.Diagnostic {
	return fault(at, book.Lax, "review-word-missing", "the words_file has no word "+word, "add it to the file, or check the spelling")
}

func noteUnused(at Place, id string, endnote bool) book.Diagnostic {
	return fault(at, book.Warning, "review-unreferenced", "nothing refers to "+id, "refer to it with @<"+map[bool]string{false: "fn", true: "endnote"}[endnote]+">{"+id+"}, or take the line out")
}

func endnotesNotPrinted(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-endnotes", "the chapter has //endnote and no //printendnotes", "put //printendnotes at its end")
}

func labelMissing(at Place, id string) book.Diagnostic {
	return fault(at, book.Lax, "tex-undefined-reference", "there is no label "+id+", so the reference shows ??", "check the spelling of the label")
}

func labelTwice(at Place, id string) book.Diagnostic {
	return fault(at, book.Lax, "tex-duplicate-label", "the label "+id+" is given twice", "give each its own name")
}

func footnoteInColumn(at Place, id string) book.Diagnostic {
	return fault(at, book.Warning, "review-footnote-column", "the footnote "+id+" stands inside a column and may get lost", "move the //footnote line out of the column")
}

func deprecatedDefinition(at Place) book.Diagnostic {
	return fault(at, book.Warning, "review-warning", "Definition list starting with `:` is deprecated. It should start with ` : `", "write a space before the :")
}

// The rest is no fault to Re:VIEW: see swallow.go and nearmiss.go.

func nearMiss(at Place, message, hint string) book.Diagnostic {
	return fault(at, book.Warning, "markup-near-miss", message, hint)
}

func wideInline(at Place, written, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no command, for its full-width characters: "+written, "write "+right)
}

func closeHint(end string) string {
	return "write " + end + " in the same line: a command does not go on in the next"
}

func openInline(at Place, written, end string) book.Diagnostic {
	return nearMiss(at, written+" is never closed, so it is text and no command", closeHint(end))
}

func braceEnds(at Place, given, right string) book.Diagnostic {
	return fault(at, book.Lax, "markup-brace", "the first } ends the command, so TeX gets no more than "+given, "write "+right)
}

func codeEnds(at Place, given, right string) book.Diagnostic {
	return nearMiss(at, "the first } ends the command, so it holds no more than "+clipped(given), "write "+right)
}

func wideSeparator(at Place, message, right string) book.Diagnostic {
	return nearMiss(at, message+": only a half-width comma parts the two", "write "+right)
}

func noReading(at Place, word string) book.Diagnostic {
	return nearMiss(at, "this word has no reading", "write the reading behind a half-width comma: @<ruby>{"+word+",...}")
}

func metricPercent(at Place, metric, right string) book.Diagnostic {
	return fault(at, book.Lax, "markup-metric", "a % in "+metric+" makes TeX skip the rest of the line", "write "+right)
}

func untitled(at Place) book.Diagnostic {
	return fault(at, book.Warning, "markup-untitled", "this chapter has no title, so that it has no number and no references lead to it", "begin it with a line \"= title\"")
}

func conflictLeft(at Place) book.Diagnostic {
	return fault(at, book.Lax, "markup-conflict", "git has left two versions here, and both are in the book", text.ConflictHint)
}

func conflictAsHeading(at Place) book.Diagnostic {
	return fault(at, book.Error, "review-heading", "this line is git's, between two versions, and Re:VIEW takes it for a heading", text.ConflictHint)
}

func isConflict(d book.Diagnostic) bool { return d.Code == "markup-conflict" }

func secondTitle(at Place) book.Diagnostic {
	return fault(at, book.Lax, "tex-duplicate-label", "a file is one chapter, and here begins a second one", "write == for a section, or put the chapter into a file of its own")
}

func bareBreak(at Place) book.Diagnostic {
	return nearMiss(at, "@<br> is text and no command without {}", "write @<br>{}")
}

func detachedInline(at Place, written string) book.Diagnostic {
	return nearMiss(at, written+" is text and no command: no { stands right behind it", "write "+written+"{...} without a space")
}

func otherBracket(at Place, written, right string) book.Diagnostic {
	return nearMiss(at, written+" is text and no command: no { stands right behind it", "write "+clipped(right))
}

func wideHead(at Place, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no heading, for its full-width characters", "write "+right)
}

func headingInText(at Place) book.Diagnostic {
	return nearMiss(at, "this is text and no heading, since the paragraph above goes on", "put an empty line above it")
}

func tightHeading(at Place, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no heading: a space is missing behind the =", "write "+right)
}

func indentedBlock(at Place, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no command, for the space before it", "take the space away: "+clipped(right))
}

func nearBlock(at Place, right string) book.Diagnostic {
	return nearMiss(at, "this is text and no command, which begins its line and is written in half-width characters", "write "+clipped(right))
}

func ruleTooShort(at Place) book.Diagnostic {
	return nearMiss(at, "this is a row of the table and no rule, which has 12 or more - or =", "write ------------")
}

func spacesForTabs(at Place) book.Diagnostic {
	return nearMiss(at, "this row has one cell: only a tab ends a cell", "put a tab between the cells; your editor may write spaces for it")
}

func notMapped(at Place, command, file string) book.Diagnostic {
	return nearMiss(at, "nobody has filled in "+clipped(command)+", and Re:VIEW does not read it", "run `bookci run --write -- review-preproc --replace "+path.Base(file)+"`")
}
