package docs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

var (
	walk   = flag.Bool("walk", false, "run the commands of the documents")
	update = flag.Bool("update", false, "write the generated parts of the documents anew")
)

const root = ".."

// document is a Markdown file as far as it is held to something.
type document struct {
	path    string // from the root
	text    []byte
	anchors map[string]bool
	links   []string
	words   []string // in code type, within sentences and tables
	blocks  []block
}

// block is what is fenced, with what a comment before it says; or such a comment alone.
type block struct {
	line int // 0: no block
	lang string
	text string
	note string // empty: none
}

func (b block) commands() bool { return b.lang == "sh" }

// documents are all that there are.
func documents(t *testing.T) (all []document) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "charts/*/*.md", "bench/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			path, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, read(t, path))
		}
	}
	return all
}

func read(t *testing.T, path string) document {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: path, text: source, anchors: map[string]bool{}}
	parsed := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	err = ast.Walk(parsed, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			d.take(n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// take notes what there is to hold of a node.
func (d *document) take(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		d.anchor(plain(n, d.text))
	case *ast.Link:
		d.links = append(d.links, string(n.Destination))
	case *ast.Image:
		d.links = append(d.links, string(n.Destination))
	case *ast.CodeSpan:
		d.words = append(d.words, plain(n, d.text))
	case *ast.HTMLBlock:
		if note := noteOf(n, d.text); note != "" && fencedAfter(n) == nil {
			d.blocks = append(d.blocks, block{note: note})
		}
	case *ast.FencedCodeBlock:
		b := block{lang: string(n.Language(d.text)), text: lines(n, d.text)}
		if n.Lines().Len() > 0 {
			b.line = 1 + strings.Count(string(d.text[:n.Lines().At(0).Start]), "\n")
		}
		if before, is := n.PreviousSibling().(*ast.HTMLBlock); is {
			b.note = noteOf(before, d.text)
		}
		d.blocks = append(d.blocks, b)
	}
}

// anchor adds the name under which GitHub links to a heading.
func (d *document) anchor(heading string) {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
	for n := 1; d.anchors[name]; n++ {
		name = fmt.Sprintf("%s-%d", strings.TrimSuffix(name, fmt.Sprintf("-%d", n-1)), n)
	}
	d.anchors[name] = true
}

var comment = regexp.MustCompile(`(?s)^\s*<!-- docs-check: (.*?) -->\s*$`)

// noteOf is what a comment says to the tests; empty for any other one.
func noteOf(n *ast.HTMLBlock, source []byte) string {
	if found := comment.FindStringSubmatch(lines(n, source)); found != nil {
		return found[1]
	}
	return ""
}

func fencedAfter(n ast.Node) ast.Node {
	if f, is := n.NextSibling().(*ast.FencedCodeBlock); is {
		return f
	}
	return nil
}

func lines(n ast.Node, source []byte) string {
	var b strings.Builder
	for _, segment := range n.Lines().Sliced(0, n.Lines().Len()) {
		b.Write(segment.Value(source))
	}
	return b.String()
}

// plain is the text of a node without its marks.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch child := child.(type) {
		case *ast.Text:
			b.Write(child.Segment.Value(source))
		case *ast.String:
			b.Write(child.Value)
		default:
			b.WriteString(plain(child, source))
		}
	}
	return b.String()
}
