package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

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
		return nil, asJSON(data, err)
	}
	out, err := yamlToJSON(data)
	if err != nil {
		return nil, asJSON(data, shortYAMLError(err))
	}
	return out, nil
}

// asJSON says of text that looks like JSON what is wrong with it as such, in the
// place of err, which says it of YAML.
func asJSON(data []byte, err error) error {
	if begin := bytes.TrimLeft(data, " \t\r\n"); len(begin) == 0 || begin[0] != '[' && begin[0] != '{' {
		return err
	}
	var wrong *json.SyntaxError
	if !errors.As(json.Unmarshal(data, new(any)), &wrong) {
		return err
	}
	// The offset is behind the character that does not fit, or at the end.
	before := data[:max(min(int(wrong.Offset), len(data))-1, 0)]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	if wrong.Error() == "unexpected end of JSON input" {
		return fmt.Errorf("it is no JSON: it ends in line %d before its lists and objects are closed", line)
	}
	return fmt.Errorf("it is no JSON: line %d, column %d: %s", line, column, wrong)
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

// yamlPlace matches how the library begins an error: "[3:5] ".
var yamlPlace = regexp.MustCompile(`^\[(\d+):(\d+)\] `)

// shortYAMLError keeps the first line: the others quote the file, in which
// there may be secrets.
func shortYAMLError(err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(yamlPlace.ReplaceAllString(first, "line $1, column $2: "))
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
