package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// passive are the kinds of file that makers set and never run. All others may
// be code: styles, hooks, extensions of Re:VIEW, Rakefiles, and the config, which
// names commands.
var passive = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".bmp": true, ".tif": true, ".tiff": true, ".webp": true,
	".svg": true, ".pdf": true, ".eps": true, ".ai": true, ".psd": true,
	".csv": true, ".md": true, ".txt": true,
}

// runs are the kinds of file that count as code anywhere in the work tree: the book's
// own code may load them from outside its folder.
var runs = map[string]bool{
	".rb": true, ".rake": true, ".sh": true, ".py": true, ".pl": true, ".js": true, ".lua": true,
	".sty": true, ".cls": true, ".tex": true, ".def": true, ".cfg": true, ".clo": true,
}

// Code is the hash of all that runs when a book is made, as far as it comes with the
// sources. tree is what goes into the work tree, inputs what the book depends on,
// recipe, encoded as JSON, what else decides. Where two builds have equal hashes the
// same code ran: what the first left behind may be handed to the second.
//
// Of a chapter only the lines count that go to TeX as they are written.
func (c *HashCache) Code(tree, inputs []File, recipe any) (string, error) {
	lines := []string{}
	add := func(f File) error {
		switch {
		case f.Mode&fs.ModeSymlink != 0:
			line := fmt.Sprintf("%q link %s", f.Path, f.Link)
			if !passive[strings.ToLower(path.Ext(f.Path))] {
				// What it leads to counts as what the link is called. A link to a
				// folder, or out of the root, has nothing of its own.
				if sum, err := c.codeOf(f); err == nil {
					line += " " + sum
				}
			}
			lines = append(lines, line)
			return nil
		case !f.Mode.IsRegular():
			return nil
		}
		sum, err := c.codeOf(f)
		if err == nil {
			lines = append(lines, fmt.Sprintf("%q %t %s", f.Path, f.Mode&0o100 != 0, sum))
		}
		return err
	}
	for _, f := range inputs {
		if ext := strings.ToLower(path.Ext(f.Path)); passive[ext] && f.Mode&0o111 == 0 {
			continue
		}
		if err := add(f); err != nil {
			return "", err
		}
	}
	for _, f := range tree {
		if runs[strings.ToLower(path.Ext(f.Path))] {
			if err := add(f); err != nil {
				return "", err
			}
		}
	}
	slices.Sort(lines)
	h := sha256.New()
	enc := json.NewEncoder(h)
	if err := enc.Encode(recipe); err != nil {
		return "", err
	}
	if err := enc.Encode(slices.Compact(lines)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// codeOf is the hash of what runs of one file: of a chapter the raw parts, of
// another file all.
func (c *HashCache) codeOf(f File) (string, error) {
	if !strings.EqualFold(path.Ext(f.Path), ".re") || f.Size > maxChapter {
		return c.sum(f)
	}
	text, err := c.read(f)
	if err != nil {
		return "", err
	}
	if len(text) > maxChapter { // it has grown since it was listed
		return c.sum(f)
	}
	sum := sha256.Sum256(rawParts(text))
	return hex.EncodeToString(sum[:]), nil
}

// maxChapter bounds the chapters that are looked through: a larger one counts as a whole.
const maxChapter = 8 << 20 // bytes

// read returns a file, or a little more than maxChapter of it.
func (c *HashCache) read(f File) ([]byte, error) {
	file, err := c.open(f)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxChapter+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return text, nil
}

// programming are the words of TeX, or their beginnings, that do more than set a
// formula. Where a formula has one, it is code: it might write what the next build
// reads, or make such a word of harmless pieces.
var programming = regexp.MustCompile(`\\(?:write|openout|openin|read|immediate|csname|catcode|special|directlua|latelua|lua[a-z]|input|include|InputIf|addto|addcontents|label|index|let|def|edef|gdef|xdef|expandafter|scantokens|makeatletter|ExplSyntax|ShellEscape|At(?:End|Begin)|(?:re)?newcommand|providecommand|protected)|\^\^|@auxout|filecontents|VerbatimOut`)

// rawParts are the lines of a chapter that a maker does not set but hands on:
// raw TeX, includes, and the text of //embed and //graph blocks. Lines are Re:VIEW's:
// a mark may stand before the first, and a lone carriage return ends one.
func rawParts(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	var raw []byte
	handedOn := false
	for line := range bytes.Lines(text) {
		switch {
		case handedOn:
			handedOn = !bytes.HasPrefix(line, []byte("//}"))
			raw = append(raw, line...)
		case bytes.HasPrefix(line, []byte("#@#")): // a comment, which no maker hands on
		case bytes.HasPrefix(line, []byte("//embed")), bytes.HasPrefix(line, []byte("//graph")):
			handedOn = bytes.HasSuffix(bytes.TrimRight(line, " \t\r\n"), []byte("{"))
			raw = append(raw, line...)
		case bytes.HasPrefix(line, []byte("//raw")), bytes.HasPrefix(line, []byte("//include")), bytes.HasPrefix(line, []byte("#@")),
			bytes.Contains(line, []byte("@<raw>")), bytes.Contains(line, []byte("@<embed>")), bytes.Contains(line, []byte("@<include>")),
			programming.Match(line):
			raw = append(raw, line...)
		}
	}
	return raw
}
