package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
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
