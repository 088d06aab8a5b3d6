package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// toJSON turns YAML into JSON. JSON it leaves alone.
func toJSON(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if json.Valid(data) {
		return data, nil
	}
	if err := checkYAML(data); err != nil {
		return nil, err
	}
	out, err := yamlToJSON(data)
	if err != nil {
		return nil, shortYAMLError(err)
	}
	return out, nil
}

// yamlToJSON converts; the library walks text that anyone may have written.
func yamlToJSON(data []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("it cannot be read as YAML")
		}
	}()
	return yaml.YAMLToJSON(data)
}

// shortYAMLError keeps the first line: the others quote the file, in which
// there may be secrets.
func shortYAMLError(err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}

// checkYAML refuses a file that would grow without bounds when its aliases are
// written out.
func checkYAML(data []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("it cannot be read as YAML")
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return shortYAMLError(err)
	}
	s := sizer{anchors: map[string]int{}}
	for _, d := range file.Docs {
		if s.size(d.Body, 0) > maxNodes {
			return fmt.Errorf("it has more than %d values", maxNodes)
		}
	}
	return nil
}

// sizer counts the values of a document. An anchor stands before its aliases.
type sizer struct{ anchors map[string]int }

func (s *sizer) size(n ast.Node, depth int) int {
	if n == nil {
		return 0
	}
	if depth > 100 {
		return maxNodes + 1
	}
	sum := 1
	add := func(child ast.Node) { sum = min(sum+s.size(child, depth+1), maxNodes+1) }
	switch n := n.(type) {
	case *ast.AliasNode:
		return 1 + s.anchors[n.Value.String()]
	case *ast.AnchorNode:
		add(n.Value)
		s.anchors[n.Name.String()] = sum
	case *ast.MappingNode:
		for _, v := range n.Values {
			add(v)
		}
	case *ast.MappingValueNode:
		add(n.Value)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			add(v)
		}
	case *ast.TagNode:
		add(n.Value)
	}
	return sum
}
