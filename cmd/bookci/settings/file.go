package settings

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// readFile reads the bookci.yml that lies in a book's root. A link to what lies
// beside the root would have its lines quoted as mistakes.
func readFile(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := fsx.ReadBelow(filepath.Dir(file), file, 1<<20)
	if errors.Is(err, fsx.ErrOutside) || errors.Is(err, fsx.ErrKept) {
		err = fmt.Errorf("%w; put the file itself in its place", err)
	}
	return text, readingError(err)
}

// readOwnFile reads the user's own settings, which may well be a link.
func readOwnFile(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := fsx.ReadNamed(file, 1<<20)
	return text, readingError(err)
}

func readingError(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Problems: []string{fmt.Sprintf("reading the configuration: %v", err)}}
}

// file merges the text of bookci.yml.
func (r *reader) file(text []byte) error {
	said, _ := r.yaml(string(text), &nodes{reader: r}).(map[string]any)
	return r.v.MergeConfigMap(said)
}

// ownFile merges the text of the user's own settings, which lie below those of the book.
func (r *reader) ownFile(text []byte) error {
	said, _ := r.yaml(string(text), &nodes{reader: r, own: true}).(map[string]any)
	return r.v.MergeConfigMap(said)
}

// yaml is what a text says. What is wrong with it is added to the problems.
func (r *reader) yaml(text string, n *nodes) any {
	root, err := psych.Nodes([]byte(text))
	if err != nil {
		at := &yaml.Node{}
		var ye *psych.Error
		if errors.As(err, &ye) {
			at.Line = ye.Line
			err = fault.Usagef(book.SyntaxHint(n.at(at).name, []byte(text), ye), "%w", err)
		}
		r.problem(n.at(at), "%v", err)
		return nil
	}
	if root == nil {
		return nil
	}
	n.left = mostValues
	said := n.value(root, n.root)
	if n.left < 0 {
		r.problem(n.at(root), "has more than %d values, or some in more than %d others", mostValues, deepestValues)
	}
	return said
}

// nodes turns YAML nodes into what viper merges.
type nodes struct {
	*reader
	root     string // the path that the text is the value of, "" for a file
	variable string // that holds the text, "" for a file
	own      bool   // it is the user's own file, and not the book's
	depth    int
	left     int // nodes
}

// Both are far above what a bookci.yml has. They end aliases that contain or
// multiply themselves.
const (
	mostValues    = 20_000
	deepestValues = 8
)

func (n *nodes) at(node *yaml.Node) place {
	if n.variable != "" {
		return place{name: n.variable}
	}
	if n.own {
		return place{OwnFile(), node.Line, node.Column}
	}
	return place{book.SettingsFile, node.Line, node.Column}
}

// value is what a node says, nil when that is nothing or wrong.
func (n *nodes) value(node *yaml.Node, path string) any {
	at := n.at(node)
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if n.depth++; n.depth > deepestValues {
		n.left = 0
	}
	defer func() { n.depth-- }()
	if n.left--; n.left < 0 || node.ShortTag() == "!!null" {
		return nil
	}
	isList := slices.ContainsFunc(keys, func(k key) bool { return k.path == path && k.isList() })
	names, isGroup := groups[bare(path)]
	isGroup = isGroup && !isList
	if n.variable == "" && (!isGroup || strings.HasSuffix(path, "]")) {
		n.lines[path] = at
	}
	switch {
	case node.Kind == yaml.SequenceNode && !isGroup, isList:
		items := node.Content
		if node.Kind != yaml.SequenceNode { // a single item need not be written as a list
			items = []*yaml.Node{node}
		}
		list := []any{}
		for i, item := range items {
			list = append(list, n.value(item, fmt.Sprintf("%s[%d]", path, i)))
		}
		return list
	case node.Kind == yaml.MappingNode && isGroup:
		return map[string]any(n.pairs(node, path, names))
	case node.Kind == yaml.MappingNode:
		return n.pairs(node, path, nil)
	case isGroup && path == "":
		n.problem(at, "is %s, not a mapping of keys to values", is(node.Kind, node.Value))
		return nil
	case isGroup && path == "image":
		return map[string]any{"ref": n.value(node, "image.ref")}
	case isGroup && strings.HasPrefix(path, "books["):
		n.problem(at, "books is %s, not a list of mappings such as [{name: book, config: config.yml}]", is(node.Kind, node.Value))
		return nil
	case isGroup:
		n.problem(at, "%s is %s, not a mapping", label(path), is(node.Kind, node.Value))
		return nil
	case strings.ContainsRune(node.Value, 0):
		n.problem(at, "%s: holds a NUL character", label(path))
		return nil
	}
	if n.variable == "" {
		refuse := refused
		if n.own {
			refuse = refusedOfUser
		}
		if err := refuse(bare(path), node.Value); err != nil {
			n.problem(at, "%s: %v", label(path), err)
			return nil
		}
	}
	return node.Value
}

// pairs are a mapping whose names may be the author's own. viper lower-cases the
// names in any map[string]any, and leaves those of another type as they are.
type pairs map[string]any

// pairs reads a mapping. known are its names if they are ours.
func (n *nodes) pairs(node *yaml.Node, path string, known []string) pairs {
	said := pairs{}
	for i := 0; i+1 < len(node.Content) && n.left >= 0; i += 2 {
		name, at, where := node.Content[i].Value, n.at(node.Content[i]), below(path, node.Content[i].Value)
		if known == nil {
			where = fmt.Sprintf("%s[%s]", path, name)
		}
		_, twice := said[name]
		indented := strings.Trim(name, "\u3000 ")
		switch n.left--; {
		case known != nil && indented != name && slices.Contains(known, indented):
			n.problem(at, "a full-width space stands beside the key %s: YAML knows half-width ones only", indented)
		case known != nil && !slices.Contains(known, name):
			shown := where
			if strings.HasSuffix(path, "]") {
				shown = name
			}
			n.problem(at, "unknown key %q%s", shown, cmp.Or(ofABook(path, name), text.DidYouMean(name, known)))
		case twice:
			n.problem(at, "the key %q is given twice", label(below(path, name)))
		default:
			if said[name] = n.value(node.Content[i+1], where); known == nil && n.variable == "" {
				n.lines[where] = at
			}
		}
	}
	return said
}

// ofABook says where a key belongs that stands at the top and is a book's, "" of any other.
func ofABook(path, name string) string {
	switch name {
	case "name", "dir", "config", "target", "targets":
		if path == "" {
			return " (it is a book's: books: [{name: book, dir: ., config: config.yml, targets: [pdf]}])"
		}
	}
	return ""
}

// is names a value for a message.
func is(kind yaml.Kind, text string) string {
	switch kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	return strconv.Quote(text)
}
