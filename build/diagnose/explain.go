package diagnose

import (
	"regexp"
	"strings"

	"github.com/bookci/bookci/build/book"
)

// rule recognises a message and says what it means.
type rule struct {
	match    *regexp.Regexp
	code     string
	severity book.Severity
	say      string // the message to show; "" keeps the tool's own, $1 stands for a group
	hint     string
}

func on(match, code string, severity book.Severity, say, hint string) rule {
	return rule{regexp.MustCompile(match), code, severity, say, hint}
}

// explain finds the first rule for a message.
func explain(rules []rule, message string) (rule, bool) {
	for _, r := range rules {
		m := r.match.FindStringSubmatchIndex(message)
		if m == nil {
			continue
		}
		expand := func(template string) string {
			return string(r.match.ExpandString(nil, template, message, m))
		}
		if r.say != "" {
			r.say = expand(r.say)
		} else {
			r.say = message
		}
		r.hint = expand(r.hint)
		return r, true
	}
	return rule{}, false
}

// reviewUpdate brings a book up to date, without the questions that it asks.
const reviewUpdate = "`bookci run --write -- sh -c 'yes | review-update'`"

// What Re:VIEW says. A warning that leaves the book wrong is Lax.
var reviewRules = []rule{
	on(`^no such inline op: (\S+)`, "review-unknown-inline", book.Error, "there is no inline command @<$1>", "check the spelling, or define @<$1> in review-ext.rb"),
	on("`@<xxx>' seen but is not valid inline op: (.*)", "review-nested-inline", book.Error, "inline commands cannot stand inside each other: $1", "close the outer command first; text with a } needs @<b>$$...$$ instead of @<b>{...}"),
	on(`(?:strategy|builder) does not support inline op: (\S+)`, "review-unknown-inline", book.Error, "$1 does not exist for this kind of output", "leave it out with #@ or put it into @<embed>{|latex|...}"),
	on(`^(\w+) op is unsupported on this builder`, "review-unknown-inline", book.Error, "@<$1> does not exist for this kind of output", "leave it out with #@ or put it into @<embed>{|latex|...}"),
	on(`^unknown command: //(\S+)`, "review-unknown-block", book.Error, "there is no block command //$1", "check the spelling, or define //$1 in review-ext.rb"),
	on(`does not support (?:command|block op|tagged section|minicolumn)?:? ?(\S+)`, "review-unknown-block", book.Error, "$1 does not exist for this kind of output", "check the spelling, or define it in review-ext.rb"),
	on(`^unexpected EOF \(block begins at: (\d+)\)`, "review-unclosed-block", book.Error, "this block is never closed", "put //} on a line of its own at its end"),
	on(`^(?:block end seen but not opened|minicolumn is not used)`, "review-block-not-opened", book.Error, "//} closes a block that was not opened", "take it out, or see whether the block's first line ends in {"),
	on(`^wrong # of parameters \(block command //(\w+), expect (\S+) but (\d+)\)`, "review-arguments", book.Error, "//$1 takes $2 arguments in [], here it has $3", "write as many arguments as it takes, each in []"),
	on(`^argument syntax error: (.*) in `, "review-arguments", book.Error, "the arguments of this command are not well formed: $1", "every argument stands in [...]; write ] inside as \\]"),
	on(`^block is (?:required|not allowed) for`, "review-arguments", book.Error, "", "a block ends its first line with { and closes with //}"),
	on(`^unknown (footnote|endnote): ?(.*)$`, "review-unknown-reference", book.Error, "there is no $1 with the id $2", "write //$1[$2][text] on a line of its own in this chapter"),
	on(`^unknown (chapter|bib): ?(.*)$`, "review-unknown-reference", book.Error, "there is no $1 with the id $2", "check the spelling"),
	on(`^unknown (list|image|table|equation|headline|column): ?(.*)$`, "review-unknown-reference", book.Error, "there is no $1 with the id $2", "check the spelling; the id of a $1 in another chapter is written chapter|id"),
	on(`^(?:not found key|key) '(.*?)' (?:for|is ambiguous)`, "review-unknown-reference", book.Error, "there is no single thing with the id $1", "write chapter|id, and give every heading a label of its own with =={label}"),
	on(`^key not found: "?(.*?)"?$`, "review-unknown-reference", book.Error, "there is no chapter or heading with the id $1", "a chapter's id is its file name without .re: check catalog.yml"),
	on(`^no such (list|table|bib file): ?(.*)$`, "review-unknown-reference", book.Error, "there is no $1 with the id $2", "check the spelling"),
	on(`doesn't have a number: (.*)$`, "review-unknown-reference", book.Error, "the heading $1 has no number", "use @<title> or @<sectitle>, or raise secnolevel in the config"),
	on(`^(?:warning: )?duplicate ID: (\S+)`, "review-duplicate-label", book.Lax, "the id $1 is given twice, so references to it show the wrong number", "write another id in one of the two places"),
	on(`^Invalid header: max headline level is (\d+)`, "review-heading", book.Error, "a heading has at most $1 equal signs", "take some = away"),
	on(`^(\S+) is not opened\.`, "review-heading", book.Error, "===[/$1] closes what was not opened", "take it out, or open it with ===[$1]"),
	on(`^unknown level: (\S+)`, "review-heading", book.Error, "this heading cannot be made", "see the lines around this one in the log"),
	on(`^headline is empty`, "review-heading", book.Lax, "this heading has no text", "write the title after the = signs"),
	on(`^too many \*`, "review-list-level", book.Error, "an item list goes down one level at a time", "give it one * more than the item above"),
	on(`//(begin|end)child`, "review-list-level", book.Error, "", "//beginchild stands right after an item list and is closed with //endchild"),
	on(`^found invalid control-sequence character \((\S+)\)`, "review-control-character", book.Error, "there is an invisible control character ($1) here", "delete it: your editor can show invisible characters"),
	on(`^image not bound: (\S+)`, "review-image-missing", book.Lax, "there is no image file for the id $1", "put it into images/ as CHAPTER-$1.png, .jpg or .pdf, or into images/CHAPTER/"),
	on(`^failed to run command for id (\S+): (\S+).*`, "review-graph", book.Lax, "the tool $2 could not draw the graph $1", "see the log; the tool may be missing in the image"),
	on(`^file not found in catalog\.yml: (?:\S*/)?(\S+)`, "review-file-missing", book.Error, "catalog.yml names $1, which does not exist", "check the name: it is looked up in contentdir, and what bookci.yml's exclude names is not there"),
	on(`^(?:file not exist|preface file not exist|postscript file not exist): (?:\S*/)?(\S+)`, "review-file-missing", book.Error, "the chapter $1 does not exist", "check the name in catalog.yml"),
	on(`^(\S+) not found\.$`, "review-file-missing", book.Error, "$1 does not exist", ""),
	on(`^coverimage (\S+) (?:is )?not found`, "review-file-missing", book.Error, "the cover image $1 does not exist", "put it into images/, or take coverimage out of the config"),
	on(`^(?:stylesheet: )?(\S+?):? (?:\S+ )?is not found`, "review-file-missing", book.Error, "", "check the name in the config"),
	on(`^yaml error \(?(?:\S*/)?([^)\s:]+)\)?:? (.*?) at line \d+ column \d+`, "config-yaml", book.Error, "$1 is no valid YAML: $2", "check indentation, quotes and colons; tabs are not allowed"),
	on(`^yaml error (.*)`, "config-yaml", book.Error, "the configuration is no valid YAML: $1", "check indentation, quotes and colons; tabs are not allowed"),
	on(`no review_version property`, "config-version", book.Warning, "the config does not say for which Re:VIEW it is", "add the line review_version: 5.0"),
	on(`configuration file's version|configuration file is different`, "config-version", book.Warning, "", "bring the book up to date with "+reviewUpdate+", or set review_version to that of the image"),
	on(`^template or configuration error`, "config-value", book.Error, "", "see which key of the config it names"),
	on(`(\S+) is (?:obsoleted|obsolete|oboleted|deprecated)`, "config-obsolete", book.Warning, "", "bring the config up to date with "+reviewUpdate),
	on(`^texcommand isn't defined`, "config-value", book.Error, "the config's texcommand is empty", "write texcommand: uplatex, or leave it out"),
	on(`^//footnote\[(\S+)\] is in the column block`, "review-footnote-column", book.Warning, "the footnote $1 stands inside a column and may get lost", "move the //footnote line out of the column"),
	on(`^deprecated ID: .* in .(.*?).$`, "review-id", book.Warning, "the id $1 has a character that makes trouble", "use letters, digits, - and _ in it, also in the name of an image's file"),
	on(`^word not bound: (\S+)`, "review-word-missing", book.Lax, "the words_file has no word $1", "add it to the file, or check the spelling"),
	on(`ID (\S+) is not referred`, "review-unreferenced", book.Warning, "nothing refers to $1", ""),
	on("`//' seen but is not valid command", "review-unknown-block", book.Lax, "a line begins with // but is no command, and is left out", "write @<embed>{//} for the text itself"),
	on(`^undefined (?:local variable or )?method .?(\w+)' for`, "ruby-error", book.Error, "Ruby does not know $1", "see review-ext.rb and the hooks"),
	on(`^//endnote is found but`, "review-endnotes", book.Error, "the chapter has //endnote and no //printendnotes", "put //printendnotes at its end"),
	on(`nested mini-?column|minicolumn cannot be nested`, "review-nested-block", book.Error, "a note cannot stand inside another one", "close the first with //} before"),
	on(`^no rows in the table`, "review-table", book.Error, "this table has no rows", ""),
	on(`Mermaid|mermaid`, "review-graph", book.Error, "", "Mermaid loads itself from the network: set network: bridge in bookci.yml"),
}

// What TeX says.
var texRules = []rule{
	on("File [`'](\\S+?)\\.sty' not found", "tex-package-missing", book.Error, "the LaTeX package $1 is not installed", "check the spelling; put $1.sty into sty/, or use an image that has it"),
	on("File [`'](\\S+?)\\.cls' not found", "tex-class-missing", book.Error, "the document class $1 was not found", "check texdocumentclass; "+reviewUpdate+" puts Re:VIEW's own classes into sty/"),
	on("File [`'](\\S+)' not found", "tex-file-missing", book.Error, "TeX cannot find the file $1", "check the name and whether the file lies in images/ or sty/"),
	on("I can't find file [`'](\\S+)'", "tex-file-missing", book.Error, "TeX cannot find the file $1", "check the name and whether the file lies in images/ or sty/"),
	on(`Cannot determine size of graphic in (\S+)`, "tex-image-unreadable", book.Error, "the image $1 is damaged or of a kind that TeX cannot read", "open it and save it again as PNG, JPEG or PDF"),
	on(`Unknown graphics extension: (\S+)`, "tex-image-unreadable", book.Error, "TeX cannot read images ending in $1", "save it as PNG, JPEG or PDF"),
	on(`Font (?:\\\S+?=)?(\S+?)(?: at \S+| scaled \S+)? not (?:loadable|loaded)`, "tex-font-missing", book.Error, "the font $1 is not installed", "check the name, or use an image that has it (FROM vvakame/review plus the font)"),
	on(`(?:[Tt]he font|Font) "?([^"]+?)"? cannot be found`, "tex-font-missing", book.Error, "the font $1 is not installed", "check the name, or use an image that has it (FROM vvakame/review plus the font)"),
	on(`^Undefined control sequence`, "tex-undefined-command", book.Error, "", ""), // see undefinedCommand
	on(`Environment (\S+) undefined`, "tex-undefined-environment", book.Error, "TeX does not know the environment $1", "check the spelling, or load the package that defines it in sty/review-custom.sty"),
	on(`\\begin\{([^}]*)\} on input line \d+ ended by \\end\{document\}`, "tex-environment", book.Error, "\\begin{$1} is never ended", "add \\end{$1}"),
	on(`\\begin\{([^}]*)\} on input line \d+ ended by \\end\{([^}]*)\}`, "tex-environment", book.Error, "\\begin{$1} is ended by \\end{$2}", "environments end in the order opposite to that in which they begin"),
	on(`Too deeply nested`, "tex-nesting", book.Error, "lists are nested too deeply for TeX", "LaTeX takes four levels of a kind: use fewer * in the item list"),
	on(`Missing \$ inserted|Display math should end|Bad math environment|Double (?:sub|super)script|allowed only in math mode|Missing delimiter|Extra \\(?:left|right)|Missing \\right|Bad space factor|Erroneous nesting of equation|Misplaced \\(?:noalign|omit)`, "tex-math", book.Error, "", ""), // see mathHint
	on(`(?:File ended while scanning|Paragraph ended before) (?:use of )?(\S+?)\.? ?(?:was complete)?\.?$`, "tex-brace", book.Error, "the argument of $1 is never closed", "a } is missing; in @<raw>{...} the first } ends the command: write @<raw>$$|latex|...$$ instead"),
	on(`Too many \}'s|Extra \}|Missing [{}] inserted|Forbidden control sequence|Argument of \S+ has an extra`, "tex-brace", book.Error, "the braces do not match: TeX says “$0”", "count { and }; in @<raw>{...} the first } ends the command: write @<raw>$$|latex|...$$ instead"),
	on(`Illegal unit of measure`, "tex-dimension", book.Error, "TeX does not know this unit of length", "use mm, cm, pt, zw or Q, for instance 10mm"),
	on(`Dimension too large`, "tex-dimension", book.Error, "a length is larger than TeX can hold", "5.7 m is the largest length: check the numbers"),
	on(`Missing number, treated as zero`, "tex-dimension", book.Error, "a number or length is missing here", "for instance \\vspace{10mm}"),
	on(`Extra alignment tab`, "tex-table-columns", book.Error, "this row has more columns than the table", "//tsize must name every column; separate the cells with one tab"),
	on(`Illegal (?:pream-token|character in array arg) ?\(?([^):]*)`, "tex-table-columns", book.Error, "the table's column letters are wrong: $1", "//tsize[|latex||l|c|p{20mm}|] takes l, c, r and p{width}"),
	on(`Misplaced alignment tab character`, "tex-alignment", book.Error, "there is an & outside of a table", "write \\& for the character itself"),
	on(`Incomplete (\\\S+); all text was ignored`, "tex-incomplete", book.Error, "$1 has no \\fi: the rest of the book was ignored", "add \\fi"),
	on(`\\verb (?:illegal|ended|may)`, "tex-verb", book.Error, "\\verb cannot stand inside a footnote, caption or heading", "use @<code>{...}"),
	on(`There's no line here to end`, "tex-line-break", book.Error, "a line break stands where no line is", "take out the \\\\ or @<br>{} at the beginning of the paragraph"),
	on(`(?:Command|Environment) (\S+) already defined`, "tex-defined-twice", book.Error, "$1 is defined twice", "use \\renewcommand, or another name"),
	on(`No counter '(\S+)' defined`, "tex-counter", book.Error, "TeX does not know the counter $1", "check the spelling, or define it with \\newcounter"),
	on(`Unicode char(?:acter)? (.*?) (?:\(U\+([0-9A-F]+)\)|not set up)`, "tex-character", book.Error, "TeX has no glyph for the character $1", "use another character, or an image, or lualatex"),
	on(`Invalid UTF-8|inputenc Error|Text line contains an invalid character`, "tex-encoding", book.Error, "", "save the file as UTF-8"),
	on("xkeyval Error: [`'](\\S+)' undefined|[Kk]eyval Error: (\\S+) undefined", "tex-option", book.Error, "TeX does not know the option $1$2", "for images: scale=0.5, width=80mm, height=..., angle=..."),
	on("Option clash for package (\\S+)", "tex-option-clash", book.Error, "the package $1 is loaded twice with different options", "load it in one place only"),
	on("Unknown option [`'](\\S+)' for (.*)", "tex-option", book.Error, "the option $1 is unknown to $2", "check texdocumentclass"),
	on(`^Class (\S+) Error: (.*)`, "tex-class-option", book.Error, "the document class $1 refuses its options: $2", "check texdocumentclass in the config"),
	on("(?:color|xcolor) Error: Undefined color [`'](\\S+)'", "tex-package-error", book.Error, "TeX does not know the colour $1", "define it with \\definecolor in sty/review-custom.sty"),
	on("Listings Error: Couldn't load requested language", "tex-package-error", book.Error, "the listings package does not know the language of this code", "leave the language out, or define it with \\lstdefinelanguage"),
	on("Listings Error: .*[Ll]anguage (\\S+)", "tex-package-error", book.Error, "the listings package does not know the language $1", "leave the language out, or define it with \\lstdefinelanguage"),
	on(`TeX capacity exceeded, sorry \[(.*)\]`, "tex-capacity", book.Error, "TeX ran out of $1", "most often a macro that calls itself without end"),
	on(`I can't write on file|Unable to write`, "disk-full", book.Error, "TeX could not write its files", "free some disk space"),
	on(`job aborted|Emergency stop`, "tex-stopped", book.Error, "TeX stopped before the end", "see the lines before this in the log"),
	on(`^(?:Package|LaTeX|Class|pdfTeX|LaTeX3) .*[Ee]rror: (.*)`, "tex-package-error", book.Error, "$1", ""),
	on(`^(.*)$`, "tex-error", book.Error, "TeX says “$1”", ""),
}

// missingFileWords are Ruby's for a file that cannot be opened or copied.
const missingFileWords = `No such file or directory @ \w+ - (?:\S+ - )?(\S+) \(Errno::ENOENT\)`

// What other programs say.
var toolRules = []rule{
	on(missingFileWords, "file-missing", book.Error, "there is no file $1, or it is a link that leads nowhere", "put the file itself in its place"),
	on(`No such file or directory - (\S+) \(Errno::ENOENT\)`, "command-missing", book.Error, "the program or file $1 does not exist", "check its name in the config; the image may not have it"),
	on(`no implicit conversion of Date into String`, "config-date", book.Error, "a date in the config has no quotes", `write date: "2024-01-01", with quotes`),
	on(`\(<unknown>\): (.*?) at line \d+ column \d+ \(Psych::SyntaxError\)`, "config-yaml", book.Error, "this is no valid YAML: $1", "check indentation, quotes and colons; tabs are not allowed"),
	on(`Tried to load unspecified class: (\S+)`, "config-yaml", book.Error, "the config has a value of the kind $1, which YAML does not read as text", "put it in quotes"),
	on(`stack level too deep`, "config-recursion", book.Error, "Ruby ran in a circle", "two configs may inherit from each other"),
	on(`No space left on device`, "disk-full", book.Error, "the disk is full", "free some space, or raise the limits in bookci.yml"),
	on(`Cannot allocate memory`, "memory", book.Error, "there was not enough memory", "raise limits.memory in bookci.yml"),
	on(`Resource temporarily unavailable`, "processes", book.Error, "too many processes at once", "raise limits.pids in bookci.yml, or see which hook starts so many"),
	on(`Network is unreachable|Could not resolve|Temporary failure in name resolution|getaddrinfo`, "network", book.Lax, "something wanted to reach the network, which the build does not have", "set network: bridge in bookci.yml if the book needs it"),
	on(`Read-only file system`, "read-only", book.Lax, "something wanted to write outside of the book's folder", "write below the book's folder or into /tmp"),
	on(`^(.*): (?:command )?not found$`, "command-missing", book.Lax, "the program $1 does not exist", "check its name; the image may not have it"),
	on(`Permission denied`, "permission", book.Lax, "", "a script must be executable: chmod +x"),
}

var converterRules = []rule{
	on(`No character mapping available`, "character-missing", book.Lax, "", ""),
	on(`Image inclusion failed.*(?:for|file:) "?([^"]*?)"?\.?$`, "image-unreadable", book.Lax, "the image $1 could not be put into the PDF", "open it and save it again"),
	on(`Could(?:n't| not) (?:open|find) .*?"?([^\s"]+)"?\.?$`, "dvipdfmx-warning", book.Lax, "dvipdfmx could not find $1", "check dvioptions in the config, and the fonts"),
	on(`^`, "dvipdfmx-warning", book.Warning, "", ""),
}

// undefinedCommand says which macro TeX does not know, and notices when the
// text after it has become part of its name: upLaTeX takes kanji as letters.
func undefinedCommand(e *texError) (say, hint string) {
	text := e.before
	if len(e.inner) > 0 {
		text, _, _ = strings.Cut(e.inner[0], "\x00")
	}
	at := strings.LastIndexByte(text, '\\')
	if at < 0 {
		return "TeX does not know a macro that is used here", "check the spelling"
	}
	word := strings.TrimSpace(text[at:])
	ascii := controlWord.FindString(word)
	if ascii == "" {
		return "TeX does not know the macro " + word, "check the spelling"
	}
	if rest := word[len(ascii):]; rest != "" && rest[0] >= 0x80 {
		return "TeX does not know the macro " + word, "check the spelling; a macro's name ends only at a blank, a bracket or a brace, so write " + ascii + "{} before kanji"
	}
	return "TeX does not know the macro " + ascii, "check the spelling, or load the package that defines it in sty/review-custom.sty"
}

// mathHint says what is wrong with a formula.
func mathHint(message string) (say, hint string) {
	message = strings.TrimSuffix(message, ".")
	switch {
	case strings.HasPrefix(message, "Missing $"):
		return "something that belongs into a formula stands outside of one, or a formula has a blank line", "put formulas into @<m>{...} or //texequation, without blank lines; write \\_ for the character _"
	case strings.HasPrefix(message, "Double subscript"):
		return "this formula has two subscripts on one letter", "write {x_1}_2 or x_{12}"
	case strings.HasPrefix(message, "Double superscript"):
		return "this formula has two superscripts on one letter", "write {x^1}^2 or x^{12}"
	}
	return "this formula is wrong: TeX says “" + message + "”", "check the brackets and commands of the formula"
}
