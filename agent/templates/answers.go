package templates

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"homehook/spelling"
)

// AnswerError reports an answer that is missing, not asked for, or wrong.
type AnswerError struct {
	Key string
	// Text is a sentence with the key in it. The answer itself is not repeated: it
	// may be a secret that was given in the place of its name.
	Text string
}

var _ error = (*AnswerError)(nil)

func (e *AnswerError) Error() string { return e.Text }

// Complete checks answers and fills in those that have a default and are not given
// or empty. The error is an [*AnswerError].
func (t *Template) Complete(given map[string]string) (map[string]string, error) {
	keys := make([]string, len(t.Ask))
	answers := make(map[string]string)
	for i := range t.Ask {
		q := &t.Ask[i]
		keys[i] = q.Key
		value := given[q.Key]
		if value == "" {
			value = q.Default
		}
		if value == "" && !q.Optional {
			return nil, &AnswerError{q.Key, fmt.Sprintf("the answer %q is missing: %s", q.Key, q.Text)}
		}
		if err := q.Check(value); err != nil {
			return nil, &AnswerError{q.Key, fmt.Sprintf("the answer %q (%s) will not do: %s", q.Key, q.Text, err)}
		}
		answers[q.Key] = value
	}
	for key := range given {
		if slices.Contains(keys, key) {
			continue
		}
		text := fmt.Sprintf("the template %s asks for no %q; it asks for %s", t.Name, key, strings.Join(keys, ", "))
		if near := spelling.Nearest(key, keys); near != "" {
			text = fmt.Sprintf("the template %s asks for no %q; did you mean %q?", t.Name, key, near)
		}
		return nil, &AnswerError{key, text}
	}
	return answers, nil
}

// words match values that stand in expressions, where a quote would be code.
var words = regexp.MustCompile(`^[\p{L}\p{N}._/@+-]+$`)

// Check says what is wrong with an answer. What it does not see, the configuration
// does.
func (q *Question) Check(value string) error {
	switch {
	case value == "" && q.Optional:
		return nil
	case value == "":
		return errors.New("there is no value")
	case strings.ContainsAny(value, "\x00\r\n"):
		return errors.New("it has more than one line")
	case q.Kind == "word" && !words.MatchString(value):
		return errors.New("it has other signs than letters, digits and . _ / @ + -")
	case q.Kind == "path" && (value[0] != '/' || strings.ContainsAny(value, "{} ?#")):
		return errors.New("it is not a path, such as /hook")
	case (q.Kind == "program" || q.Kind == "folder") && !filepath.IsAbs(value):
		return errors.New("it is not the whole path, from the root on")
	case q.Kind == "credential" && strings.HasPrefix(value, "hh_"):
		return errors.New("it begins with hh_, as relay tokens do; give the name of a credential such as relay/mine, never the secret itself")
	case q.Kind == "url" && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://"):
		return errors.New("it does not begin with http:// or https://")
	}
	return nil
}
