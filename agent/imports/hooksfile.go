package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of a file that is read.
const (
	maxFile  = 4 << 20 // bytes
	maxNodes = 200_000 // values, with aliases written out
	maxHooks = 2_000
)

// hook is one entry of a hooks file. Keys that webhook does not know, it
// ignores, and so does this.
type hook struct {
	ID              text       `json:"id"`
	Command         text       `json:"execute-command"`
	Dir             text       `json:"command-working-directory"`
	Message         text       `json:"response-message"`
	ResponseHeaders []nameText `json:"response-headers"`
	Output          flag       `json:"include-command-output-in-response"`
	OutputOnError   flag       `json:"include-command-output-in-response-on-error"`
	Env             []argument `json:"pass-environment-to-command"`
	Arguments       []argument `json:"pass-arguments-to-command"`
	Files           []argument `json:"pass-file-to-command"`
	JSON            []argument `json:"parse-parameters-as-json"`
	Rule            *rule      `json:"trigger-rule"`
	MismatchStatus  int        `json:"trigger-rule-mismatch-http-response-code"`
	SoftFailures    flag       `json:"trigger-signature-soft-failures"`
	ContentType     text       `json:"incoming-payload-content-type"`
	SuccessStatus   int        `json:"success-http-response-code"`
	Methods         []text     `json:"http-methods"`
}

// nameText is a field of an answer.
type nameText struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

// argument is where a value comes from.
type argument struct {
	Source       text   `json:"source"`
	Name         text   `json:"name"`
	EnvName      text   `json:"envname"`
	Base64       flag   `json:"base64decode"`
	SignedFields []text `json:"headers-to-add-to-signature-payload"`
}

// rule is a condition: the first of its parts that is there counts.
type rule struct {
	And   *[]rule `json:"and"`
	Or    *[]rule `json:"or"`
	Not   *rule   `json:"not"`
	Match *match  `json:"match"`
}

// match is a rule that looks at the request.
type match struct {
	Type      text     `json:"type"`
	Regex     text     `json:"regex"`
	Secret    text     `json:"secret"`
	Value     text     `json:"value"`
	Parameter argument `json:"parameter"`
	IPRange   text     `json:"ip-range"`
}

// text is a text for which webhook also takes a number, true or false.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err == nil {
		*t = text(s)
		return nil
	}
	if data[0] == '{' || data[0] == '[' {
		return errors.New("a text is wanted, and a list or an object is there")
	}
	*t = text(data)
	return nil
}

// flag is true or false, for which YAML of the older kind has more words.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true", "yes", "on", "y":
		*f = true
	case "false", "no", "off", "n", "null":
	default:
		return errors.New("true or false is wanted, and something else is there")
	}
	return nil
}

// entry is a hook of a file, or what is wrong with it.
type entry struct {
	hook hook
	raw  json.RawMessage
	err  error
}

// action matches a piece of a Go template.
var action = regexp.MustCompile(`\{\{.*?\}\}`)

// readHooks reads a hooks file.
func readHooks(path string, data []byte) ([]entry, error) {
	data, err := toJSON(data)
	if err == nil {
		var raws []json.RawMessage
		if err = json.Unmarshal(data, &raws); err == nil {
			return entries(path, raws)
		}
		err = errors.New("it is not a list of hooks")
	}
	return nil, fmt.Errorf("read %s: %w", path, err)
}

func entries(path string, raws []json.RawMessage) ([]entry, error) {
	if len(raws) > maxHooks {
		return nil, fmt.Errorf("read %s: it has more than %d hooks", path, maxHooks)
	}
	all := make([]entry, len(raws))
	for i, raw := range raws {
		all[i].raw = raw
		if err := json.Unmarshal(raw, &all[i].hook); err != nil {
			all[i].err = plainJSONError(err)
		}
	}
	return all, nil
}

// plainJSONError says what is wrong without the names of types.
func plainJSONError(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s has a value of another kind than webhook wants", e.Field)
	}
	return err
}

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

// readFile reads a file that is to be imported.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("import %s: it is larger than %d MiB", path, maxFile>>20)
	}
	return data, nil
}
